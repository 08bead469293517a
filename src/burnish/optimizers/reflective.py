"""Failures are reflected on, and what comes of it is told apart by all measurements together."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np

from burnish.optimizers.additive import Additive, Posterior
from burnish.optimizers.ask import Ask, Drafts
from burnish.optimizers.problem import Problem, Search

# Of failures that an edit was written for, so many are tried with it at once.
_MOTIVES = 4
_SHOWN = 6
_BLOCK = 4


@dataclass
class Settings:
    motives: int = _MOTIVES
    shown: int = _SHOWN
    block: int = _BLOCK
    pace: float = 12.0
    sure: float = 0.55
    fixed: float = 0.40
    flip: float = 0.15
    good: float = 0.05
    bad: float = -0.04


class Reflective:
    """Each edit that a model proposes from failures is tried on these first; then prompts with
    many edits at once are measured, those of the edits that may well help (Thompson sampling over
    the regression of all scores), so that each call tells of all of them."""

    name = "reflective"

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()

    def search(self, problem: Problem) -> Search:
        yield from _Reflection(problem, self.settings).run()


class _Reflection:
    def __init__(self, problem: Problem, settings: Settings) -> None:
        self.p = problem
        self.s = settings
        self.model = Additive()
        self.numbers: dict[str, int] = {}
        self.edits_of: dict[str, tuple[int, ...]] = {problem.original: ()}
        self.made: dict[tuple[int, ...], str] = {(): problem.original}
        self.asked: dict[int, int] = dict.fromkeys(problem.validation, 0)
        self.gated: set[tuple[str, int]] = set()
        self.started_with = problem.left

    def run(self) -> Search:
        yield from self._measured(self.p.original, 2 * self.s.block)
        while self.p.left:
            self.p.rounds += 1
            candidate = yield from self._drawn()
            yield from self._measured(candidate, self.s.block)
            if self._may_reflect():
                yield from self._reflected(candidate)
            yield from self._lead()

    def _posterior(self) -> Posterior:
        return self.model.posterior()

    def _may_reflect(self) -> bool:
        ledger = self.p.ledger
        used = self.started_with - self.p.left
        return self.p.proposals_left > 0 and ledger.proposals * self.s.pace <= used

    def _drawn(self) -> Generator[Ask, Drafts | None, str]:
        random = self.p.random("draw", self.p.rounds)
        effects = self._posterior().draw(np.random.default_rng(random.getrandbits(64)))
        return (yield from self._united(tuple(np.flatnonzero(effects > 0).tolist())))

    def _united(self, wanted: tuple[int, ...]) -> Generator[Ask, Drafts | None, str]:
        """The candidate with these edits."""
        if wanted not in self.made:
            keys = tuple(self.numbers)
            made = yield from self.p.propose(
                "unite", (self.p.original,), edits=[keys[number] for number in wanted]
            )
            self.made[wanted] = made[0] if made else self.p.leader
            self.edits_of.setdefault(self.made[wanted], wanted)
        return self.made[wanted]

    def _measured(self, candidate: str, count: int) -> Search:
        """On those examples of the validation list that it was not measured on, the least asked
        first."""
        seen = self.p.book.values(candidate)
        order = sorted(
            (each for each in self.p.validation if each not in seen),
            key=lambda each: self.asked[each],
        )[:count]
        yield from self.p.measure([candidate], order)
        for each in order:
            if each in seen:
                self.asked[each] += 1
                self.model.add(each, self.edits_of[candidate], seen[each])

    def _reflected(self, parent: str) -> Search:
        failing = self._failures(parent)
        if not failing:
            return
        made = yield from self.p.propose("reflect", (parent,), examples=failing)
        for child in made:
            yield from self._tried(child, parent, failing[: self.s.motives])

    def _failures(self, parent: str) -> list[int]:
        """Those that the parent failed; the ones that most others fail too come last."""
        return self.p.book.failing(parent, self.p.validation)[: self.s.shown]

    def _tried(self, child: str, parent: str, motives: Sequence[int]) -> Search:
        yield from self.p.measure([child], motives)
        values = self.p.book.values(child)
        known = [values[each] for each in motives if each in values]
        s = self.s
        odds = s.sure / (1 - s.sure)
        for value in known:
            odds *= (s.fixed / s.flip) ** value * ((1 - s.fixed) / (1 - s.flip)) ** (1 - value)
        chance = odds / (1 + odds)
        expected = s.good * chance + s.bad * (1 - chance)
        keys = self.p.edits(child)
        for key in keys:
            if key not in self.numbers:
                self.numbers[key] = self.model.edit(expected)
        self.edits_of.setdefault(child, tuple(sorted(self.numbers[key] for key in keys)))
        self.made.setdefault(self.edits_of[child], child)

    def _lead(self) -> Search:
        mean = self._posterior().mean
        best = tuple(np.flatnonzero(mean > 0).tolist())
        self.p.lead((yield from self._united(best)))
