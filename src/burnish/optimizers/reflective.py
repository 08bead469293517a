"""Failures are reflected on, and what is proposed is told apart by all measurements together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from burnish.optimizers.edited import Edited
from burnish.optimizers.problem import Problem, Search

# A reflection is shown so many failures, and what it proposes is tried on the first of them.
_SHOWN, _TRIED = 6, 3
# Each prompt is measured on so many examples more whenever it is drawn, and so many are drawn in a
# round, fewer while little is known.
_BLOCK, _DRAWN, _EACH = 4, 6, 100
# A proposal for so many measurements.
_PACE = 13
# Of edits that a reflection proposes, about half help. Such a one mends four in ten of the failures
# that it was proposed for, where one in seven is mended by luck; on all examples it is worth .05,
# and another one costs .04.
_HELPS, _MENDS, _LUCK = 0.55, 0.40, 0.15
_GOOD, _BAD = 0.05, -0.04
# So many rounds without a measurement: all that is drawn is known.
_IDLE = 20


class Reflective:
    """Each edit that a model proposes from failures of the best prompt is tried on these first,
    which tells whether it may help at all. Then prompts with many edits at once are measured, those
    edits that may well be worth it (Thompson sampling over the regression of all scores), so that
    each call tells of every edit in the prompt and not of one prompt alone."""

    name = "reflective"
    needs_writer = True

    def search(self, problem: Problem) -> Search:
        yield from _Reflection(problem).search()


class _Reflection:
    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._edited = Edited(problem)
        self._began_with = problem.left
        self._proposals = problem.ledger.proposals
        self._shown = Counter[int]()

    def search(self) -> Search:
        problem, edited = self._problem, self._edited
        if "reflect" not in problem.paid or not problem.proposals_left:
            return
        yield from edited.measured([problem.original], 2 * _BLOCK)
        numbers = np.random.default_rng(problem.random("draw").getrandbits(64))
        drawn: list[str] = []
        idle = 0
        while problem.left and idle < _IDLE:
            problem.rounds += 1
            before = problem.ledger.metric_calls
            for parent in (problem.leader, *drawn)[: self._due()]:
                yield from self._proposed(parent)
            posterior = yield from edited.posterior()
            best = yield from edited.united(posterior.mean)
            problem.lead(best, edited.expected(best, posterior))
            drawn.clear()
            used = self._began_with - problem.left
            for effects in posterior.draws(numbers, min(_DRAWN, 1 + used // _EACH)):
                one = yield from edited.united(effects)
                drawn.append(one)
            yield from edited.measured([best, *drawn], _BLOCK)
            idle = 0 if problem.ledger.metric_calls > before else idle + 1

    def _due(self) -> int:
        """How many proposals keep the pace, at most two in a round."""
        problem = self._problem
        used = self._began_with - problem.left
        made = problem.ledger.proposals - self._proposals
        return max(0, min(2, problem.proposals_left, 1 + used // _PACE - made))

    def _proposed(self, parent: str) -> Search:
        failing = self._failing(parent)
        if not failing:
            return
        self._shown.update(failing)
        made = yield from self._problem.propose("reflect", (parent,), examples=failing)
        self._edited.leave_out(made, failing[:_TRIED])
        yield from self._problem.measure(made, failing[:_TRIED])
        before = self._problem.book.values(parent)
        for child in made:
            values = self._problem.book.values(child)
            tried = [n for n in failing[:_TRIED] if n in values]
            mended = [max(0.0, (values[n] - before[n]) / (1 - before[n])) for n in tried]
            yield from self._edited.know(child, _expected(mended), parent)

    def _failing(self, parent: str) -> list[int]:
        """Its failures that were reflected on the least often come first."""
        found = self._problem.book.failing(parent, self._problem.validation)
        return sorted(found, key=self._shown.__getitem__)[:_SHOWN]


def _expected(mended: Sequence[float]) -> float:
    """What an edit is worth that mended so much of each failure, by Bayes' rule."""
    odds = _HELPS / (1 - _HELPS)
    for value in mended:
        odds *= (_MENDS / _LUCK) ** value * ((1 - _MENDS) / (1 - _LUCK)) ** (1 - value)
    chance = odds / (1 + odds)
    return _GOOD * chance + _BAD * (1 - chance)
