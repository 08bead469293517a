"""Identical questions asked at the same time become one call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class _Flight(Generic[T]):
    def __init__(self, task: asyncio.Task[T]) -> None:
        self.task = task
        self.waiting = 0


class SingleFlight(Generic[T]):
    """The call runs in a task of its own and ends early only when nobody waits for it any more."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight[T]] = {}

    def __contains__(self, key: Hashable) -> bool:
        return key in self._flights

    async def do(self, key: Hashable, call: Callable[[], Coroutine[Any, Any, T]]) -> tuple[T, bool]:
        """The call's result, and whether this caller's own call gave it."""
        flight = self._flights.get(key)
        is_own = flight is None
        if flight is None:
            flight = _Flight(asyncio.ensure_future(call()))
            self._flights[key] = flight
            flight.task.add_done_callback(lambda _, key=key, own=flight: self._landed(key, own))
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task), is_own
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                # Nobody may join a call that is being stopped.
                self._landed(key, flight)
                flight.task.cancel()

    def _landed(self, key: Hashable, flight: _Flight[T]) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
