"""Runs reach the store, in groups, whatever happens to it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from burnish.errors import StoreError, UsageError
from burnish.prompts.prompt import Message, Prompt
from burnish.storage.ids import Ids
from burnish.storage.recorder import Recorder
from burnish.storage.run import Run, RunFilter
from burnish.storage.sqlite import open_sqlite
from burnish.storage.stats import StatFilter
from burnish.storage.store import Draft, Store

IDS = Ids()
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
Reports = list[tuple[str, int]]


def run(**fields: Any) -> Run:
    base: dict[str, Any] = {"id": IDS(), "kind": "model", "model": "m", "created_at": NOON}
    return Run(**base | fields)


class Groups:
    """A store's `add` that keeps what it was given, and fails when it is told to."""

    def __init__(self) -> None:
        self.groups: list[list[Run]] = []
        self.failures: list[Exception] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.under_way = 0
        self.began = asyncio.Event()
        self.written: asyncio.Queue[list[Run]] = asyncio.Queue()

    async def add(self, runs: Sequence[Run]) -> None:
        self.under_way += 1
        assert self.under_way == 1
        self.began.set()
        await self.gate.wait()
        self.under_way -= 1
        if self.failures:
            raise self.failures.pop(0)
        self.groups.append(list(runs))
        self.written.put_nowait(list(runs))

    @property
    def runs(self) -> list[Run]:
        return [each for group in self.groups for each in group]


@pytest.fixture
async def groups() -> Groups:
    return Groups()


@pytest.fixture
def reports() -> Reports:
    return []


def reporter(reports: Reports) -> Callable[[str, int], None]:
    return lambda why, count: reports.append((why, count))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[Store]:
    opened = await open_sqlite(tmp_path / "b.sqlite")
    yield opened
    await opened.close()


async def test_runs_of_one_moment_are_one_group_in_their_order(
    groups: Groups, reports: Reports
) -> None:
    recorder = Recorder(groups.add, report=reporter(reports))
    new = [run() for _ in range(50)]
    for each in new:
        recorder.record(each)
    assert groups.groups == []
    await recorder.flush()
    assert groups.groups == [new]
    await recorder.close()
    assert (recorder.dropped, reports) == (0, [])


async def test_runs_are_written_without_a_flush(groups: Groups, reports: Reports) -> None:
    recorder = Recorder(groups.add, report=reporter(reports), window_s=0.001)
    for _ in range(3):
        first = run()
        recorder.record(first)
        assert await groups.written.get() == [first]
    await recorder.close()


async def test_a_flush_covers_what_comes_while_a_group_is_under_way(
    groups: Groups, reports: Reports
) -> None:
    recorder = Recorder(groups.add, report=reporter(reports), window_s=60)
    groups.gate.clear()
    recorder.record(run())
    await groups.began.wait()
    recorder.record(run())
    flushing = asyncio.create_task(recorder.flush())
    await asyncio.sleep(0)
    recorder.record(run())
    groups.gate.set()
    await flushing
    assert len(groups.runs) >= 2
    await recorder.flush()
    assert len(groups.runs) == 3
    await recorder.close()


async def test_callers_wait_for_room_and_nothing_is_dropped(
    groups: Groups, reports: Reports
) -> None:
    recorder = Recorder(groups.add, report=reporter(reports), capacity=5, window_s=0.001)

    async def call() -> None:
        for _ in range(10):
            await recorder.room()
            recorder.record(run())

    await asyncio.gather(*(call() for _ in range(20)))
    await recorder.flush()
    assert len(groups.runs) == 200
    assert max(map(len, groups.groups)) <= 5
    assert recorder.dropped == 0
    await recorder.close()


async def test_past_capacity_and_after_the_end_runs_are_dropped_and_counted(
    groups: Groups, reports: Reports
) -> None:
    recorder = Recorder(groups.add, report=reporter(reports), capacity=3)
    for _ in range(5):
        recorder.record(run())
    await recorder.close()
    recorder.record(run())
    await recorder.close()
    assert len(groups.runs) == 3
    assert recorder.dropped == 3
    assert reports == [("too many runs wait", 1)] * 2 + [("the recorder is closed", 1)]


async def test_a_store_that_fails_for_a_while_loses_nothing(
    groups: Groups, reports: Reports
) -> None:
    recorder = Recorder(groups.add, report=reporter(reports), window_s=0.001)
    groups.failures = [StoreError("locked"), StoreError("locked")]
    new = [run() for _ in range(4)]
    for each in new:
        recorder.record(each)
    with pytest.raises(StoreError, match="locked"):
        await recorder.flush()
    # Tried again by itself.
    assert await groups.written.get() == new
    assert recorder.dropped == 0
    assert reports == [("runs wait, because locked", 4)]
    await recorder.close()


async def test_a_full_queue_of_a_failing_store_is_an_error_and_not_a_standstill(
    groups: Groups, reports: Reports
) -> None:
    recorder = Recorder(groups.add, report=reporter(reports), capacity=1, window_s=0.001)
    groups.failures = [StoreError("disk full")]
    recorder.record(run())
    with pytest.raises(StoreError, match="disk full"):
        await recorder.room()
    await recorder.room()
    assert len(groups.runs) == 1
    await recorder.close()


async def test_what_cannot_be_written_at_the_end_is_told(groups: Groups, reports: Reports) -> None:
    recorder = Recorder(groups.add, report=reporter(reports))
    groups.failures = [StoreError("disk full")] * 9
    recorder.record(run())
    with pytest.raises(StoreError, match="disk full"):
        await recorder.close()
    assert recorder.dropped == 1
    assert reports[-1] == ("the store could not be written before the end", 1)


async def test_a_defect_below_reaches_who_waits_and_keeps_the_runs(
    groups: Groups, reports: Reports
) -> None:
    recorder = Recorder(groups.add, report=reporter(reports))
    groups.failures = [ZeroDivisionError("defect")]
    recorder.record(run())
    with pytest.raises(StoreError, match="defect"):
        await recorder.flush()
    await recorder.flush()
    assert len(groups.runs) == 1
    await recorder.close()


async def test_only_the_run_that_the_store_refuses_is_dropped(
    store: Store, reports: Reports
) -> None:
    recorder = Recorder(store.runs.add, report=reporter(reports))
    there = run()
    await store.runs.add([there])
    good = [run(latency_ms=n) for n in range(20)]
    bad = [there, run(version_id=IDS()), run(output="\0"), run(input=object())]
    for n, each in enumerate(good):
        recorder.record(each)
        if n % 5 == 0:
            recorder.record(bad[n // 5])
    await recorder.flush()
    kept = {each.id for each in await store.runs.page(RunFilter(), 100)}
    assert kept == {there.id} | {each.id for each in good}
    assert recorder.dropped == len(reports) == 4
    whys = " ".join(why for why, _ in reports)
    assert all(word in whys for word in ("recorded already", "does not exist", "NUL", "JSON"))
    (stat,) = await store.runs.stats("model", StatFilter())
    assert stat.runs == 21
    await recorder.close()


async def test_a_store_locked_by_another_process_is_waited_for(
    store: Store, reports: Reports, tmp_path: Path
) -> None:
    import sqlite3

    recorder = Recorder(store.runs.add, report=reporter(reports))
    with closing(sqlite3.connect(tmp_path / "b.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for _ in range(10):
            recorder.record(run())
        flushing = asyncio.create_task(recorder.flush())
        await asyncio.sleep(0.1)
        assert not flushing.done()
        other.execute("COMMIT")
        await flushing
    assert await store.runs.count(RunFilter()) == 10
    await recorder.close()
    assert reports == []


async def test_uses_of_prompts_are_added_up_in_the_same_moments(
    store: Store, reports: Reports
) -> None:
    counted: list[dict[str, int]] = []

    async def use(counts: Mapping[str, int]) -> None:
        counted.append(dict(counts))
        await store.prompts.use_many(counts)

    recorder = Recorder(store.runs.add, report=reporter(reports), use=use)
    new = Prompt(id=IDS(), name="a", created_at=NOON, updated_at=NOON)
    messages = (Message("user", "x"),)
    draft = Draft(id=IDS(), messages=messages, content_hash="", created_at=NOON)
    await store.prompts.add(new, draft)
    for _ in range(100):
        recorder.record_use(new.id)
    await recorder.flush()
    found = await store.prompts.by_name("a")
    assert found is not None
    assert found.usage_count == 100
    assert counted == [{new.id: 100}]
    await recorder.close()


async def test_uses_survive_a_store_that_fails_for_a_while(
    groups: Groups, reports: Reports
) -> None:
    failures: list[Exception] = [StoreError("locked")]
    counted: list[dict[str, int]] = []

    async def use(counts: Mapping[str, int]) -> None:
        if failures:
            raise failures.pop()
        counted.append(dict(counts))

    recorder = Recorder(groups.add, report=reporter(reports), use=use)
    recorder.record_use("p")
    with pytest.raises(StoreError):
        await recorder.flush()
    recorder.record_use("p")
    await recorder.flush()
    assert sum(each["p"] for each in counted) == 2
    failures.append(UsageError("odd"))
    recorder.record_use("p")
    await recorder.close()
    assert recorder.dropped == 1
    with pytest.raises(UsageError, match="counts no uses"):
        Recorder(groups.add, report=reporter(reports)).record_use("p")


async def test_a_caller_that_is_cancelled_leaves_the_others_alone(
    groups: Groups, reports: Reports
) -> None:
    recorder = Recorder(groups.add, report=reporter(reports))
    groups.gate.clear()
    recorder.record(run())
    waiting: list[Awaitable[None]] = [asyncio.create_task(recorder.flush()) for _ in range(3)]
    await asyncio.sleep(0)
    assert isinstance(waiting[0], asyncio.Task)
    waiting[0].cancel()
    await asyncio.sleep(0)
    groups.gate.set()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert results[1:] == [None, None]
    assert len(groups.runs) == 1
    await recorder.close()
