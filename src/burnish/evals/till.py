"""Money that several calls at once spend from."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from burnish.errors import BudgetExceeded

T = TypeVar("T")


class Till:
    """Of one run, or of several that share a budget. `dear` is the call that would have passed a
    bound: after it no other is begun."""

    def __init__(self) -> None:
        self.dear: BudgetExceeded | None = None
        self._asking = self._waiting = 0
        self._settled = asyncio.Event()

    async def afforded(self, work: Callable[[], Awaitable[T]]) -> T:
        """A call sets aside what it may cost at most. Where that leaves too little for the next,
        this waits for what those under way really cost."""
        while True:
            self._asking += 1
            waits = False
            try:
                return await work()
            except BudgetExceeded:
                waits = self._asking > 1 and self.dear is None
                if not waits:
                    raise
            finally:
                self._asking -= 1
                if not waits:
                    self._settle()
            self._waiting += 1
            try:
                await self._settled.wait()
            finally:
                self._waiting -= 1

    def _settle(self) -> None:
        """Wakes those who wait for what calls under way cost."""
        if self._waiting:
            self._settled.set()
            self._settled = asyncio.Event()
