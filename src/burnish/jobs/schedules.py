"""Jobs that begin at set times, by whichever worker looks first."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from burnish.errors import Conflict, NotFound, UsageError
from burnish.jobs.cron import next_after
from burnish.storage.job import Job
from burnish.storage.jobs import Schedule, Schedules
from burnish.storage.store import Store

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class AsyncSchedules:
    """`p.schedules`. A worker has to run for a schedule to be kept; one that was due while none
    ran is begun once, as soon as one does."""

    def __init__(
        self,
        open_store: Callable[[], Awaitable[Store]],
        check: Callable[[str, Mapping[str, Any]], Awaitable[object]],
        who: Callable[[], str],
        *,
        new_id: Callable[[], str],
        run: Callable[[Job], None],
    ) -> None:
        self._open_store = open_store
        self._check = check
        self._who = who
        self._new_id = new_id
        self._run = run

    async def add(
        self,
        name: str,
        kind: str,
        cron: str,
        *,
        zone: str = "UTC",
        input: dict[str, Any] | None = None,  # noqa: A002 - the word of the struct
    ) -> Schedule:
        """Begins a job of `kind` whenever the cron expression (five fields, or @hourly, @daily,
        @weekly, @monthly) says so in the time zone. A job is not begun while the one before has
        not ended.

        Raises UsageError for a name, a kind, an input or an expression that cannot be, NotFound
        for what the input names and is not there, Conflict when the name is taken.
        """
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{name[:80]!r} is no name for a schedule",
                hint="use up to 64 of a-z, 0-9, dot, dash and underscore",
            )
        then = next_after(cron, zone, now := datetime.now(UTC))
        await self._check(kind, input or {})
        schedule = Schedule(
            name=name,
            kind=kind,
            cron=cron,
            zone=zone,
            input=input or {},
            next_at=then,
            who=self._who(),
            created_at=now,
        )
        await (await self._schedules()).add(schedule)
        return schedule

    async def list(self) -> list[Schedule]:
        """In the order of their names."""
        return await (await self._schedules()).all()

    async def get(self, name: str) -> Schedule:
        """Raises NotFound."""
        for schedule in await self.list():
            if schedule.name == name:
                return schedule
        raise _unknown(name)

    async def remove(self, name: str) -> None:
        """Jobs that it began stay. Raises NotFound."""
        if not await (await self._schedules()).remove(name):
            raise _unknown(name)

    async def pause(self, name: str) -> Schedule:
        """Raises NotFound."""
        return await self._set(name, paused=True)

    async def resume(self, name: str) -> Schedule:
        """What was due meanwhile is left out. Raises NotFound."""
        return await self._set(name, paused=False)

    async def begin(self, name: str) -> Job:
        """Begins the job of a schedule now, in this process unless a worker takes it first, be it
        paused or not; its next time stays as it is. Raises NotFound, and Conflict while the job
        that it began before has not ended."""
        schedule = await self.get(name)
        job = _job_of(schedule, self._new_id(), now := datetime.now(UTC))
        if not await (await self._schedules()).begin(name, now, job):
            before = (await self.get(name)).last_job
            raise Conflict(
                f"the job that {name} began before has not ended",
                hint=f"follow it with burnish jobs watch {before}, or end it with jobs cancel",
                subject=name,
            )
        self._run(job)
        return job

    async def _set(self, name: str, *, paused: bool) -> Schedule:
        schedule = await self.get(name)
        then = next_after(schedule.cron, schedule.zone, datetime.now(UTC))
        await (await self._schedules()).pause(name, paused=paused, next_at=then)
        return await self.get(name)

    async def _schedules(self) -> Schedules:
        return (await self._open_store()).schedules


async def fire_due(
    store: Store,
    kinds: Sequence[str],
    new_id: Callable[[], str],
    warn: Callable[[str, str], None],
) -> None:
    """Queues a job for each schedule of these kinds that is due."""
    now = datetime.now(UTC)
    for schedule in await store.schedules.due(now):
        if schedule.kind not in kinds:
            continue
        job = _job_of(schedule, new_id(), now)
        try:
            then = next_after(schedule.cron, schedule.zone, now)
        except UsageError as error:
            # A machine without that zone leaves it to others.
            warn(f"the schedule {schedule.name!r}", str(error))
            continue
        await store.schedules.fire(schedule, then, now, job)


def _job_of(schedule: Schedule, job_id: str, now: datetime) -> Job:
    return Job(
        id=job_id,
        kind=schedule.kind,
        subject=schedule.name,
        input=schedule.input,
        who=schedule.who,
        created_at=now,
    )


def _unknown(name: str) -> NotFound:
    return NotFound(
        f"there is no schedule {name!r}", hint="see burnish schedule list", subject=name
    )
