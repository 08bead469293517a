"""Exposures and outcomes on their way to the store, which may be away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from burnish.errors import StoreError, Unavailable
from burnish.storage.experiment import Exposure, Outcome
from burnish.storage.recorder import Recorder
from burnish.storage.store import Store

CAPACITY = 100_000


class Journal:
    """Writes them in groups, and keeps them while the store is away, up to `capacity` of each; it
    then tries again. What is dropped is counted and told to `report`.

    `expose` and `outcome` may be called on any thread once `begin` was called on the event loop.
    """

    def __init__(
        self,
        open_store: Callable[[], Awaitable[Store]],
        report: Callable[[str, str], None],
        *,
        capacity: int = CAPACITY,
    ) -> None:
        self._open_store = open_store
        self._loop: asyncio.AbstractEventLoop | None = None

        def recorder_told(what: str) -> Callable[[str, int], None]:
            return lambda why, count: report(f"recording {what}", f"{why} ({what}: {count})")

        self._exposures: Recorder[Exposure] = Recorder(
            self._expose, report=recorder_told("exposures"), capacity=capacity, what="exposures"
        )
        self._outcomes: Recorder[Outcome] = Recorder(
            self._record, report=recorder_told("outcomes"), capacity=capacity, what="outcomes"
        )

    @property
    def dropped(self) -> int:
        """How many of both were lost."""
        return self._exposures.dropped + self._outcomes.dropped

    def begin(self) -> None:
        if self._loop is None:
            self._loop = asyncio.get_running_loop()

    def expose(self, exposure: Exposure) -> None:
        self._call(self._exposures.record, exposure)

    def outcome(self, outcome: Outcome) -> None:
        self._call(self._outcomes.record, outcome)

    async def room(self) -> None:
        """Waits until one more outcome can be taken. Raises StoreError where there is no room
        because the store is away."""
        await self._outcomes.room()

    async def flush(self) -> None:
        """Returns when all that was recorded before is in the store. Raises StoreError when it
        cannot be written now; it is kept and tried again."""
        await self._arrived()
        await self._exposures.flush()
        await self._outcomes.flush()

    async def close(self) -> None:
        """Writes what is left. Raises StoreError when it cannot be written, after reporting how
        much is lost."""
        await self._arrived()
        try:
            await self._exposures.close()
        finally:
            await self._outcomes.close()

    def _call(self, record: Callable[..., None], row: Exposure | Outcome) -> None:
        loop = self._loop
        assert loop is not None
        try:
            is_here = asyncio.get_running_loop() is loop
        except RuntimeError:
            is_here = False
        if is_here:
            record(row)
        else:
            loop.call_soon_threadsafe(record, row)

    async def _arrived(self) -> None:
        """What other threads have handed over stands in the loop's queue before us."""
        await asyncio.sleep(0)

    async def _expose(self, exposures: Sequence[Exposure]) -> None:
        await (await self._store()).experiments.expose(exposures)

    async def _record(self, outcomes: Sequence[Outcome]) -> None:
        await (await self._store()).experiments.record(outcomes)

    async def _store(self) -> Store:
        try:
            return await self._open_store()
        except Unavailable as error:
            # To the recorder it is the same: to be tried again.
            raise StoreError(error.what, hint=error.hint) from error
