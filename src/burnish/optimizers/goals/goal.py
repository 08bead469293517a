"""The port of goals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from burnish.optimizers.ask import Measured
    from burnish.optimizers.book import Own
    from burnish.optimizers.problem import Problem, Search
    from burnish.optimizers.verdict import Beside, Cause, Gain, Verdict


MEASURES = {"clarity": "agreement", "specificity": "form", "efficiency": "tokens"}
"""What goals measure beside the score, or in its place."""


class Goal(Protocol):
    """What better means. `paid` and `free` are the operators that may serve it (`ways` those of
    them that are made for it), `algorithm` is what `auto` stands for, and one measurement takes
    `answers_each` answers. `own` gives a measure beside the score that the search looks for too;
    None: there is no such one. Answers are asked for at the temperature `warmth` where theirs would
    be 0 or is not given; None: as they are. `is_full_best` says that nothing is better than a full
    score."""

    @property
    def name(self) -> str: ...
    @property
    def paid(self) -> frozenset[str]: ...
    @property
    def free(self) -> frozenset[str]: ...
    @property
    def ways(self) -> tuple[str, ...]: ...
    @property
    def algorithm(self) -> str: ...
    @property
    def answers_each(self) -> int: ...
    @property
    def warmth(self) -> float | None: ...
    @property
    def is_full_best(self) -> bool: ...
    @property
    def own(self) -> Own | None: ...

    def costs(self, problem: Problem, candidate: str) -> float:
        """What is taken off its mean value in a search."""
        ...

    def choose(self, problem: Problem, calls: int) -> Search:
        """The last choice among the best of a search, with so many measurements; it leads."""
        ...

    def remark(self, example: int, answers: Sequence[Measured]) -> str:
        """What a model that writes is told of these answers beside their score; empty: nothing."""
        ...

    def gain(self, problem: Problem, examples: Sequence[int]) -> Gain | None:
        """The leader beside the original in what the goal measures itself."""
        ...

    def verdict(self, found: Beside) -> Verdict: ...

    def reached(self, problem: Problem) -> Cause | None:
        """Why no better one can be found, where the original leaves nothing to gain."""
        ...

    def lacked(self, problem: Problem) -> str:
        """What none of the other candidates does, such as `scores higher than …`."""
        ...
