"""The port to jobs and schedules: each step of a job's life is one step of the store.

A process holds a job by a `Lease`. What it writes under a lease that it lost is refused, so of
two processes that both take themselves for a job's own, one alone is heard.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec

from burnish.storage.job import Job, JobState, Progress


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """`attempt` is the fence: it grows each time that somebody begins the job."""

    job_id: str
    worker: str
    attempt: int


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """How a job ended, with the progress that it made."""

    state: JobState
    result: Any = None
    error: str = ""
    progress: Progress


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """Begins a job of `kind` with `input` whenever `cron` says so in the time `zone`. `next_at` is
    when that is next; `last_job` is the id of the job that it began last, empty before that."""

    name: str
    kind: str
    cron: str
    zone: str = "UTC"
    input: dict[str, Any] = {}
    paused: bool = False
    next_at: datetime
    last_at: datetime | None = None
    last_job: str = ""
    who: str = ""
    created_at: datetime


class Jobs(Protocol):
    async def add(self, job: Job, key: str = "") -> Job:
        """A new job that is queued. With a key that a job has already, that one is given."""
        ...

    async def by_prefix(self, job_id: str, limit: int) -> list[Job]:
        """Those whose id begins so, in the order of their ids."""
        ...

    async def page(
        self, *, state: JobState | None = None, kind: str = "", limit: int = 50
    ) -> list[Job]:
        """Newest first."""
        ...

    async def claim(
        self,
        kinds: Sequence[str],
        worker: str,
        now: datetime,
        until: datetime,
        *,
        ids: Sequence[str] | None = None,
    ) -> tuple[Job, Lease] | None:
        """Begins the queued job of these kinds (and `ids`, if given) that goes first and that
        nobody holds: the highest priority, then the oldest. It is held until `until`."""
        ...

    async def beat(
        self, lease: Lease, now: datetime, until: datetime, progress: Progress | None
    ) -> bool:
        """Holds the job longer, and writes how far it is. False where the lease was lost: the job
        was cancelled, or taken over."""
        ...

    async def end(self, lease: Lease, now: datetime, ending: Ending) -> bool:
        """False, and nothing written, where the lease was lost."""
        ...

    async def put_back(
        self, lease: Lease, not_before: datetime, progress: Progress, error: str = ""
    ) -> bool:
        """Queues it again from `not_before` on; with an `error`, that counts as a failure. False
        where the lease was lost."""
        ...

    async def let_go(self, lease: Lease) -> None:
        """The work of a job that was cancelled has ended, and another may begin it."""
        ...

    async def cancel(self, job_id: str, now: datetime) -> bool:
        """Ends a job that is queued or running; whether it was."""
        ...

    async def resume(self, job: Job, now: datetime, *, gone: bool) -> bool:
        """Queues it, with the input that `job` has and no failures counted, if nobody changed it
        since it was read. `gone` says that the process which held it is known to be dead; without
        it, a job that is held is begun when its work has let go. Whether it was done."""
        ...

    async def unended(self, ids: Sequence[str]) -> set[str]:
        """Those of the ids whose jobs are queued or running."""
        ...

    async def lost(self, now: datetime) -> list[Job]:
        """Running, but held no longer."""
        ...

    async def held(self, host: str) -> list[Job]:
        """Running, under a worker whose name begins so."""
        ...

    async def reap(self, job: Job, now: datetime, error: str, *, fails: bool) -> bool:
        """Queues a running job again whose process is gone, or ends it where it `fails`, if nobody
        was heard of since it was read. Whether it was done."""
        ...

    async def forget(self, before: datetime) -> int:
        """Deletes the jobs that ended before that and tells how many."""
        ...


class Schedules(Protocol):
    async def add(self, schedule: Schedule) -> None:
        """Raises Conflict when there is one of that name."""
        ...

    async def all(self) -> list[Schedule]:
        """In the order of their names."""
        ...

    async def remove(self, name: str) -> bool:
        """Whether there was one."""
        ...

    async def pause(self, name: str, *, paused: bool, next_at: datetime) -> bool:
        """Whether there is one."""
        ...

    async def due(self, now: datetime) -> list[Schedule]:
        """Those to begin now, in the order of their times."""
        ...

    async def fire(self, schedule: Schedule, next_at: datetime, now: datetime, job: Job) -> bool:
        """Adds the job and moves the schedule on, unless somebody else did. While the job that it
        began before has not ended, the schedule moves on without a new one. Whether the job was
        added."""
        ...

    async def begin(self, name: str, now: datetime, job: Job) -> bool:
        """Adds the job as one that the schedule has begun, whose next time stays, unless the one
        before has not ended. Whether it was added."""
        ...
