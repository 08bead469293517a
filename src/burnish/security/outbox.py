"""Letters that are sent after the answer, so that it tells nothing of whether one was."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from burnish.errors import BurnishError, UsageError

# Each holds a thread while it lasts, and passwords are hashed on the same ones.
_AT_ONCE, _MOST = 2, 1_000
_PATIENCE_S = 30.0


class Outbox:
    """What cannot be sent is told to `warn`, and not tried again: people ask for another one."""

    def __init__(self, warn: Callable[[str, str], None], patience_s: float = _PATIENCE_S) -> None:
        self._warn = warn
        self._patience_s = patience_s
        self._few = asyncio.Semaphore(_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, write: Callable[[], Awaitable[None]]) -> None:
        if len(self._tasks) >= _MOST:
            self._warn("a letter was not sent", f"{_MOST:,} are waiting already")
            return
        task = asyncio.create_task(self._written(write))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def close(self) -> None:
        """Waits for those that are on their way, but not for ever."""
        if not self._tasks:
            return
        _, left = await asyncio.wait(self._tasks, timeout=self._patience_s)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _written(self, write: Callable[[], Awaitable[None]]) -> None:
        async with self._few:
            await write()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            self._warn("a letter was not sent", "the server ended before")
        elif (error := task.exception()) is not None:
            self._warn("a letter was not sent", _why(error))


def _why(error: BaseException) -> str:
    """Nobody's address."""
    if isinstance(error, UsageError):
        return "no letter can be sent to such an address"
    return str(error) if isinstance(error, BurnishError) else type(error).__name__
