"""A process that runs whatever is queued, and begins what schedules say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from burnish.errors import StoreError
from burnish.jobs.crew import Crew
from burnish.jobs.schedules import fire_due
from burnish.storage.job import ENDED, Job
from burnish.storage.store import Store


class Worked(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker ran; `left` were put back or taken over by another."""

    done: int = 0
    failed: int = 0
    cancelled: int = 0
    left: int = 0


class Worker:
    def __init__(
        self,
        open_store: Callable[[], Awaitable[Store]],
        crew: Crew,
        kinds: Sequence[str],
        new_id: Callable[[], str],
        warn: Callable[[str, str], None],
    ) -> None:
        self._open_store = open_store
        self._crew = crew
        self._kinds = kinds
        self._new_id = new_id
        self._warn = warn
        self._running: set[str] = set()
        self._counts: dict[str, int] = {}
        self._told: Callable[[Job], None] | None = None
        self._away = False

    async def run(self, *, once: bool, told: Callable[[Job], None] | None) -> Worked:
        self._told = told
        while True:
            turn = self._crew.turn
            try:
                await self._turn()
                self._away = False
            except StoreError as error:
                if once:
                    raise
                if not self._away:
                    self._warn("the worker waits for the store", str(error))
                self._away = True
            if once and not self._running:
                return Worked(**self._counts)
            await self._crew.wait(turn, self._crew.rules.look_s)

    async def _turn(self) -> None:
        store = await self._open_store()
        await self._tell_ended(store)
        await self._crew.reap(store.jobs)
        await fire_due(store, self._kinds, self._new_id, self._warn)
        while job := await self._crew.take(self._kinds):
            self._running.add(job.id)
            self._tell(job)

    async def _tell_ended(self, store: Store) -> None:
        for job_id in self._running - self._crew.running:
            self._running.discard(job_id)
            for job in await store.jobs.by_prefix(job_id, 1):
                state = job.state if job.state in ENDED else "left"
                self._counts[state] = self._counts.get(state, 0) + 1
                self._tell(job)

    def _tell(self, job: Job) -> None:
        if self._told is not None:
            self._told(job)
