from __future__ import annotations

from datetime import datetime

from msgspec import structs
from sqlalchemy import Select, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from burnish.errors import Conflict
from burnish.storage.job import ENDED, Job
from burnish.storage.jobs import Schedule
from burnish.storage.sql.database import Database
from burnish.storage.sql.jobs import insert_job
from burnish.storage.tables import jobs, schedules

_c = schedules.c


class SqlSchedules:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, schedule: Schedule) -> None:
        try:
            async with self._database.writing() as connection:
                await connection.execute(insert(schedules), structs.asdict(schedule))
        except IntegrityError as error:
            raise Conflict(
                f"there is a schedule {schedule.name!r} already",
                hint="name another, or remove that one first",
                subject=schedule.name,
            ) from error

    async def all(self) -> list[Schedule]:
        return await self._all(select(schedules).order_by(_c.name))

    async def remove(self, name: str) -> bool:
        async with self._database.writing() as connection:
            gone = await connection.execute(delete(schedules).where(_c.name == name))
        return bool(gone.rowcount)

    async def pause(self, name: str, *, paused: bool, next_at: datetime) -> bool:
        changed = update(schedules).where(_c.name == name).values(paused=paused, next_at=next_at)
        async with self._database.writing() as connection:
            return bool((await connection.execute(changed)).rowcount)

    async def due(self, now: datetime) -> list[Schedule]:
        query = select(schedules).where(_c.next_at <= now, _c.paused.is_(False))
        return await self._all(query.order_by(_c.next_at, _c.name))

    async def fire(self, schedule: Schedule, next_at: datetime, now: datetime, job: Job) -> bool:
        same = (_c.name == schedule.name, _c.next_at == schedule.next_at, _c.paused.is_(False))
        async with self._database.writing() as connection:
            moved = update(schedules).where(*same).values(next_at=next_at)
            if not (await connection.execute(moved)).rowcount:
                return False
            return await _begun(connection, schedule.name, now, job)

    async def begin(self, name: str, now: datetime, job: Job) -> bool:
        async with self._database.writing() as connection:
            return await _begun(connection, name, now, job)

    async def _all(self, query: Select[tuple[object, ...]]) -> list[Schedule]:
        async with self._database.reading() as connection:
            result = await connection.execute(query)
        return [Schedule(**row) for row in result.mappings()]


async def _begun(connection: AsyncConnection, name: str, now: datetime, job: Job) -> bool:
    """Adds the job, unless the one that the schedule began before has not ended: by what the row
    says now, for somebody may have begun one since it was read. Who begins one holds the row until
    the transaction ends, so that of several at once the others see its job."""
    # SQLite's writer holds the lock from its beginning, and takes no FOR UPDATE.
    held = select(_c.last_job).where(_c.name == name).with_for_update()
    last = await connection.scalar(held)
    if last is None:  # it was removed
        return False
    unended = select(jobs.c.id).where(jobs.c.id == last, jobs.c.state.not_in(ENDED))
    if last and await connection.scalar(unended):
        return False
    begun = update(schedules).where(_c.name == name).values(last_at=now, last_job=job.id)
    await connection.execute(begun)
    await insert_job(connection, job)
    return True
