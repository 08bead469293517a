"""The last choice of a search, as it is made in one, on accuracies that were really measured; and
how soon the bandit's rule finds the best of ten arms."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence

from burnish.optimizers.ask import Measured, Pair, Propose
from burnish.optimizers.bandit import top_two
from burnish.optimizers.book import Book
from burnish.optimizers.budget import Budget, Ledger
from burnish.optimizers.candidate import Candidate
from burnish.optimizers.drive import Drafted, Unwritten, play
from burnish.optimizers.finals import halving
from burnish.optimizers.problem import Problem
from burnish.prompts.prompt import Message

from .surfaces import Surface

ITEMS = 900
ARMS, OTHERS, BLOCK = 10, 0.5, 4


def arms(count: int, calls: int, seed: int) -> tuple[Problem, list[str]]:
    """A problem with nothing but candidates to tell apart, by their ids."""
    book = Book()
    made = [Candidate(messages=(Message("user", f"prompt {n}"),)) for n in range(count)]
    for each in made:
        book.add(each)
    problem = Problem(
        original=made[0].id,
        train=(),
        validation=range(max(ITEMS, calls)),
        book=book,
        ledger=Ledger(Budget(metric_calls=calls)),
        seed=seed,
    )
    return problem, [each.id for each in made]


class SurfaceBench:
    def __init__(self, surface: Surface, ids: Sequence[str]) -> None:
        self._surface = surface
        self._numbers = {each: n for n, each in enumerate(ids)}

    async def measure(self, pairs: Sequence[Pair], keep: Callable[[Pair, Measured], None]) -> str:
        rows = list(dict.fromkeys(self._numbers[each.candidate] for each in pairs))
        columns = list(dict.fromkeys(each.example for each in pairs))
        if len(rows) * len(columns) != len(pairs):
            raise ValueError("not each prompt on each item")
        found = self._surface.scores(rows, columns).ravel().tolist()
        for pair, value in zip(pairs, found, strict=True):
            keep(pair, Measured(value=value))
        return ""

    async def propose(self, ask: Propose) -> Drafted:
        raise ValueError(f"nothing is to be made by {ask.operator}")


def chosen(surface: Surface, budget: int, seed: int) -> int:
    """By `settle.halving`, its items in an order of their own for each seed."""
    problem, ids = arms(surface.size, budget, seed)
    bench = SurfaceBench(surface, ids)
    asyncio.run(play(halving(problem, ids, budget), problem, bench, Unwritten()))
    return ids.index(problem.leader)


def found_best(
    budgets: Sequence[int], seed: int, *, uniform: bool, right: float = 0.6
) -> list[bool]:
    """Whether the best arm, which is `right` as often, leads after so many calls."""
    problem, ids = arms(ARMS, max(budgets), seed)
    luck = random.Random(f"arms {seed}")
    best, found, calls = luck.choice(ids), list[bool](), 0
    while calls < max(budgets):
        problem.rounds += 1
        one = ids[problem.rounds % ARMS] if uniform else top_two(problem, ids)
        for _ in range(BLOCK):
            is_right = luck.random() < (right if one == best else OTHERS)
            pair = Pair(one, problem.standing(one)[1])
            problem.book.record(pair, Measured(value=float(is_right)))
            calls += 1
            if calls in budgets:
                found.append(max(ids, key=problem.fitness) == best)
    return found
