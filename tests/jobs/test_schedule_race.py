"""A worker that finds a schedule due, beside people who begin it by hand: one job comes of it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

from burnish.storage.ids import Ids
from burnish.storage.job import Job
from burnish.storage.jobs import Schedule
from burnish.storage.sqlite import open_sqlite

ROUNDS = 40
AT = datetime(2026, 3, 1, tzinfo=UTC)
SCHEDULE = Schedule(
    name="nightly", kind="backup", cron="0 3 * * *", zone="UTC", next_at=AT, created_at=AT
)


def _times(number: int) -> tuple[datetime, datetime]:
    return AT + timedelta(days=number), AT + timedelta(days=number + 1)


def test_of_a_worker_and_two_people_exactly_one_begins_the_job(tmp_path: Path) -> None:
    path, together, new_id = tmp_path / "store.sqlite", Barrier(3, timeout=60), Ids()

    async def take_part(*, by_hand: bool, tidies: bool) -> list[bool]:
        store = await open_sqlite(path)
        won: list[bool] = []
        for number in range(ROUNDS):
            now, then = _times(number)
            if tidies:
                for each in await store.jobs.page(state="queued"):
                    await store.jobs.cancel(each.id, now)
            await asyncio.to_thread(together.wait)
            (read,) = await store.schedules.all()
            await asyncio.to_thread(together.wait)
            job = Job(id=new_id(), kind="backup", created_at=now)
            if by_hand:
                won.append(await store.schedules.begin("nightly", now, job))
            else:
                won.append(await store.schedules.fire(read, then, now, job))
            await asyncio.to_thread(together.wait)
        await store.close()
        return won

    async def prepare() -> None:
        store = await open_sqlite(path)
        await store.schedules.add(SCHEDULE)
        await store.close()

    asyncio.run(prepare())
    with ThreadPoolExecutor(3) as threads:
        parts = [
            threads.submit(asyncio.run, take_part(by_hand=n > 0, tidies=n == 0)) for n in range(3)
        ]
        won = [each.result() for each in parts]
    assert [sum(each) for each in zip(*won, strict=True)] == [1] * ROUNDS
    # Else nothing was raced for.
    assert any(won[0])
    assert any(won[1])
