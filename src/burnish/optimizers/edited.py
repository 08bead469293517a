"""The edits of a search, what each is worth, and prompts made of them."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import numpy as np

from burnish.optimizers.additive import Additive, Floats, Posterior
from burnish.optimizers.ask import Ask, Drafts, Measure, Pair
from burnish.optimizers.problem import Problem, Search

# What an edit must be worth, for it makes the prompt longer.
_LEAST = 0.005


class Edited:
    """An edit that excludes one of the prompt that it was made from (a rewrite of the same words)
    has that one's effect, and one of its own in addition: what was measured before the rewrite
    still tells of it."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._model = Additive()
        self._numbers: dict[str, int] = {}
        # By edit, the effects that it stands for.
        self._stands_for: list[frozenset[int]] = []
        self._of: dict[str, tuple[int, ...]] = {problem.original: ()}
        self._made: dict[tuple[int, ...], str] = {(): problem.original}
        self._asked = dict.fromkeys(problem.validation, 0)
        self._clashes = False
        self._read = 0
        self._left_out: set[Pair] = set()

    def posterior(self) -> Generator[Ask, Drafts | None, Posterior]:
        """Of all that was measured so far, by whichever part of a search."""
        order = self._problem.book.order
        while self._read < len(order):
            pair = order[self._read]
            self._read += 1
            if pair.example in self._asked and pair not in self._left_out:
                yield from self._learned(pair)
        return self._model.posterior()

    def leave_out(self, candidates: Sequence[str], examples: Sequence[int]) -> None:
        """What they score on these is no fair sample."""
        self._left_out.update(Pair(one, each) for one in candidates for each in examples)

    def united(self, effects: Floats) -> Generator[Ask, Drafts | None, str]:
        """The candidate with all edits that are worth it. Of two that exclude each other, the one
        that is worth more comes first, and stays."""
        worth = self._worth(effects)
        key = tuple(np.flatnonzero(worth > _LEAST).tolist())
        if key not in self._made:
            keys = tuple(self._numbers)
            wanted = sorted(key, key=lambda number: -worth[number])
            made = yield from self._problem.propose(
                "unite", (self._problem.original,), edits=[keys[number] for number in wanted]
            )
            self._made[key] = made[0] if made else self._problem.leader
            self._note(self._made[key])
        return self._best(self._made[key], effects)

    def expected(self, candidate: str, posterior: Posterior) -> float:
        """What it scores on all examples."""
        return posterior.base + float(posterior.mean[list(self._of[candidate])].sum())

    def know(self, candidate: str, expected: float, parent: str) -> Search:
        """Edits that are new in it are `expected` to be worth so much together."""
        if candidate in self._of:
            return
        self._note(parent)
        keys = self._problem.edits(candidate)
        new = [key for key in keys if key not in self._numbers]
        gone = [key for key in self._problem.edits(parent) if key not in keys]
        for key in new:
            self._numbers[key] = number = self._model.edit(expected / len(new))
            self._stands_for.append(frozenset({number}))
        for key in new:
            for other in gone:
                if (yield from self._excludes(key, other)):
                    self._clashes = True
                    number = self._numbers[key]
                    self._stands_for[number] |= self._stands_for[self._numbers[other]]
        self._note(candidate)

    def measured(self, candidates: Sequence[str], count: int) -> Search:
        """On examples of the validation list that each was not measured on, the least asked
        first."""
        asked, plan = self._asked, list[tuple[str, int]]()
        for candidate in dict.fromkeys(candidates):
            seen = self._problem.book.values(candidate)
            rest = [each for each in self._problem.validation if each not in seen]
            for each in sorted(rest, key=asked.__getitem__)[:count]:
                asked[each] += 1
                plan.append((candidate, each))
        yield Measure(tuple(Pair(*each) for each in plan))

    def _learned(self, pair: Pair) -> Search:
        book = self._problem.book
        candidate = book.candidates[pair.candidate]
        if candidate.demonstrations:
            # What it shows is no edit.
            return
        if candidate.id not in self._of:
            yield from self.know(candidate.id, 0.0, (*candidate.parents, self._problem.original)[0])
        self._model.add(
            pair.example, self._of[candidate.id], book.values(candidate.id)[pair.example]
        )

    def _worth(self, effects: Floats) -> Floats:
        if not self._clashes:
            return effects
        return np.array([sum(effects[n] for n in each) for each in self._stands_for])

    def _best(self, united: str, effects: Floats) -> str:
        """It, or one that is known: where edits exclude each other, the first ones that seem worth
        it need not be the best together."""
        if not self._clashes:
            return united
        return max((united, *self._of), key=lambda one: sum(effects[n] for n in self._of[one]))

    def _excludes(self, key: str, other: str) -> Generator[Ask, Drafts | None, bool]:
        made = yield from self._problem.propose(
            "unite", (self._problem.original,), edits=[key, other]
        )
        return not made or other not in self._problem.edits(made[0])

    def _note(self, candidate: str) -> None:
        if candidate in self._of:
            return
        keys = self._problem.edits(candidate)
        for key in keys:
            if key not in self._numbers:
                self._numbers[key] = number = self._model.edit()
                self._stands_for.append(frozenset({number}))
        effects = {n for key in keys for n in self._stands_for[self._numbers[key]]}
        self._of[candidate] = tuple(sorted(effects))
        self._made.setdefault(tuple(sorted(self._numbers[key] for key in keys)), candidate)
