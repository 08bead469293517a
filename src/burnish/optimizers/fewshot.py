"""Which examples a prompt shows, in which order, and with which wording."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from random import Random

import numpy as np

from burnish.optimizers.additive import Additive, Floats, Posterior
from burnish.optimizers.ask import BLOCK, DEMONSTRATE, TURNS, Ask, Drafts, Measure, Pair
from burnish.optimizers.problem import Problem, Search

_SIZES = (1, 2, 3, 4)
_POOL = 24
# What examples must be worth, for they make the prompt longer.
_LEAST = 0.005
_BLOCK, _DRAWN = 4, 3
_IDLE = 20
# What an example or the form may be worth, much more than a line of the instruction is.
_EFFECTS = 0.15**2


class FewShot:
    """Sets of examples are drawn by what each is worth, as far as the scores of all sets tell
    (Thompson sampling over a Bayesian regression, in which the size of the set, the wording and the
    form, one text or turns of a talk, have an effect of their own). The best one of a set stands
    last, nearest to the answer; the first sets are chosen to differ from each other. No model
    writes for it, unless it can paraphrase the instruction."""

    name = "fewshot"

    def search(self, problem: Problem) -> Search:
        if DEMONSTRATE not in problem.free:
            return
        yield from _Sets(problem).search()


class _Sets:
    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._pool = _varied(problem, problem.random("pool"))
        self._model = Additive(effects=_EFFECTS)
        self._sizes = {size: self._model.edit() for size in _SIZES}
        self._forms = {form: self._model.edit() for form in (TURNS, BLOCK)}
        self._examples = {each: self._model.edit() for each in self._pool}
        self._wordings = [(problem.original, self._model.edit())]
        self._of: dict[str, tuple[int, ...]] = {problem.original: (self._wordings[0][1],)}
        self._shown_as: dict[tuple[str, str, tuple[int, ...]], str] = {}
        self._asked = dict.fromkeys(problem.validation, 0)

    def search(self) -> Search:
        problem = self._problem
        if not self._pool:
            problem.notes.append("no example is short enough to be shown in a prompt")
            return
        yield from self._measured([problem.original], 2 * _BLOCK)
        yield from self._worded()
        yield from self._formed()
        numbers = np.random.default_rng(problem.random("sets").getrandbits(64))
        idle = 0
        while problem.left and idle < _IDLE:
            problem.rounds += 1
            before = problem.ledger.metric_calls
            posterior = self._model.posterior()
            best, expected = yield from self._best(posterior)
            problem.lead(best, expected)
            drawn = yield from self._shown(posterior.draws(numbers, _DRAWN))
            yield from self._measured([best, *drawn], _BLOCK)
            idle = 0 if problem.ledger.metric_calls > before else idle + 1

    def _worded(self) -> Search:
        """Other ways to say the same, where a model is there to write them."""
        problem = self._problem
        if "paraphrase" not in problem.paid or problem.proposals_left < 1:
            return
        made = yield from problem.propose("paraphrase", (problem.original,))
        for each in made:
            if each not in self._of:
                self._wordings.append((each, self._model.edit()))
                self._of[each] = (self._wordings[-1][1],)

    def _formed(self) -> Search:
        """Not every prompt can be asked for an example."""
        for form in tuple(self._forms):
            made = yield from self._problem.propose(
                DEMONSTRATE, (self._problem.original,), examples=self._pool[:1], form=form
            )
            if not made and len(self._forms) > 1:
                del self._forms[form]

    def _best(self, posterior: Posterior) -> Generator[Ask, Drafts | None, tuple[str, float]]:
        """That of all that seems best, among them the original as it is, and what is expected."""
        mean = posterior.mean
        base = float(mean[self._wordings[0][1]])
        chosen, worth = self._chosen(mean)
        if worth <= base + _LEAST:
            return self._problem.original, posterior.base + base
        return (yield from self._demonstrated(*chosen)), posterior.base + worth

    def _shown(self, draws: Floats) -> Generator[Ask, Drafts | None, list[str]]:
        shown: list[str] = []
        for effects in draws:
            one = yield from self._demonstrated(*self._chosen(effects)[0])
            shown.append(one)
        return shown

    def _chosen(self, effects: Floats) -> tuple[tuple[str, str, tuple[int, ...]], float]:
        """The wording, the form, the examples (the best one last) and what they are worth
        together."""
        wording, number = max(self._wordings, key=lambda each: effects[each[1]])
        form = max(self._forms, key=lambda each: effects[self._forms[each]])
        known: list[float] = effects.tolist()
        worths = {each: known[number] for each, number in self._examples.items()}
        ranked = sorted(worths, key=worths.__getitem__, reverse=True)
        best, shown = -math.inf, 0
        for size, own in self._sizes.items():
            worth = known[own] + sum(worths[each] for each in ranked[:size])
            if size <= len(ranked) and worth > best:
                best, shown = worth, size
        worth = best + known[number] + known[self._forms[form]]
        return (wording, form, tuple(reversed(ranked[:shown]))), worth

    def _demonstrated(
        self, wording: str, form: str, shown: Sequence[int]
    ) -> Generator[Ask, Drafts | None, str]:
        known = self._shown_as.get((wording, form, tuple(shown)))
        if known is not None:
            return known
        made = yield from self._problem.propose(DEMONSTRATE, (wording,), examples=shown, form=form)
        if not made:
            return self._problem.original
        self._shown_as[wording, form, tuple(shown)] = made[0]
        number = next(number for each, number in self._wordings if each == wording)
        edits = (number, self._sizes[len(shown)], self._forms[form])
        features = (*edits, *(self._examples[each] for each in shown))
        self._of.setdefault(made[0], features)
        return made[0]

    def _measured(self, candidates: Sequence[str], count: int) -> Search:
        problem, plan = self._problem, list[Pair]()
        for candidate in dict.fromkeys(candidates):
            seen = problem.book.values(candidate)
            rest = [each for each in problem.validation if each not in seen]
            for each in sorted(rest, key=self._asked.__getitem__)[:count]:
                self._asked[each] += 1
                plan.append(Pair(candidate, each))
        yield Measure(tuple(plan))
        for candidate, each, _ in plan:
            score = problem.book.values(candidate).get(each)
            if score is not None:
                self._model.add(each, self._of[candidate], score)


def _varied(problem: Problem, random: Random) -> list[int]:
    """Examples to show, each as far from those before it as may be: by words that they share."""
    rest = problem.showable
    if not rest:
        return []
    words = {each: problem.words(each) for each in rest}
    chosen = [random.choice(rest)]
    nearest = {each: _alike(words[each], words[chosen[0]]) for each in rest}
    while len(chosen) < min(_POOL, len(rest)):
        taken = set(chosen)
        one = min((each for each in rest if each not in taken), key=nearest.__getitem__)
        chosen.append(one)
        for each in rest:
            nearest[each] = max(nearest[each], _alike(words[each], words[one]))
    return chosen


def _alike(mine: frozenset[str], theirs: frozenset[str]) -> float:
    both = len(mine & theirs)
    return both / (len(mine) + len(theirs) - both)
