"""The port of jobs: what is known of one, and what its work may ask for.

Work is a function of a `JobContext`. It runs at least once: after a crash it begins again, and
what it must not do twice it writes down itself as it goes, under keys of its own. So it takes ids
and small values as its input, not data.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol

from burnish.storage.job import Job, JobState


class JobContext(Protocol):
    """What work is given. A job that is cancelled raises asyncio.CancelledError in its work at
    the next await; work cleans up and lets it pass."""

    @property
    def job(self) -> Job:
        """As it was when the work began; `attempts` above 1 says that it begins again."""
        ...

    async def progress(
        self, done: int, total: int, message: str = "", **facts: float | str
    ) -> None:
        """Cheap: written a few times a second at most, however often it is called."""
        ...


Work = Callable[[JobContext], Awaitable[Any]]
"""Gives the job's result as plain JSON. A BurnishError ends the job as failed with its text."""


class Runner(Protocol):
    """Runs jobs. `kinds` are given when it is made; a runner without a kind leaves its jobs to
    others."""

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
        one. Unless `here`, it is left to workers. Raises UsageError for an unknown kind."""
        ...

    async def get(self, job_id: str) -> Job:
        """By its id or the beginning of it. Raises NotFound."""
        ...

    async def list(
        self, *, state: JobState | None = None, kind: str = "", limit: int = 50
    ) -> list[Job]:
        """Newest first."""
        ...

    async def cancel(self, job_id: str) -> Job:
        """Ends it, running or not; one that has ended stays as it is."""
        ...

    async def resume(self, job_id: str, *, here: bool = True) -> Job:
        """Queues one that failed, was cancelled, or whose process is gone. Raises Conflict for
        one that is done or running."""
        ...

    def watch(self, job_id: str) -> AsyncIterator[Job]:
        """The job whenever it changed; the last one has ended."""
        ...

    async def wait(self, job_id: str) -> Job:
        """When it has ended."""
        ...

    async def close(self) -> None:
        """Stops what runs here; it can be resumed."""
        ...
