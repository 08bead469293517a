"""What a platform does for its database from time to time, because the settings say so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial

from burnish.errors import BurnishError
from burnish.platform.upkeep import AsyncDb
from burnish.settings import Settings
from burnish.storage.store import Store

_LOOK_S = 60.0
# What failed is tried again after an hour, by whichever process looks then.
_AGAIN_H = 1.0


class Schedule:
    """Looks when the store is opened, and every minute while it is open. The store remembers when
    each task was done last, so that of many processes one does it."""

    def __init__(
        self,
        settings: Settings,
        new_id: Callable[[], str],
        warn: Callable[[str, str], None],
        *,
        look_s: float = _LOOK_S,
    ) -> None:
        self._settings = settings
        self._wanted = settings.storage
        self._new_id = new_id
        self._warn = warn
        self._look_s = look_s
        self._at_work = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def start(self, store: Store) -> None:
        self._task = asyncio.create_task(self._run(store), name="burnish-upkeep")

    async def close(self) -> None:
        """What has begun is done to its end: a copy is one step that cannot be taken back."""
        task, self._task = self._task, None
        if task is None:
            return
        # A short command has to give the task its turn: it may be the only one that ever runs.
        await asyncio.sleep(0)
        async with self._at_work:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def _run(self, store: Store) -> None:
        async def opened() -> Store:
            return store

        wanted, db = self._wanted, AsyncDb(self._settings, opened)
        backup = partial(db.backup, keep=wanted.backup_keep)
        while True:
            async with self._at_work:
                await self._do(store, "backup", wanted.backup_every_h, backup)
                await self._do(store, "vacuum", wanted.vacuum_every_h, db.vacuum)
            await asyncio.sleep(self._look_s)

    async def _do(
        self, store: Store, task: str, every_h: float, work: Callable[[], Awaitable[object]]
    ) -> None:
        if not every_h:
            return
        now, holder = datetime.now(UTC), self._new_id()
        try:
            # A claim that holds until the next time is due also tells when that is.
            if await store.search.claim(task, holder, now + timedelta(hours=every_h), now):
                try:
                    await work()
                except BurnishError:
                    again = timedelta(hours=min(every_h, _AGAIN_H))
                    await store.search.claim(task, holder, now + again, now)
                    raise
        except BurnishError as error:
            # Nobody waits for it, so no error tells it.
            self._warn(f"the {task} that is due", str(error))
