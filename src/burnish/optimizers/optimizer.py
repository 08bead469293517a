"""The port of optimizers."""

from __future__ import annotations

from typing import Any, Protocol

from burnish.optimizers.problem import Problem, Search


class Optimizer(Protocol):
    """A way to look for a better prompt. `name` is how people ask for it.

    `search` is a generator: it yields what it wants to know (`Measure`) or have written
    (`Propose`), and finds scores in `problem.book`. Whatever it draws comes from `problem.random`,
    and whatever else it does follows from what it was told: so it goes on after a kill where it
    was, and ends where the budget does. It calls `problem.lead` with the best candidate so far.

    One that needs a package may have a method `check`, which raises MissingExtra: it is called
    before anything is planned."""

    @property
    def name(self) -> str: ...

    def search(self, problem: Problem) -> Search: ...


def check_ready(optimizer: Optimizer) -> None:
    """Raises what its own `check` does, where it has one."""
    check: Any = getattr(optimizer, "check", None)
    if check is not None:
        check()
