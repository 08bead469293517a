"""The sync face of jobs and schedules."""

from __future__ import annotations

from burnish._sync import SyncFace, blocking, direct, streaming
from burnish.jobs.inline import InlineRunner
from burnish.jobs.schedules import AsyncSchedules


class Jobs(SyncFace[InlineRunner]):
    """`platform.jobs` of the sync face."""

    check = direct(InlineRunner.check)
    submit = blocking(InlineRunner.submit)
    get = blocking(InlineRunner.get)
    list = blocking(InlineRunner.list)
    cancel = blocking(InlineRunner.cancel)
    resume = blocking(InlineRunner.resume)
    watch = streaming(InlineRunner.watch)
    wait = blocking(InlineRunner.wait)
    forget = blocking(InlineRunner.forget)
    work = blocking(InlineRunner.work)

    @property
    def kinds(self) -> tuple[str, ...]:
        """What work there is, by name."""
        return self._target.kinds


class Schedules(SyncFace[AsyncSchedules]):
    """`platform.schedules` of the sync face."""

    add = blocking(AsyncSchedules.add)
    list = blocking(AsyncSchedules.list)
    get = blocking(AsyncSchedules.get)
    begin = blocking(AsyncSchedules.begin)
    remove = blocking(AsyncSchedules.remove)
    pause = blocking(AsyncSchedules.pause)
    resume = blocking(AsyncSchedules.resume)
