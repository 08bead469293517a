"""Versions kept in memory, so that a prompt in use costs about as much as a dict lookup."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from burnish.storage.store import Fetched


class Cache:
    """Keys are references as they were asked for, each found under exactly its own text.

    `peek(key)` is the dict lookup alone: what is too old is taken out by a timer of the event
    loop that put it in. `get(key)` looks at the clock as well, so it is right under any loop.
    A pinned revision is never too old.
    """

    peek: Callable[[str], Fetched | None]

    def __init__(
        self,
        *,
        ttl_s: float = 60.0,
        size: int = 4096,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._ttl_s = ttl_s
        self._size = size
        self._entries: dict[str, Fetched] = {}
        self._until: dict[str, float] = {}  # in the order of their ends
        self._keys: dict[str, set[str]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.generation = 0
        self.peek = self._entries.get

    def get(self, key: str) -> Fetched | None:
        until = self._until.get(key)
        if until is not None and until <= self._clock():
            self._forget(key)
        return self._entries.get(key)

    def put(self, key: str, fetched: Fetched, generation: int) -> None:
        """Keeps what was read, unless something was dropped since `generation`: the read may
        have come before the change that dropped it."""
        pinned = fetched.via == "revision"
        if generation != self.generation or self._size < 1 or not (pinned or self._ttl_s > 0):
            return
        if key in self._entries:
            self._forget(key)
        while len(self._entries) >= self._size:
            self._forget(next(iter(self._entries)))
        self._entries[key] = fetched
        self._keys.setdefault(fetched.prompt.name, set()).add(key)
        if not pinned:
            self._until[key] = self._clock() + self._ttl_s
            self._watch()

    def drop(self, name: str) -> None:
        """Forgets every reference to the prompt."""
        self.generation += 1
        for key in tuple(self._keys.get(name, ())):
            self._forget(key)

    def clear(self) -> None:
        self.generation += 1
        self._entries.clear()
        self._until.clear()
        self._keys.clear()

    def _forget(self, key: str) -> None:
        name = self._entries.pop(key).prompt.name
        self._until.pop(key, None)
        self._keys[name].discard(key)
        if not self._keys[name]:
            del self._keys[name]

    def _watch(self) -> None:
        """A timer of a loop that has ended never comes: another loop starts its own."""
        loop = asyncio.get_running_loop()
        if self._timer is None or self._loop is not loop:
            self._loop = loop
            self._timer = loop.call_later(self._ttl_s, self._sweep)

    def _sweep(self) -> None:
        self._timer = None
        now = self._clock()
        while self._until:
            key, until = next(iter(self._until.items()))
            if until > now:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(until - now, self._sweep)
                return
            self._forget(key)
