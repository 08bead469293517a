"""A higher score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from burnish.optimizers.ask import DEMONSTRATE
from burnish.optimizers.bench import UNITE
from burnish.optimizers.finals import finalists, halving
from burnish.optimizers.operators.asked import ASKED
from burnish.optimizers.operators.offline import OPERATORS
from burnish.optimizers.verdict import (
    Beside,
    Cause,
    Gain,
    Verdict,
    ceiling,
    change,
    constant,
    improved,
    is_gain,
    unshown,
)

if TYPE_CHECKING:
    from burnish.optimizers.ask import Measured
    from burnish.optimizers.book import Own
    from burnish.optimizers.problem import Problem, Search

# One that is twice as long must score so much more.
_LENGTH = 0.02


class Quality:
    """The usual one, and what goals have in common that look for a higher value."""

    name = "quality"
    paid = frozenset(ASKED) - {"condense"}
    free = frozenset((*OPERATORS, UNITE, DEMONSTRATE)) - {"shorten"}
    ways: tuple[str, ...] = ()
    algorithm = "auto"
    answers_each = 1
    warmth: float | None = None

    @property
    def is_full_best(self) -> bool:
        # Others look for what a full score says nothing of.
        return self.name == Quality.name

    @property
    def own(self) -> Own | None:
        return None

    def costs(self, problem: Problem, candidate: str) -> float:
        known = problem.book.candidates
        longer = known[candidate].length / max(1, known[problem.original].length) - 1
        return _LENGTH * min(1.0, max(0.0, longer))

    def choose(self, problem: Problem, calls: int) -> Search:
        several = finalists(problem)
        if calls >= 2 * len(several) and len(several) > 1:
            yield from halving(problem, several, calls)

    def remark(self, example: int, answers: Sequence[Measured]) -> str:
        del example, answers
        return ""

    def gain(self, problem: Problem, examples: Sequence[int]) -> Gain | None:
        del problem, examples
        return None

    def verdict(self, found: Beside) -> Verdict:
        if is_gain(found):
            return improved(change(found.before.score, found.after.score, found), found)
        return unshown(found)

    def reached(self, problem: Problem) -> Cause | None:
        return constant(problem) or ceiling(problem)

    def lacked(self, problem: Problem) -> str:
        mean, n = problem.standing(problem.original)
        return f"scores higher than its {mean:.2f} over {n} examples"
