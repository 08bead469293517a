"""One attempt at a job: its work, and what the store is told of it meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec

from burnish.errors import BurnishError, StoreError
from burnish.jobs.job import Work
from burnish.jobs.rules import Rules, may_pass
from burnish.storage.job import Job, Progress
from burnish.storage.jobs import Ending, Jobs, Lease

MAX_RESULT_BYTES = 1024 * 1024
_Why = Literal["ended", "lost", "stopped"]


class Attempt:
    """The `JobContext` of its work. The store decides whose the job is: where it says that it was
    cancelled or taken over, or cannot be asked for as long as the job is held, the work stops."""

    def __init__(
        self,
        job: Job,
        lease: Lease,
        jobs: Jobs,
        rules: Rules,
        warn: Callable[[str, str], None],
    ) -> None:
        self._job = job
        self._lease = lease
        self._jobs = jobs
        self._rules = rules
        self._warn = warn
        self._progress = job.progress
        self._untold = False
        self._at_once = False
        self._stopping = False
        self._turn = asyncio.Event()
        self._held_until = time.monotonic() + rules.lease_s

    @property
    def job(self) -> Job:
        return self._job

    async def progress(
        self, done: int, total: int, message: str = "", **facts: float | str
    ) -> None:
        plain = {name: _clean(v) if isinstance(v, str) else v for name, v in facts.items()}
        told = self._progress.facts | plain
        self._progress = Progress(done=done, total=total, message=_clean(message), facts=told)
        if not self._untold:
            self._untold = True
            self._turn.set()

    def look(self) -> None:
        """Asks the store at once whether the job is still this process's."""
        self._at_once = True
        self._turn.set()

    def stop(self) -> None:
        """Ends the work; the job is queued again."""
        self._stopping = True
        self._turn.set()

    async def run(self, work: Work) -> None:
        """Until the work has ended and the store knows how."""
        task = asyncio.ensure_future(work(self))
        task.add_done_callback(lambda _: self._turn.set())
        try:
            why = await self._attend(task)
        finally:
            task.cancel()
        if why != "ended":
            await asyncio.wait({task}, timeout=self._rules.grace_s)
        if not task.done():
            self._warn(
                f"job {self._job.id} does not stop",
                f"another may begin it in {self._rules.lease_s:g} s",
            )
        elif why == "lost":
            _ = task.cancelled() or task.exception()
            with suppress(StoreError):
                await self._jobs.let_go(self._lease)
        elif why == "stopped" and task.cancelled():
            await self._surely(self._put_back)
        else:
            await self._settle(task)

    async def _attend(self, task: asyncio.Future[Any]) -> _Why:
        last = time.monotonic()
        while True:
            due = last + (self._rules.tell_s if self._untold else self._rules.look_s)
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, due - time.monotonic())):
                    await self._turn.wait()
            self._turn.clear()
            if task.done():
                return "ended"
            if self._stopping:
                return "stopped"
            if self._at_once or time.monotonic() >= due:
                last, self._at_once = time.monotonic(), False
                if not await self._beat():
                    return "lost"

    async def _beat(self) -> bool:
        begun = time.monotonic()
        told, self._untold = self._progress if self._untold else None, False
        try:
            now = datetime.now(UTC)
            until = now + timedelta(seconds=self._rules.lease_s)
            held = await self._jobs.beat(self._lease, now, until, told)
        except StoreError:
            self._untold = self._untold or told is not None
            return time.monotonic() < self._held_until
        self._held_until = begun + self._rules.lease_s
        return held

    async def _settle(self, task: asyncio.Future[Any]) -> None:
        """Writes how the work ended. It may be anybody's code, so any error is the job's end."""
        if task.cancelled():
            await self._finish("failed", error="the work stopped by itself")
        elif (error := task.exception()) is None:
            result, wrong = _plain(task.result())
            await self._finish("failed" if wrong else "done", result, wrong)
        elif isinstance(error, BurnishError):
            again = may_pass(error) and self._job.failures < self._rules.retries
            await (self._try_again(error) if again else self._finish("failed", error=str(error)))
        else:
            said = f"{type(error).__name__}: {error}"
            self._warn(f"job {self._job.id} ({self._job.kind}) failed", said)
            await self._finish("failed", error=said)

    async def _finish(
        self, state: Literal["done", "failed"], result: Any = None, error: str = ""
    ) -> None:
        ending = Ending(state=state, result=result, error=_clean(error), progress=self._progress)
        await self._surely(lambda: self._jobs.end(self._lease, datetime.now(UTC), ending))

    async def _try_again(self, error: BurnishError) -> None:
        wait_s = self._rules.delay_s(self._job.failures, error)
        said = _clean(f"{error} (tried again after {wait_s:g} s)")
        then = datetime.now(UTC) + timedelta(seconds=wait_s)
        await self._surely(lambda: self._jobs.put_back(self._lease, then, self._progress, said))

    async def _put_back(self) -> bool:
        return await self._jobs.put_back(self._lease, datetime.now(UTC), self._progress)

    async def _surely(self, step: Callable[[], Awaitable[bool]]) -> None:
        """A store that is away may come back while the job is held. After that whoever finds the
        job begins it again."""
        while True:
            try:
                if not await step():
                    # Cancelled, or taken over, in the last moment.
                    await self._jobs.let_go(self._lease)
            except StoreError as error:
                if self._stopping or time.monotonic() > self._held_until:
                    self._warn(f"the end of job {self._job.id} could not be written", str(error))
                    return
                await asyncio.sleep(self._rules.look_s)
            else:
                return


def _plain(result: Any) -> tuple[Any, str]:
    """The result as plain JSON, or what is wrong with it."""
    try:
        content = msgspec.json.encode(result)
    except (TypeError, ValueError, OverflowError, msgspec.MsgspecError) as error:
        return None, f"the work gave a result that is no JSON: {error}"
    if len(content) > MAX_RESULT_BYTES:
        return None, f"the work gave a result of more than {MAX_RESULT_BYTES >> 20} MB"
    return msgspec.json.decode(content), ""


def _clean(text: str) -> str:
    """An error may quote anything; the store takes no NUL and no half of a pair."""
    return text.replace("\0", "\\0").encode(errors="backslashreplace").decode()[:10_000]
