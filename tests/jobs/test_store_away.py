"""A store that is away while jobs run: they go on, or stop and begin again; nothing hangs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.jobs.conftest import Bench, Make, until, until_state

from burnish.errors import StoreError
from burnish.jobs.rules import Rules
from burnish.storage.sql import SqlStore


class Away:
    """Has the store refuse what is asked of its jobs, as long as it is on."""

    def __init__(self, store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
        self.on = False
        self.refused = 0
        for name in ("claim", "beat", "end", "put_back", "let_go", "lost", "held", "unended"):
            monkeypatch.setattr(store.jobs, name, self._guarded(getattr(store.jobs, name)))

    def _guarded(self, method: Any) -> Any:
        async def call(*args: Any, **options: Any) -> Any:
            if self.on:
                self.refused += 1
                raise StoreError("the disk is full")
            return await method(*args, **options)

        return call


@pytest.fixture
def away(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> Away:
    return Away(store, monkeypatch)


async def test_a_job_outlives_a_short_absence_of_the_store(
    make: Make, bench: Bench, away: Away
) -> None:
    runner = make()
    job = await runner.submit("hold")
    await until(lambda: bench.began)
    away.on = True
    await until(lambda: away.refused >= 3)
    bench.gate.set()
    await until(lambda: away.refused >= 6)
    away.on = False
    done = await runner.wait(job.id)
    assert (done.state, done.attempts, bench.stopped) == ("done", 1, [])


async def test_work_stops_when_nobody_can_say_whose_it_is(
    make: Make, bench: Bench, away: Away
) -> None:
    runner = make(rules=Rules(lease_s=0.5, look_s=0.05, retries=3))
    job = await runner.submit("hold", subject="j")
    await until(lambda: bench.began)
    away.on = True
    await until(lambda: bench.stopped == ["j"])
    bench.gate.set()
    away.on = False
    # Nobody else is there: the same process takes it up again.
    done = await runner.wait(job.id)
    assert (done.state, done.attempts, done.failures) == ("done", 2, 1)
    assert bench.began == ["j", "j"]
    assert any("the disk is full" in each for each in bench.warnings)


async def test_an_end_that_cannot_be_written_is_told_and_the_job_begins_again(
    make: Make, bench: Bench, away: Away
) -> None:
    runner = make(rules=Rules(lease_s=0.3, look_s=0.05))
    job = await runner.submit("hold")
    await until(lambda: bench.began)
    away.on = True
    bench.gate.set()
    await until(lambda: any("could not be written" in each for each in bench.warnings))
    away.on = False
    assert (await runner.wait(job.id)).attempts == 2


async def test_closing_does_not_wait_for_a_store_that_is_away(
    make: Make, bench: Bench, away: Away
) -> None:
    runner = make(rules=Rules(lease_s=600, look_s=0.05))
    await runner.submit("hold", subject="j")
    await until(lambda: bench.began)
    away.on = True
    await runner.close()
    assert bench.stopped == ["j"]
    assert any("the disk is full" in each for each in bench.warnings)


async def test_a_worker_waits_for_the_store_and_says_so_once(
    make: Make, bench: Bench, away: Away
) -> None:
    runner = make()
    away.on = True
    with pytest.raises(StoreError, match="disk is full"):
        await runner.work(once=True)
    worker = asyncio.create_task(runner.work())
    await until(lambda: away.refused >= 4)
    away.on = False
    job = await make().submit("quick", here=False)
    await until_state(runner, job, "done")
    worker.cancel()
    assert bench.warnings == ["the worker waits for the store: the disk is full"]


async def test_a_database_file_that_goes_away_and_comes_back(
    make: Make, bench: Bench, tmp_path: Path
) -> None:
    runner = make()
    job = await runner.submit("hold", subject="j")
    await until(lambda: bench.began)
    path, elsewhere = tmp_path / "store.sqlite", tmp_path / "moved.sqlite"
    path.rename(elsewhere)
    with pytest.raises(StoreError):
        await runner.wait(job.id)
    elsewhere.rename(path)
    bench.gate.set()
    assert (await runner.wait(job.id)).state == "done"
