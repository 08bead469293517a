"""The port of optimizers."""

from __future__ import annotations

from typing import Any, Protocol

from burnish.errors import UsageError
from burnish.optimizers.problem import Problem, Search


class Optimizer(Protocol):
    """A way to look for a better prompt. `name` is how people ask for it.

    `search` is a generator: it yields what it wants to know (`Measure`) or have written
    (`Propose`), and finds scores in `problem.book`. Whatever it draws comes from `problem.random`,
    and whatever else it does follows from what it was told: so it goes on after a kill where it
    was, and ends where the budget does. It calls `problem.lead` with the best candidate so far.

    One that needs a package may have a method `check`, which raises MissingExtra: it is called
    before anything is planned. One that can do nothing where no model writes candidates may have
    `needs_writer`, which is true: it is refused then."""

    @property
    def name(self) -> str: ...

    def search(self, problem: Problem) -> Search: ...


def check_ready(optimizer: Optimizer) -> None:
    """Raises what its own `check` does, where it has one."""
    check: Any = getattr(optimizer, "check", None)
    if check is not None:
        check()


def check_writer(optimizer: Optimizer, writer: str) -> None:
    """Raises UsageError for one that could do nothing without a model that writes."""
    if not writer and getattr(optimizer, "needs_writer", False):
        raise UsageError(
            f"{optimizer.name} takes a model that writes candidates, and there is none",
            hint="name one with --writer provider:model; without one: auto, fewshot, genetic, "
            "bandit",
            subject=optimizer.name,
        )
