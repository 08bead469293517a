"""Jobs in this process, kept in the store: nothing else is needed, and any process may help."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from burnish.errors import Conflict, NotFound, StoreError, UsageError
from burnish.jobs.crew import Crew
from burnish.jobs.job import Work
from burnish.jobs.process import is_gone
from burnish.jobs.reaper import reap
from burnish.jobs.rules import Rules
from burnish.jobs.worker import Worked, Worker
from burnish.storage.job import ENDED, Job, JobState
from burnish.storage.jobs import Jobs
from burnish.storage.store import Store

MAX_INPUT_BYTES = 256 * 1024
_KEY_CHARS = 200
_MOST_URGENT = 1_000_000
_LOOK_S = 0.25


class InlineRunner:
    """`p.jobs`. A job that is submitted here is run here, by one task of this process or, where a
    worker is faster, by that."""

    def __init__(
        self,
        open_store: Callable[[], Awaitable[Store]],
        kinds: Mapping[str, Work],
        *,
        new_id: Callable[[], str],
        who: Callable[[], str],
        warn: Callable[[str, str], None],
        rules: Rules | None = None,
        at_once: int = 2,
    ) -> None:
        self._open_store = open_store
        self._kinds = kinds
        self._new_id = new_id
        self._who = who
        self._warn = warn
        self._rules = rules or Rules()
        self._crew = Crew(open_store, kinds, self._rules, warn, size=at_once)
        self._here: set[str] = set()
        self._pump: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def kinds(self) -> tuple[str, ...]:
        """What work there is, by name."""
        return tuple(sorted(self._kinds))

    async def submit(
        self,
        kind: str,
        input: dict[str, Any] | None = None,  # noqa: A002 - the word of the struct
        *,
        subject: str = "",
        key: str = "",
        priority: int = 0,
        who: str = "",
        here: bool = True,
    ) -> Job:
        """Queues it. With a `key`, a job of that key which is there is given instead of a new
        one. The job is run in this process, unless a worker takes it first, or `here` is false and
        it is left to workers. `input` is small plain JSON: ids, names, paths.

        Raises UsageError for an unknown kind, or an input that is too large or no JSON.
        """
        plain = self.check(kind, input)
        if abs(priority) > _MOST_URGENT or len(key) > _KEY_CHARS:
            raise UsageError(
                f"a priority of {priority} or a key of {len(key)} characters is too much",
                hint=f"use -{_MOST_URGENT} to {_MOST_URGENT}, and {_KEY_CHARS} characters",
            )
        job = Job(
            id=self._new_id(),
            kind=kind,
            subject=subject,
            input=plain,
            priority=priority,
            who=who or self._who(),
            created_at=datetime.now(UTC),
        )
        job = await (await self._jobs()).add(job, key)
        if here and job.state not in ENDED:
            self._run_here(job.id)
        return job

    def check(self, kind: str, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The input as plain JSON. Raises UsageError for an unknown kind, or an input that is too
        large or no JSON."""
        if kind not in self._kinds:
            raise UsageError(
                f"there is no work of the kind {kind!r}",
                hint=f"use one of {', '.join(self.kinds)}",
                subject=kind,
            )
        return _checked(given or {})

    async def get(self, job_id: str) -> Job:
        """By its id, or a beginning of it that no other job has. Raises NotFound, or Conflict when
        several ids begin so."""
        found = await (await self._jobs()).by_prefix(job_id, 2) if job_id else []
        if not found:
            raise NotFound(
                f"no job has the id {job_id!r}", hint="see burnish jobs list", subject=job_id
            )
        if len(found) > 1:
            raise Conflict(
                f"more than one job has an id that begins with {job_id!r}", hint="give more of it"
            )
        return found[0]

    async def list(
        self, *, state: JobState | None = None, kind: str = "", limit: int = 50
    ) -> list[Job]:
        """Newest first."""
        if limit < 1:
            raise UsageError(f"{limit} jobs cannot be listed", hint="give 1 or more")
        return await (await self._jobs()).page(state=state, kind=kind, limit=limit)

    async def cancel(self, job_id: str) -> Job:
        """Ends it, running or not; one that has ended stays as it is. Work that runs is stopped
        within a second or two, also in another process."""
        job = await self.get(job_id)
        await (await self._jobs()).cancel(job.id, datetime.now(UTC))
        self._crew.look(job.id)
        return await self.get(job.id)

    async def resume(
        self,
        job_id: str,
        *,
        input: dict[str, Any] | None = None,  # noqa: A002 - the word of the struct
        here: bool = True,
    ) -> Job:
        """Queues one that failed, was cancelled, or whose process is gone; what its work wrote
        down as done is not done again. One that is queued already is begun at once. An `input`
        takes the place of the one that it was submitted with.

        Raises Conflict for one that is done or running, UsageError as `submit` does.
        """
        jobs = await self._jobs()
        await reap(jobs, self._rules.retries)
        job = await self.get(job_id)
        if job.state in ("done", "running"):
            raise Conflict(
                f"job {job.id} is {job.state}",
                hint="submit another" if job.state == "done" else "cancel it first, or wait for it",
                subject=job.id,
            )
        plain = self.check(job.kind, job.input if input is None else input)
        job = msgspec.structs.replace(job, input=plain)
        if not await jobs.resume(job, datetime.now(UTC), gone=is_gone(job.worker)):
            raise Conflict(
                f"job {job.id} changed meanwhile", hint="look at it again", subject=job.id
            )
        if here:
            self._run_here(job.id)
        return await self.get(job.id)

    def begin(self, job: Job) -> None:
        """Runs here what was left to workers, unless one of them takes it first."""
        self._run_here(job.id)

    async def watch(self, job_id: str) -> AsyncGenerator[Job]:
        """The job whenever it changed; the last one has ended."""
        seen, begun = None, self._crew.begun
        job = await self.get(job_id)
        while True:
            now = msgspec.structs.replace(job, heard_at=None)
            if now != seen:
                seen = now
                yield job
            if job.state in ENDED:
                return
            if job.state == "running" and self._is_lost(job):
                await reap(await self._jobs(), self._rules.retries)
            await self._crew.wait_for(job.id, begun, _LOOK_S)
            begun = self._crew.begun
            job = await self.get(job.id)

    async def wait(self, job_id: str) -> Job:
        """When it has ended."""
        job = None
        async for job in self.watch(job_id):  # noqa: B007 - the last one is the result
            pass
        assert job is not None
        return job

    async def forget(self, before: datetime) -> int:
        """Deletes the jobs that ended before that and tells how many."""
        return await (await self._jobs()).forget(before)

    async def work(
        self,
        *,
        kinds: Sequence[str] = (),
        once: bool = False,
        told: Callable[[Job], None] | None = None,
    ) -> Worked:
        """Runs queued jobs of all `kinds`, or of these, and what schedules are due, until it is
        cancelled; with `once`, until nothing is left to do. `told` hears of each job that begins
        and ends."""
        for kind in kinds:
            self.check(kind)
        worker = Worker(self._open_store, self._crew, kinds or self.kinds, self._new_id, self._warn)
        return await worker.run(once=once, told=told)

    async def close(self) -> None:
        """Stops what runs here and queues it again; another process, or `resume`, goes on."""
        self._closed = True
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.wait({self._pump})
        await self._crew.close()

    def _is_lost(self, job: Job) -> bool:
        heard = job.heard_at
        silent = heard is None or (datetime.now(UTC) - heard).total_seconds() > self._rules.lease_s
        return silent or is_gone(job.worker)

    async def _jobs(self) -> Jobs:
        return (await self._open_store()).jobs

    def _run_here(self, job_id: str) -> None:
        if self._closed:
            raise UsageError("the platform is closed", hint="open another")
        self._here.add(job_id)
        self._crew.wake()
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._run_all(), name="burnish-jobs")

    async def _run_all(self) -> None:
        """Until every job that was submitted here has ended, here or elsewhere."""
        while self._here:
            turn = self._crew.turn
            try:
                jobs = await self._jobs()
                await self._crew.reap(jobs)
                while await self._crew.take(ids=sorted(self._here)):
                    pass
                known = set(self._here)
                self._here -= known - await jobs.unended(sorted(known))
            except StoreError as error:
                self._warn("queued jobs wait", str(error))
            if self._here:
                await self._crew.wait(turn, self._rules.look_s)


def _checked(given: Mapping[str, Any]) -> dict[str, Any]:
    try:
        content = msgspec.json.encode(dict(given))
    except (TypeError, ValueError, OverflowError) as error:
        raise UsageError(
            f"the input of a job is no JSON: {error}", hint="give plain values"
        ) from None
    if len(content) > MAX_INPUT_BYTES:
        raise UsageError(
            f"the input of a job has more than {MAX_INPUT_BYTES >> 10} KiB",
            hint="give an id or a path, and let the work read the rest",
        )
    plain: dict[str, Any] = msgspec.json.decode(content)
    return plain
