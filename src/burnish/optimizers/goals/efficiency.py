"""Fewer tokens, and a score that is not surely lower."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from burnish.optimizers.bench import UNITE
from burnish.optimizers.finals import LEAST, best_beside, loss
from burnish.optimizers.goals.goal import MEASURES
from burnish.optimizers.goals.quality import Quality
from burnish.optimizers.operators.parameters import VARY
from burnish.optimizers.pareto import point_of
from burnish.optimizers.verdict import (
    LOST,
    Beside,
    Cause,
    Gain,
    Verdict,
    constant,
    gained,
    improved,
    interval,
    kept,
    not_worse,
)

if TYPE_CHECKING:
    from burnish.optimizers.problem import Problem, Search

# What a prompt for less money must save.
SAVED = 0.05
# Of two prompts that are as good, one for half of the tokens counts like .15 of the score.
_TOKENS = 0.3
# Of a token, about.
_CHARACTERS = 4


class Efficiency(Quality):
    name = "efficiency"
    paid = frozenset({"condense"})
    free = frozenset({"shorten", "take", "merge", "drop", VARY, UNITE})
    # Prompts are changed as a whole: what each edit is worth is not the aim.
    algorithm = "genetic"

    def costs(self, problem: Problem, candidate: str) -> float:
        whole = _tokens(problem, problem.original)
        return _TOKENS * (_tokens(problem, candidate) / max(1.0, whole) - 1)

    def choose(self, problem: Problem, calls: int) -> Search:
        """Among those that save most and seem no worse than the original, measured beside it: the
        one that saves most and still seems no worse, else the original."""
        yield from best_beside(problem, calls, _savers)

    def gain(self, problem: Problem, examples: Sequence[int]) -> Gain | None:
        def tokens(candidate: str) -> dict[int, float]:
            known = problem.book.measured(candidate)
            found = {number: each for (number, _), each in known.items() if not each.error}
            return {number: float(each.tokens) for number, each in found.items()}

        return gained(
            MEASURES[self.name], tokens(problem.original), tokens(problem.leader), examples
        )

    def verdict(self, found: Beside) -> Verdict:
        before, after = found.before, found.after
        saved = 1 - after.tokens / before.tokens if before.tokens else 0.0
        score = f"{before.score:.2f} → {after.score:.2f}"
        text = f"{before.tokens:.0f} → {after.tokens:.0f} tokens an answer, score {score}"
        surely = found.own is not None and found.own.high is not None and found.own.high < 0
        if saved >= SAVED and not surely:
            return kept(found, text, "noise", "it saves tokens with some answers only")
        if saved >= SAVED and not_worse(found):
            return improved(f"{text} ({interval(found)})", found)
        if saved >= SAVED:
            return kept(found, text, "worse", "the score is lower")
        return kept(found, text, "nothing better", "it saves too few tokens")

    def reached(self, problem: Problem) -> Cause | None:
        return constant(problem)

    def lacked(self, problem: Problem) -> str:
        del problem
        return f"saves {SAVED:.0%} of its tokens at no lower score"


def _savers(problem: Problem, among: Sequence[str] | None = None) -> list[str]:
    """The one that saves most first."""
    whole = point_of(problem, problem.original).tokens
    found = {
        each: point.tokens
        for each in (problem.book.candidates if among is None else among)
        if (point := point_of(problem, each)).n >= LEAST
        and point.tokens <= (1 - SAVED) * whole
        and loss(problem, each) <= LOST
    }
    return sorted(found, key=found.__getitem__)


def _tokens(problem: Problem, candidate: str) -> float:
    """About those of the prompt, without what examples bring, and of a mean answer."""
    found = problem.book.measured(candidate).values()
    answers = [each.output_tokens for each in found if not each.error]
    answer = sum(answers) / len(answers) if answers else 0.0
    return problem.book.candidates[candidate].length / _CHARACTERS + answer
