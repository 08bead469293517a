from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import structs
from sqlalchemy import (
    ColumnElement,
    RowMapping,
    Select,
    String,
    Update,
    and_,
    cast,
    delete,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from burnish.storage.job import ENDED, Job, JobState, Progress
from burnish.storage.jobs import Ending, Lease
from burnish.storage.sql.database import Database
from burnish.storage.tables import jobs

_c = jobs.c
_FIELDS = Job.__struct_fields__


class SqlJobs:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, job: Job, key: str = "") -> Job:
        try:
            async with self._database.writing() as connection:
                if key and (there := await _first(connection, select(jobs).where(_c.key == key))):
                    return there
                await insert_job(connection, job, key)
        except IntegrityError:
            # SQLite's writer holds the lock from its beginning; elsewhere somebody may have been
            # faster since the look above.
            async with self._database.reading() as connection:
                there = await _first(connection, select(jobs).where(_c.key == key))
            if there is None:
                raise
            return there
        return job

    async def by_prefix(self, job_id: str, limit: int) -> list[Job]:
        query = select(jobs).where(cast(_c.id, String).startswith(job_id, autoescape=True))
        return await self._all(query.order_by(_c.id).limit(limit))

    async def page(
        self, *, state: JobState | None = None, kind: str = "", limit: int = 50
    ) -> list[Job]:
        query = select(jobs).order_by(_c.id.desc()).limit(limit)
        if state is not None:
            query = query.where(_c.state == state)
        if kind:
            query = query.where(_c.kind == kind)
        return await self._all(query)

    async def claim(
        self,
        kinds: Sequence[str],
        worker: str,
        now: datetime,
        until: datetime,
        *,
        ids: Sequence[str] | None = None,
    ) -> tuple[Job, Lease] | None:
        query = _claimable(kinds, ids, now)
        # Most looks find nothing, and need not take the writer's lock for it.
        async with self._database.reading() as connection:
            if await connection.scalar(query) is None:
                return None
        async with self._database.writing() as connection:
            found = await connection.scalar(query.with_for_update(skip_locked=True))
            if found is None:
                return None
            begun: dict[str, Any] = {
                "state": "running",
                "worker": worker,
                "attempts": _c.attempts + 1,
                "started_at": now,
                "heard_at": now,
                "leased_until": until,
            }
            await connection.execute(update(jobs).where(_c.id == found).values(begun))
            job = await _first(connection, select(jobs).where(_c.id == found))
        assert job is not None
        return job, Lease(job_id=job.id, worker=worker, attempt=job.attempts)

    async def beat(
        self, lease: Lease, now: datetime, until: datetime, progress: Progress | None
    ) -> bool:
        values: dict[str, Any] = {"heard_at": now, "leased_until": until}
        if progress is not None:
            values["progress"] = progress
        return await self._changed(_held(lease).values(values))

    async def end(self, lease: Lease, now: datetime, ending: Ending) -> bool:
        error = self._database.keeping.text(ending.error)
        values = structs.asdict(ending) | {"error": error}
        values |= {"ended_at": now, "heard_at": now, "leased_until": None}
        return await self._changed(_held(lease).values(values))

    async def put_back(
        self, lease: Lease, not_before: datetime, progress: Progress, error: str = ""
    ) -> bool:
        values: dict[str, Any] = {
            "state": "queued",
            "not_before": not_before,
            "progress": progress,
            "error": self._database.keeping.text(error),
            "failures": _c.failures + (1 if error else 0),
            "leased_until": None,
        }
        return await self._changed(_held(lease).values(values))

    async def let_go(self, lease: Lease) -> None:
        mine = and_(_c.worker == lease.worker, _c.attempts == lease.attempt)
        freed = update(jobs).where(_c.id == lease.job_id, mine, _c.state != "running")
        await self._changed(freed.values(leased_until=None))

    async def cancel(self, job_id: str, now: datetime) -> bool:
        ending = update(jobs).where(_c.id == job_id, _c.state.in_(("queued", "running")))
        return await self._changed(ending.values(state="cancelled", ended_at=now))

    async def resume(self, job: Job, now: datetime, *, gone: bool) -> bool:
        values: dict[str, Any] = {
            "state": "queued",
            "input": job.input,
            "error": "",
            "failures": 0,
            "not_before": now,
            "ended_at": None,
        }
        if gone:
            values["leased_until"] = None
        return await self._changed(_unchanged(job).values(values))

    async def unended(self, ids: Sequence[str]) -> set[str]:
        query = select(_c.id).where(_c.id.in_(ids), _c.state.not_in(ENDED))
        async with self._database.reading() as connection:
            return set(await connection.scalars(query))

    async def lost(self, now: datetime) -> list[Job]:
        query = select(jobs).where(_c.state == "running", _c.leased_until < now)
        return await self._all(query.order_by(_c.id))

    async def held(self, host: str) -> list[Job]:
        mine = _c.worker.startswith(host, autoescape=True)
        return await self._all(select(jobs).where(_c.state == "running", mine).order_by(_c.id))

    async def reap(self, job: Job, now: datetime, error: str, *, fails: bool) -> bool:
        values: dict[str, Any] = {
            "state": "failed" if fails else "queued",
            "error": error,
            "failures": _c.failures + 1,
            "not_before": now,
            "leased_until": None,
            "ended_at": now if fails else None,
        }
        return await self._changed(_unchanged(job).values(values))

    async def forget(self, before: datetime) -> int:
        async with self._database.writing() as connection:
            gone = delete(jobs).where(_c.state.in_(ENDED), _c.ended_at < before)
            return (await connection.execute(gone)).rowcount

    async def _changed(self, statement: Update) -> bool:
        async with self._database.writing() as connection:
            return bool((await connection.execute(statement)).rowcount)

    async def _all(self, query: Select[Any]) -> list[Job]:
        async with self._database.reading() as connection:
            result = await connection.execute(query)
        return [_job_of(row) for row in result.mappings()]


async def insert_job(connection: AsyncConnection, job: Job, key: str = "") -> None:
    values = structs.asdict(job) | {"key": key or None, "not_before": job.created_at}
    await connection.execute(insert(jobs).values(values))


async def _first(connection: AsyncConnection, query: Select[Any]) -> Job | None:
    row = (await connection.execute(query)).mappings().first()
    return None if row is None else _job_of(row)


def _claimable(kinds: Sequence[str], ids: Sequence[str] | None, now: datetime) -> Select[Any]:
    free: ColumnElement[bool] = or_(_c.leased_until.is_(None), _c.leased_until < now)
    query = select(_c.id).where(_c.state == "queued", _c.kind.in_(kinds), free)
    if ids is not None:
        query = query.where(_c.id.in_(ids))
    return query.where(_c.not_before <= now).order_by(_c.priority.desc(), _c.id).limit(1)


def _held(lease: Lease) -> Update:
    return update(jobs).where(
        _c.id == lease.job_id,
        _c.state == "running",
        _c.worker == lease.worker,
        _c.attempts == lease.attempt,
    )


def _unchanged(job: Job) -> Update:
    heard = _c.heard_at.is_(None) if job.heard_at is None else _c.heard_at == job.heard_at
    return update(jobs).where(
        _c.id == job.id, _c.state == job.state, _c.attempts == job.attempts, heard
    )


def _job_of(row: RowMapping) -> Job:
    return Job(**{name: row[name] for name in _FIELDS})
