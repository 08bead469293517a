"""Failures are reflected on, and what is proposed is told apart by all measurements together."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import numpy as np

from burnish.optimizers.additive import Additive, Floats, Posterior
from burnish.optimizers.ask import Ask, Drafts
from burnish.optimizers.problem import Problem, Search

# A reflection is shown so many failures, and what it proposes is tried on the first of them.
_SHOWN, _TRIED = 6, 3
# Each prompt is measured on so many examples more whenever it is drawn.
_BLOCK = 4
# A proposal for so many measurements.
_PACE = 12
# Of edits that a reflection proposes, about half help. Such a one mends four in ten of the failures
# that it was proposed for, where one in seven is mended by luck; on all examples it is worth .05,
# and another one costs .04.
_HELPS, _MENDS, _LUCK = 0.55, 0.40, 0.15
_GOOD, _BAD = 0.05, -0.04
# What an edit must be worth, for it makes the prompt longer.
_LEAST = 0.005
# So many rounds without a measurement: all that is drawn is known.
_IDLE = 20


class Reflective:
    """Each edit that a model proposes from failures is tried on these first, which tells whether it
    may help at all. Then prompts with many edits at once are measured, those edits that may well be
    worth it (Thompson sampling over the regression of all scores), so that each call tells of every
    edit in the prompt and not of one prompt alone."""

    name = "reflective"

    def search(self, problem: Problem) -> Search:
        yield from Edits(problem).search("reflect")


class Edits:
    """The edits of a search, what each is worth, and prompts made of them."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._model = Additive()
        self._numbers: dict[str, int] = {}
        self._of: dict[str, tuple[int, ...]] = {problem.original: ()}
        self._made: dict[tuple[int, ...], str] = {(): problem.original}
        self._asked = dict.fromkeys(problem.validation, 0)
        self._began_with = problem.left
        self._proposals = problem.ledger.proposals

    def search(self, operator: str) -> Search:
        """While there is something to spend; `operator` proposes edits."""
        problem = self._problem
        yield from self._measured(problem.original, 2 * _BLOCK)
        candidate = problem.original
        idle = 0
        while problem.left and idle < _IDLE:
            problem.rounds += 1
            before = problem.ledger.metric_calls
            yield from self._measured(candidate, _BLOCK)
            if self._is_due():
                yield from self._proposed(operator, candidate)
            posterior = self._model.posterior()
            problem.lead((yield from self._united(posterior.mean)))
            candidate = yield from self._united(self._drawn(posterior))
            idle = 0 if problem.ledger.metric_calls > before else idle + 1

    def _is_due(self) -> bool:
        problem = self._problem
        used = self._began_with - problem.left
        made = problem.ledger.proposals - self._proposals
        return problem.proposals_left > 0 and made * _PACE <= used

    def _drawn(self, posterior: Posterior) -> Floats:
        bits = self._problem.random("draw", self._problem.rounds).getrandbits(64)
        return posterior.draw(np.random.default_rng(bits))

    def _united(self, effects: Floats) -> Generator[Ask, Drafts | None, str]:
        """The candidate with all edits that are worth it. Of two that exclude each other, the one
        that is worth more comes first, and stays."""
        order: list[int] = np.argsort(-effects, kind="stable").tolist()
        wanted = [number for number in order if effects[number] > _LEAST]
        key = tuple(sorted(wanted))
        if key not in self._made:
            keys = tuple(self._numbers)
            made = yield from self._problem.propose(
                "unite", (self._problem.original,), edits=[keys[number] for number in wanted]
            )
            self._made[key] = made[0] if made else self._problem.leader
            self._know(self._made[key], 0.0)
        return self._made[key]

    def _know(self, candidate: str, expected: float) -> None:
        """Edits that are new in it are `expected` to be worth so much."""
        if candidate in self._of:
            return
        keys = self._problem.edits(candidate)
        for key in keys:
            if key not in self._numbers:
                self._numbers[key] = self._model.edit(expected)
        self._of[candidate] = tuple(sorted(self._numbers[key] for key in keys))
        self._made.setdefault(self._of[candidate], candidate)

    def _measured(self, candidate: str, count: int) -> Search:
        """On examples of the validation list that it was not measured on, the least asked first."""
        seen = self._problem.book.values(candidate)
        rest = [each for each in self._problem.validation if each not in seen]
        chosen = sorted(rest, key=self._asked.__getitem__)[:count]
        yield from self._problem.measure([candidate], chosen)
        for each in chosen:
            if each in seen:
                self._asked[each] += 1
                self._model.add(each, self._of[candidate], seen[each])

    def _proposed(self, operator: str, parent: str) -> Search:
        failing = self._problem.book.failing(parent, self._problem.validation)[:_SHOWN]
        if not failing:
            return
        made = yield from self._problem.propose(operator, (parent,), examples=failing)
        for child in made:
            yield from self._problem.measure([child], failing[:_TRIED])
            values = self._problem.book.values(child)
            self._know(child, _expected([values[n] for n in failing[:_TRIED] if n in values]))


def _expected(mended: Sequence[float]) -> float:
    """What an edit is worth that mended so much of each failure, by Bayes' rule."""
    odds = _HELPS / (1 - _HELPS)
    for value in mended:
        odds *= (_MENDS / _LUCK) ** value * ((1 - _MENDS) / (1 - _LUCK)) ** (1 - value)
    chance = odds / (1 + odds)
    return _GOOD * chance + _BAD * (1 - chance)
