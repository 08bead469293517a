"""Goals with a measure of their own beside the score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from burnish.optimizers.book import mean_of
from burnish.optimizers.finals import LEAST, best_beside, loss
from burnish.optimizers.goals.quality import Quality
from burnish.optimizers.verdict import (
    CEILING,
    LOST,
    Beside,
    Cause,
    Gain,
    Verdict,
    change,
    gained,
    improved,
    interval,
    is_gain,
    kept,
    not_worse,
)

if TYPE_CHECKING:
    from burnish.optimizers.problem import Problem, Search


class Measured(Quality):
    """Better is what is surely higher in a `measure`, at a score that is not surely lower and seems
    at most 0.03 lower."""

    measure = ""
    full = ""
    """What a prompt does where its measure is 1."""

    def choose(self, problem: Problem, calls: int) -> Search:
        """Among those that seem better in the measure, measured beside the original: the best one
        whose score seems no lower, else the best one."""
        yield from best_beside(problem, calls, self._better)

    def _better(self, problem: Problem, among: Sequence[str] | None = None) -> list[str]:
        """The best one first; those that seem to lose score come last."""

        def rank(one: str) -> tuple[bool, float]:
            return among is not None and loss(problem, one) > LOST, -problem.fitness(one)

        found = [
            each
            for each in (problem.book.candidates if among is None else among)
            if problem.valued(each)[1] >= LEAST and self._more(problem, each) > 0
        ]
        return sorted(found, key=rank)

    def _more(self, problem: Problem, candidate: str) -> float:
        """By how much it exceeds the original in the measure, on the examples that both have."""
        mine, theirs = problem.book.owns(candidate), problem.book.owns(problem.original)
        common = [n for n in problem.validation if n in mine and n in theirs]
        return mean_of(mine, common) - mean_of(theirs, common)

    def gain(self, problem: Problem, examples: Sequence[int]) -> Gain | None:
        owns = problem.book.owns
        return gained(self.measure, owns(problem.original), owns(problem.leader), examples)

    def verdict(self, found: Beside) -> Verdict:
        own = found.own
        score = f"{found.before.score:.2f} → {found.after.score:.2f}"
        if own is None:
            why = f"{self.measure} could not be compared"
            return kept(found, f"score {score}", "too few examples", why)
        text = f"{self.measure} {change(own.before, own.after, own)}, score {score}"
        if not is_gain(own):
            why = f"no gain in {self.measure} is shown"
            needed = own.needed if own.difference > 0 else None
            advice = f"about {needed} examples that judge would show it" if needed else ""
            reason = "noise" if needed is None or needed <= found.n else "too few examples"
            return kept(found, text, reason, why, advice)
        if not_worse(found):
            return improved(f"{text} ({interval(found)})", found)
        return kept(found, text, "worse", "the score is lower")

    def reached(self, problem: Problem) -> Cause | None:
        found = problem.book.owns(problem.original)
        known = [n for n in problem.validation if n in found]
        mean = mean_of(found, known)
        if not known or mean < CEILING:
            return None
        why = self._told(mean, len(known))
        return "ceiling", why, "there is nothing to gain in it; optimise for --goal quality"

    def _told(self, mean: float, n: int) -> str:
        """What the figure means comes first."""
        share = "all" if mean == 1 else "nearly all of"
        return f"{self.full} on {share} {n} examples already ({self.measure} {mean:.2f})"

    def lacked(self, problem: Problem) -> str:
        found = problem.book.owns(problem.original)
        mean = mean_of(found, problem.validation)
        return f"seems better than its {self.measure} of {mean:.2f} (1.00: {self.full})"
