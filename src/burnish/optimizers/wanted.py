"""What is asked of an optimisation, and what it would do."""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from typing import Any, Self

import msgspec

from burnish.errors import UsageError
from burnish.evals.wanted import check_parameters
from burnish.optimizers.budget import Budget
from burnish.optimizers.goals import GOALS, GoalName, no_goal
from burnish.optimizers.usual import CALLS
from burnish.prompts.refs import check_branch


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """`data`, `scorers`, `tags`, `limit`, `dataset`, `stored` and `parameters` are as in
    `evaluate`. `model` answers, `writer` writes candidates (`offline`: none). `target` is a
    score at which the search ends, `rounds` and `unchanged` are numbers of rounds after which
    it does. `vary` has values that parameters of the model that answers may have instead of the
    prompt's. With `variant` the result is kept for this model alone, on a branch named after
    it, with `branch` on that one; the prompt stays as it is."""

    prompt: str
    data: Any = None
    algorithm: str = "auto"
    goal: GoalName = "quality"
    budget: Budget = Budget(calls=CALLS)
    model: str = ""
    writer: str = ""
    scorers: tuple[Any, ...] = ()
    tags: tuple[str, ...] = ()
    limit: int | None = None
    target: float | None = None
    rounds: int | None = None
    unchanged: int | None = None
    parameters: dict[str, Any] = {}
    vary: dict[str, tuple[float, ...]] = {}
    concurrency: int | None = None
    seed: int = 0
    fresh: bool = False
    variant: bool = False
    branch: str = ""
    dataset: str = ""
    files: bool = False
    stored: bool = False

    def checked(self, algorithms: Sequence[str]) -> Self:
        """Raises UsageError for what no optimisation can be."""
        if self.algorithm not in algorithms:
            near = difflib.get_close_matches(self.algorithm, algorithms, n=1)
            there = f"there are {', '.join(algorithms)}"
            raise UsageError(
                f"no optimizer is called {self.algorithm!r}",
                hint=f"did you mean {near[0]}? {there}" if near else there,
                subject=self.algorithm,
            )
        if self.goal not in GOALS:
            raise no_goal(self.goal)
        for name in ("limit", "rounds", "unchanged", "concurrency"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"{name} is {value}", hint="use 1 or more", subject=name)
        check_parameters(self.parameters)
        if self.target is not None and not 0 < self.target <= 1:
            raise UsageError(f"a target of {self.target:g}", hint="scores go from 0 to 1: give 0.9")
        self._check_varied()
        if self.branch:
            check_branch(self.branch)
        if self.branch and self.variant:
            raise UsageError(
                "a variant has a branch of its own, and another is named",
                hint="leave one of them out",
            )
        for name, what in (("cost_usd", "the bound on cost"), ("seconds", "the bound on time")):
            value = getattr(self.budget, name)
            if value is not None and math.isnan(value):
                raise UsageError(f"{what} is no number", hint="give one, or leave it out")
        self.budget.checked()
        return self

    def _check_varied(self) -> None:
        if both := sorted(self.vary.keys() & self.parameters.keys()):
            raise UsageError(
                f"{both[0]} is given one value, and may vary",
                hint=f"leave {both[0]} out of one of them: what varies begins at the prompt's own",
                subject=both[0],
            )
