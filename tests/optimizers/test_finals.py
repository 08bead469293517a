"""The last choice among the best of a search."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest
from tests.optimizers.small_world import SmallWorld, candidate, problem

from burnish.optimizers.ask import Measured, Pair
from burnish.optimizers.budget import Budget
from burnish.optimizers.drive import Unwritten, play
from burnish.optimizers.finals import halving
from burnish.optimizers.problem import Problem


def chosen(score: Callable[[str, int], float], known: dict[str, int], *several: str) -> str:
    """The lines of the one that leads, of prompts with these lines, where each is `known` on so
    many examples already. Both are told apart by 16 calls."""
    found = problem(Budget(calls=200))
    made = {lines: candidate(lines) for lines in several}
    for lines, one in made.items():
        found.book.add(one)
        for example in found.validation[: known.get(lines, 0)]:
            found.book.record(Pair(one.id, example), Measured(value=score(lines, example)))
    world = _World(found, {one.id: lines for lines, one in made.items()}, score)
    asyncio.run(
        play(halving(found, [made[each].id for each in several], 16), found, world, Unwritten())
    )
    return next(lines for lines, one in made.items() if one.id == found.leader)


class _World(SmallWorld):
    def __init__(
        self, of: Problem, lines: dict[str, str], score: Callable[[str, int], float]
    ) -> None:
        super().__init__(of)
        self._lines_of, self._score_of = lines, score

    async def measure(self, pairs: Sequence[Pair], keep: Callable[[Pair, Measured], None]) -> str:
        for pair in pairs:
            keep(pair, Measured(value=self._score_of(self._lines_of[pair.candidate], pair.example)))
        return ""


def same(_: str, example: int) -> float:
    return float(example % 3 > 0)


def better_with_more(lines: str, example: int) -> float:
    return 1.0 if len(lines) > 1 else same(lines, example)


@pytest.mark.parametrize("order", [("a", "abcdef"), ("abcdef", "a")])
def test_of_prompts_that_score_the_same_the_shorter_one_is_chosen(order: tuple[str, str]) -> None:
    assert chosen(same, {}, *order) == "a"
    # Where scores differ it is the better one, whatever its length.
    assert chosen(better_with_more, {}, *order) == "abcdef"


def test_one_that_is_measured_on_less_does_not_take_the_place_of_another() -> None:
    assert chosen(same, {"abcdef": 38}, "abcdef", "a") == "abcdef"
