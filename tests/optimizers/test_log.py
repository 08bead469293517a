"""What a search is told is kept: one that was killed goes on as if it had not been."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.optimizers.playing import (
    FIRST,
    STORED,
    Arithmetic,
    KilledError,
    go_on,
    measured,
    played,
)

from burnish.errors import Conflict, NotFound, StoreError
from burnish.optimizers.ask import Ask, Measured, Pair
from burnish.optimizers.candidate import Candidate
from burnish.optimizers.drive import Drafted, Unwritten
from burnish.optimizers.log import StoredLog
from burnish.optimizers.problem import Problem
from burnish.prompts.prompt import Message
from burnish.storage.optimization import Found, Step
from burnish.storage.sqlite import open_sqlite
from burnish.storage.store import Store

ROOT = Path(__file__).parents[2]
KILLS = 30
PAIR = Pair("a", 1)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[Store]:
    opened = await open_sqlite(tmp_path / "store.sqlite")
    await opened.optimizations.add(STORED)
    yield opened
    await opened.close()


async def kept(store: Store) -> list[Found]:
    return [each async for each in store.optimizations.found(STORED.id)]


def values(problem: Problem) -> Any:
    """All that a search could see, but texts that are cut for keeping."""
    book = problem.book
    return {
        name: (candidate, [(at, m.value, m.error) for at, m in book.measured(name).items()])
        for name, candidate in book.candidates.items()
    }


async def whole() -> tuple[list[Ask], Problem]:
    return await played(Arithmetic(), Unwritten())


async def test_a_search_that_is_killed_again_and_again_goes_on_where_it_was(
    store: Store,
) -> None:
    asks, problem = await whole()
    assert problem.ledger.ended == "10 rounds are done"
    chance, kills = random.Random(3), 0
    while kills < KILLS:
        await store.optimizations.delete(STORED.id)
        await store.optimizations.add(STORED)
        again: tuple[list[Ask], Problem] | None = None
        while again is None:
            before = await so_far(store)
            bench = Arithmetic(kill=chance.randrange(60))
            again = await killed(store, bench, keeps=chance.random() < 0.5)
            kills += again is None
            after = await so_far(store)
            assert not before[0] & set(bench.pairs)
            # One more may have been made than was written down.
            assert len(bench.proposals) - (after[1] - before[1]) in (
                (0, 1) if again is None else (0,)
            )
        assert again[0] == asks
        assert values(again[1]) == values(problem)
        assert again[1].ledger == problem.ledger
        assert (again[1].leader, again[1].ledger.ended) == (problem.leader, problem.ledger.ended)


async def test_a_search_ends_where_it_ended_though_its_rule_no_longer_holds(store: Store) -> None:
    asks, problem = await played(Arithmetic(), await load(store))
    bench = Arithmetic(kill=0)
    again = await played(bench, await load(store), rounds=1_000)
    assert (again[0], again[1].ledger.ended) == (asks, problem.ledger.ended)


async def test_a_search_that_takes_another_way_than_before_is_refused(store: Store) -> None:
    assert await killed(store, Arithmetic(kill=60), keeps=True) is None
    before = await kept(store), await store.optimizations.steps(STORED.id)
    bench = Arithmetic()
    with pytest.raises(Conflict, match="takes another way at step"):
        await played(bench, await load(store), seed=1)
    assert not bench.proposals
    assert (await kept(store), await store.optimizations.steps(STORED.id)) == before


async def load(store: Store) -> StoredLog:
    (stored,) = await store.optimizations.by_prefix(STORED.id, 1)
    return await StoredLog.load(store.optimizations, stored)


async def killed(
    store: Store, bench: Arithmetic, *, keeps: bool
) -> tuple[list[Ask], Problem] | None:
    """None where it was; what waits to be written dies with it, unless it `keeps` that."""
    log = await load(store)
    try:
        if not keeps:
            return await played(bench, log)
        async with log:
            return await played(bench, log)
    except KilledError:
        return None


async def so_far(store: Store) -> tuple[set[Pair], int]:
    """The pairs that are kept, and how many proposals that were paid for."""
    steps = await store.optimizations.steps(STORED.id)
    paid = sum(each.drafted["calls"] for each in steps)
    return {Pair(e.candidate, e.example, e.repeat) for e in await kept(store)}, paid


@pytest.mark.slow
def test_a_search_whose_process_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    asks, problem = asyncio.run(whole())
    path, told = tmp_path / "store.sqlite", tmp_path / "told.txt"
    command = [sys.executable, "-m", "tests.optimizers.playing", str(path), str(told)]
    there: set[str] = set()
    for actions in (25, 30):
        told.write_text("")
        process = subprocess.Popen(command, cwd=ROOT)
        _wait_for(told, actions, process)
        process.kill()
        assert process.wait() == -9
        assert not there & set(_lines(told))
        there = asyncio.run(_written(path))
        assert there
    bench = Arithmetic()
    again = asyncio.run(go_on(path, bench))
    assert again[0] == asks
    assert values(again[1]) == values(problem)
    assert not there & {f"{p.candidate} {p.example} {p.repeat}" for p in bench.pairs}


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def _wait_for(told: Path, count: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while len(_lines(told)) < count:
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.005)


async def _written(path: Path) -> set[str]:
    store = await open_sqlite(path)
    found = {f"{e.candidate} {e.example} {e.repeat}" for e in await kept(store)}
    await store.close()
    return found


async def test_scores_are_written_without_anybody_asking_for_it(store: Store) -> None:
    async with await StoredLog.load(store.optimizations, STORED) as log:
        log.score(PAIR, Measured(value=0.5))
        async with asyncio.timeout(60):
            await _some(store)
        log.score(Pair("a", 2), Measured(value=0.25, calls=0, cost_usd=None, error="none"))
    one, two = await kept(store)
    assert (one.example, one.value, one.calls) == (1, 0.5, 1)
    assert (two.example, two.value, two.calls, two.cost_usd, two.error) == (
        2,
        0.25,
        0,
        None,
        "none",
    )


async def _some(store: Store) -> None:
    while True:
        if await kept(store):
            return
        await asyncio.sleep(0.005)


async def test_all_that_was_measured_is_there_again(store: Store) -> None:
    log = await StoredLog.load(store.optimizations, STORED)
    given = Measured(
        value=0.5,
        cost_usd=0.25,
        latency_ms=12.5,
        input_tokens=7,
        output_tokens=3,
        calls=2,
        error="the judge did not answer",
        output="Sorry.",
        notes="no apology",
        run_id="r1",
    )
    log.score(PAIR, given)
    made = Candidate(messages=FIRST.messages, parameters={"temperature": 0.5}, parents=("a", "b"))
    drafted = Drafted(candidates=(FIRST, made), rejected=("too long",), calls=3, cost_usd=None)
    await log.drafts(4, drafted)
    await log.end(9, "the target is reached")
    (stored,) = await store.optimizations.by_prefix(STORED.id, 1)
    again = await StoredLog.load(store.optimizations, stored)
    assert (again.known(PAIR), again.known(Pair("a", 1, 1))) == (given, None)
    assert (again.drafted(4), again.drafted(5)) == (drafted, None)
    assert [again.ended(step) for step in (8, 9, 10)] == ["", *["the target is reached"] * 2]
    assert given.tokens == 10


async def test_very_long_texts_are_kept_by_their_ends(store: Store) -> None:
    log = await StoredLog.load(store.optimizations, STORED)
    long = "a" * 3_000 + "b" * 3_000
    for number, text in enumerate((long, "x" * 4_000, "nul \0", "half \ud800 é")):
        log.score(Pair("a", number), Measured(value=1.0, output=text))
    await log.flush()
    cut, whole, nul, half = (each.output for each in await kept(store))
    assert cut == "a" * 2_000 + "\n[… 2000 characters left out …]\n" + "b" * 2_000
    assert (whole, nul, half) == ("x" * 4_000, "nul \\0", "half ? é")


class Away:
    """A store's answers that cannot be written for a while."""

    def __init__(self, store: Store, failures: int) -> None:
        self._real = store.optimizations
        self.failures = failures
        self.puts: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    async def put(
        self, optimization_id: str, found: Sequence[Found], steps: Sequence[Step] = ()
    ) -> None:
        self.puts.append(len(found))
        if self.failures:
            self.failures -= 1
            raise StoreError("the disk is full")
        await self._real.put(optimization_id, found, steps)


async def test_what_cannot_be_written_is_told_and_waits(store: Store) -> None:
    away: Any = Away(store, failures=3)
    async with await StoredLog.load(away, STORED) as log:
        log.score(PAIR, Measured(value=0.5))
        with pytest.raises(StoreError, match="full"):
            await _told(log)
        with pytest.raises(StoreError, match="full"):
            await log.flush()
        with pytest.raises(StoreError, match="full"):
            await log.drafts(1, Drafted())
        assert await store.optimizations.steps(STORED.id) == []
        await log.flush()
        await log.room()
    assert [each.value for each in await kept(store)] == [0.5]


async def _told(log: StoredLog) -> None:
    """Ends with the error of the task that writes."""
    while True:
        await log.room()
        await asyncio.sleep(0.005)


async def test_the_end_fails_where_the_last_scores_are_not_written(store: Store) -> None:
    away: Any = Away(store, failures=9)
    with pytest.raises(StoreError, match="full"):
        await _scored(away, None)
    with pytest.raises(KilledError) as raised:
        await _scored(away, KilledError())
    assert "not kept" in raised.value.__notes__[0]


async def _scored(away: Any, error: Exception | None) -> None:
    async with await StoredLog.load(away, STORED) as log:
        log.score(PAIR, Measured(value=0.5))
        if error is not None:
            raise error


async def test_many_scores_are_written_in_parts_and_room_waits_for_them(store: Store) -> None:
    away: Any = Away(store, failures=0)
    async with await StoredLog.load(away, STORED) as log:
        for number in range(1_200):
            log.score(Pair("a", number), measured(Pair("a", number)))
        await log.room()
        assert len(await kept(store)) == 1_200
    assert away.puts == [500, 500, 200]


async def test_an_optimisation_that_was_deleted_ends_its_search(store: Store) -> None:
    await store.optimizations.delete(STORED.id)
    log = await StoredLog.load(store.optimizations, STORED)
    with pytest.raises(NotFound, match="deleted meanwhile"):
        await played(Arithmetic(), log)


async def test_a_step_tells_by_which_operator(store: Store) -> None:
    log = await StoredLog.load(store.optimizations, STORED)
    made = Candidate(messages=(Message("user", "x"),), operator="reflect")
    await log.drafts(1, Drafted(candidates=(made,)))
    await log.drafts(2, Drafted(rejected=("the budget is used up",)))
    steps = await store.optimizations.steps(STORED.id)
    assert [(each.step, each.operator) for each in steps] == [(1, "reflect"), (2, "")]
