"""The jobs that this process runs, a bounded number at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from burnish.jobs.attempt import Attempt
from burnish.jobs.job import Work
from burnish.jobs.process import own_name
from burnish.jobs.reaper import reap
from burnish.jobs.rules import Rules
from burnish.storage.job import Job
from burnish.storage.jobs import Jobs
from burnish.storage.store import Store

_REAP_S = 5.0


class Crew:
    def __init__(
        self,
        open_store: Callable[[], Awaitable[Store]],
        kinds: Mapping[str, Work],
        rules: Rules,
        warn: Callable[[str, str], None],
        *,
        size: int,
    ) -> None:
        self.kinds = kinds
        self.rules = rules
        self._open_store = open_store
        self._warn = warn
        self._size = size
        self._name = own_name()
        self._attempts: dict[str, Attempt] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        # Made anew whenever something was queued or has ended, or has begun.
        self.turn = asyncio.Event()
        self.begun = asyncio.Event()
        self._reaped = float("-inf")

    @property
    def has_room(self) -> bool:
        return len(self._tasks) < self._size

    @property
    def running(self) -> frozenset[str]:
        return frozenset(self._tasks)

    async def take(
        self, kinds: Sequence[str] | None = None, ids: Sequence[str] | None = None
    ) -> Job | None:
        """Claims and begins the job that goes first, where there is room for one."""
        if not self.has_room:
            return None
        store = await self._open_store()
        now = datetime.now(UTC)
        until = now + timedelta(seconds=self.rules.lease_s)
        wanted = list(self.kinds) if kinds is None else kinds
        found = await store.jobs.claim(wanted, self._name, now, until, ids=ids)
        if found is None:
            return None
        job, lease = found
        attempt = Attempt(job, lease, store.jobs, self.rules, self._warn)
        task = asyncio.create_task(attempt.run(self.kinds[job.kind]), name=f"burnish-job-{job.id}")
        self._attempts[job.id], self._tasks[job.id] = attempt, task
        begun, self.begun = self.begun, asyncio.Event()
        begun.set()
        task.add_done_callback(lambda done: self._ended(job.id, done))
        return job

    def look(self, job_id: str) -> None:
        """Has the job, if it runs here, see at once what was done to it."""
        if job_id in self._attempts:
            self._attempts[job_id].look()

    def wake(self) -> None:
        """Ends the waits for anything to happen."""
        turn, self.turn = self.turn, asyncio.Event()
        turn.set()

    async def reap(self, jobs: Jobs) -> None:
        """Looks for jobs whose process is gone, if that was not done just before."""
        now = time.monotonic()
        if now - self._reaped > min(_REAP_S, self.rules.lease_s / 6):
            self._reaped = now
            await reap(jobs, self.rules.retries)

    async def wait_for(self, job_id: str, begun: asyncio.Event, timeout_s: float) -> None:
        """Until that job has ended, if it runs here, or one has begun since `begun` was the
        crew's, or so long."""
        if task := self._tasks.get(job_id):
            await asyncio.wait({task}, timeout=timeout_s)
        else:
            await self.wait(begun, timeout_s)

    async def wait(self, event: asyncio.Event, timeout_s: float) -> None:
        """Until the event, or so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await event.wait()

    async def close(self) -> None:
        """Stops all work and queues its jobs again."""
        for attempt in list(self._attempts.values()):
            attempt.stop()
        if self._tasks:
            await asyncio.wait(set(self._tasks.values()))

    def _ended(self, job_id: str, task: asyncio.Task[None]) -> None:
        del self._attempts[job_id], self._tasks[job_id]
        self.wake()
        with suppress(asyncio.CancelledError):
            if error := task.exception():
                self._warn(f"job {job_id} was left", str(error))
