"""What every way to search has in common, on a small world: it finds, and it keeps to its bounds."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from tests.optimizers.playing import STORED, KilledError, noted
from tests.optimizers.small_world import (
    BASE,
    TEST,
    SmallWorld,
    candidate,
    chance,
    families,
    problem,
)

from burnish.optimizers.ask import Ask, Measured, Pair, Propose
from burnish.optimizers.bandit import top_two
from burnish.optimizers.budget import Budget
from burnish.optimizers.drive import Drafted, Log, Unwritten, play
from burnish.optimizers.log import StoredLog
from burnish.optimizers.problem import Problem
from burnish.optimizers.settle import course
from burnish.optimizers.stops import Stop, after_rounds, at_target, unchanged
from burnish.optimizers.verdict import beside, judged
from burnish.storage.sqlite import open_sqlite
from burnish.storage.store import Store

NAMES = tuple(families())
KILLS = 20
every_family = pytest.mark.parametrize("name", NAMES)


async def played(
    name: str,
    of: Problem,
    world: SmallWorld,
    *stops: Stop,
    log: Log | None = None,
    test: range = range(0),
) -> list[Ask]:
    """What was asked."""
    asks: list[Ask] = []
    search = noted(course(of, families()[name], test, final=16), asks)
    await play(search, of, world, log or Unwritten(), stops=stops)
    return asks


def found(of: Problem) -> float:
    return chance(of.book.candidates[of.leader])


@every_family
async def test_it_finds_a_better_prompt(name: str) -> None:
    gains: list[float] = []
    for seed in range(4):
        of = problem(Budget(metric_calls=500), seed)
        await played(name, of, SmallWorld(of))
        gains.append(found(of) - BASE)
    assert min(gains) > 0
    assert sum(gains) / len(gains) > 0.15


async def test_what_was_measured_before_a_rewrite_tells_of_it() -> None:
    """No two edits go together here: without that, each would be a prompt that nothing is known
    of, and half as much is gained."""
    gains: list[float] = []
    for seed in range(4):
        of = problem(Budget(metric_calls=500), seed, whole=True)
        await played("reflective", of, SmallWorld(of, whole=True))
        gains.append(found(of) - BASE)
    assert sum(gains) / len(gains) > 0.28


@pytest.mark.spec("OPT-02")
@every_family
async def test_each_text_is_measured_once_on_each_example(name: str) -> None:
    of = problem(Budget(metric_calls=400))
    world = SmallWorld(of)
    await played(name, of, world)
    texts = [of.book.candidates[each].messages for each in of.book.candidates]
    assert len(set(texts)) == len(texts)
    assert len(set(world.pairs)) == len(world.pairs) == of.ledger.metric_calls


@pytest.mark.spec("OPT-02")
@pytest.mark.parametrize(
    "budget",
    [
        Budget(metric_calls=137),
        Budget(metric_calls=300, proposals=5),
        Budget(metric_calls=300, proposals=0),
        Budget(calls=90),
        Budget(calls=40, metric_calls=500, proposals=60),
    ],
)
@every_family
async def test_no_bound_is_overstepped(name: str, budget: Budget) -> None:
    of = problem(budget)
    world = SmallWorld(of)
    await played(name, of, world)
    most = {
        key: 10_000 if (bound := getattr(budget, key)) is None else bound
        for key in ("metric_calls", "calls", "proposals")
    }
    assert len(world.pairs) <= most["metric_calls"]
    assert len(world.paid) <= most["proposals"]
    assert len(world.pairs) + len(world.paid) <= most["calls"]


@every_family
async def test_it_ends_where_a_rule_says_so(name: str) -> None:
    for stop, why in (
        (at_target(0.4), "the target of 0.4 is reached"),
        (after_rounds(3), "3 rounds are done"),
        (unchanged(2), "2 rounds in a row brought nothing better"),
    ):
        of = problem(Budget(metric_calls=2_000))
        of.target = 0.4 if "target" in why else None
        await played(name, of, SmallWorld(of), stop)
        assert of.ledger.ended.startswith(why)
        assert of.ledger.metric_calls < 1_500


@every_family
async def test_without_anything_to_change_it_with_it_ends_at_once(name: str) -> None:
    of = problem(Budget(metric_calls=300), able=False)
    world = SmallWorld(of)
    await played(name, of, world, test=TEST)
    assert {pair.candidate for pair in world.pairs} == {of.original}
    assert len(world.pairs) <= 4
    assert judged(of, beside(of, TEST)).reason == "no candidates"


@pytest.mark.parametrize(
    ("score", "reason"), [(1.0, "ceiling"), (0.5, "constant metric"), (None, "failing metric")]
)
@every_family
async def test_why_nothing_can_be_found_is_told(
    name: str, score: float | None, reason: str
) -> None:
    of = problem(Budget(metric_calls=300))
    await played(name, of, SmallWorld(of, lambda _, __: score), test=TEST)
    assert of.leader == of.original
    assert judged(of, beside(of, TEST)).reason == reason


@pytest.mark.spec("OPT-04")
async def test_a_reflection_is_shown_the_best_prompts_own_failures() -> None:
    of = problem(Budget(metric_calls=400))
    world = Watched(of)
    await played("reflective", of, world)
    assert len(world.reflected) > 10
    assert all(examples and set(examples) <= failed for examples, failed in world.reflected)
    of_the_best = [
        ask.parents[0]
        for ask, best in zip(world.asks, world.leaders, strict=True)
        if ask.operator == "reflect" and ask.parents == (best,)
    ]
    assert len(set(of_the_best)) > 3


class Watched(SmallWorld):
    def __init__(self, of: Problem) -> None:
        super().__init__(of)
        self._of = of
        self.reflected: list[tuple[tuple[int, ...], set[int]]] = []

    async def propose(self, ask: Propose) -> Drafted:
        if ask.operator == "reflect":
            values = self._of.book.values(ask.parents[0])
            failed = {each for each, value in values.items() if value < 1}
            self.reflected.append((ask.examples, failed))
        return await super().propose(ask)


@pytest.fixture
async def store(tmp_path: Path) -> Any:
    opened = await open_sqlite(tmp_path / "store.sqlite")
    yield opened
    await opened.close()


def ended(of: Problem) -> Any:
    book = of.book
    measured = {
        name: (one, [(at, m.value) for at, m in book.measured(name).items()])
        for name, one in book.candidates.items()
    }
    return measured, of.leader, of.ledger, of.rounds


@pytest.mark.slow
@every_family
async def test_a_search_that_is_killed_goes_on_as_if_it_had_not_been(
    store: Store, name: str
) -> None:
    budget = Budget(metric_calls=120)
    whole = problem(budget)
    asks = await played(name, whole, SmallWorld(whole))
    chances, kills = random.Random(name), 0
    while kills < KILLS:
        await store.optimizations.delete(STORED.id)
        await store.optimizations.add(STORED)
        known: set[Pair] = set()
        paid: set[int] = set()
        while True:
            of = problem(budget)
            world = SmallWorld(of, kill=chances.randrange(70))
            again = await killed(store, name, of, world)
            assert not known & set(world.pairs)
            known.update(world.pairs)
            rows = await store.optimizations.steps(STORED.id)
            now = {each.step for each in rows if each.drafted["calls"]}
            assert len(now) - len(paid) == len(world.paid)
            paid = now
            if again is not None:
                break
            kills += 1
        assert again == asks
        assert ended(of) == ended(whole)


async def killed(store: Store, name: str, of: Problem, world: SmallWorld) -> list[Ask] | None:
    """None where it was."""
    try:
        async with await StoredLog.load(store.optimizations, STORED) as log:
            return await played(name, of, world, log=log)
    except KilledError:
        return None


@pytest.mark.spec("OPT-03")
def test_draws_find_the_best_of_ten_with_fewer_calls_than_equal_shares() -> None:
    calls = {True: 0, False: 0}
    for seed in range(16):
        for uniform in calls:
            calls[uniform] += until_found(seed, uniform=uniform)
    assert calls[False] < 0.75 * calls[True]


def until_found(seed: int, *, uniform: bool, most: int = 800) -> int:
    """How many calls until the best one leads for good, looked at every 50."""
    of = problem(Budget(), seed)
    ids = [candidate([f"arm {n}"]).id for n in range(10)]
    for n in range(10):
        of.book.add(candidate([f"arm {n}"]))
    of.validation = range(most)
    luck = random.Random(seed)
    best, last = luck.choice(ids), 0
    for call in range(1, most + 1):
        of.rounds = call
        one = ids[call % 10] if uniform else top_two(of, ids)
        value = float(luck.random() < (0.7 if one == best else 0.5))
        of.book.record(Pair(one, of.standing(one)[1]), Measured(value=value))
        if call % 50 == 0 and max(ids, key=lambda each: of.standing(each)[0]) != best:
            last = call
    return last + 50
