"""The experiments of prompts in use, kept in memory as prompts are."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from burnish.errors import StoreError, Unavailable
from burnish.experiments.assigning import Live
from burnish.experiments.keeping import experiment_named
from burnish.experiments.remembered import Remembered
from burnish.library.cache import Cache
from burnish.library.lookup import PATIENCE_S
from burnish.library.outage import Outage
from burnish.storage.changes import Changed
from burnish.storage.experiment import Experiment
from burnish.storage.store import Store

AWAY = (StoreError, Unavailable)


class Known(NamedTuple):
    """The experiments of a prompt, oldest first, and until when that is fresh."""

    live: tuple[Live, ...]
    until: float


class Running:
    """Hears of changes as the cache of prompts does, within a second; where the store cannot tell,
    it looks again after `ttl_s`. While the store is away, what was known last holds, from `disk` in
    a process that has not read it itself."""

    def __init__(
        self,
        open_store: Callable[[], Awaitable[Store]],
        cache: Cache,
        outage: Outage,
        *,
        answered: Callable[[], None],
        disk: Remembered | None = None,
        ttl_s: float = 60.0,
        size: int = 4096,
        clock: Callable[[], float] = time.monotonic,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._open_store = open_store
        self._cache = cache
        self._outage = outage
        self._answered = answered
        self._disk = disk
        self._ttl_s = ttl_s
        self._size = size
        self._clock = clock
        self._patience_s = patience_s
        self._told: set[str] = set()
        self._fresh: dict[str, Known] = {}
        self._old: dict[str, Known] = {}
        # The prompts of experiments, by their names.
        self._names: dict[str, str] = {}
        self._flights: dict[str, asyncio.Task[Known]] = {}
        cache.tell(self)

    def at_once(self, prompt: str) -> tuple[Live, ...] | None:
        """Those that are in memory, where that is fresh. Safe on any thread."""
        known = self._fresh.get(prompt)
        return None if known is None or known.until <= self._clock() else known.live

    async def of(self, prompt: str) -> tuple[Live, ...]:
        """Raises StoreError or Unavailable where the store is away and nothing is known."""
        live = self.at_once(prompt)
        if live is not None:
            return live
        old = await self._last(prompt) if self._outage.rests else self._old.get(prompt)
        if old is not None and self._outage.rests:
            return old.live
        flight = self._flight(prompt)
        await asyncio.wait({flight}, timeout=None if old is None else self._patience_s)
        if not flight.done() and old is not None:
            self._outage.fail(f"no answer within {self._patience_s:g} s")
            return old.live
        try:
            return (await asyncio.shield(flight)).live
        except AWAY:
            known = await self._last(prompt)
            if known is None:
                raise
            return known.live

    async def named(self, name: str) -> Experiment:
        """In whatever state it is. Raises NotFound; StoreError or Unavailable where the store is
        away and it is not in memory."""
        fresh = self.at_once(self._names.get(name, ""))
        known = fresh or self._known(self._names.get(name, ""))
        found = next((each.experiment for each in known if each.experiment.name == name), None)
        if found is not None and (fresh or self._outage.rests):
            return found
        try:
            return await experiment_named(await self._open_store(), name)
        except AWAY as error:
            self._outage.fail(error.what)
            if found is None:
                raise
            return found

    def _known(self, prompt: str) -> tuple[Live, ...]:
        """Fresh or not."""
        known = self._fresh.get(prompt) or self._old.get(prompt)
        return () if known is None else known.live

    def close(self) -> None:
        """Leaves what is being read."""
        for flight in tuple(self._flights.values()):
            if not flight.get_loop().is_closed():
                flight.cancel()

    @property
    def listens(self) -> bool:
        return bool(self._told)

    def hear(self, changes: Sequence[Changed] | None) -> None:
        # The cache's own lock: changes are told on a thread of their own.
        with self._cache.lock:
            names = self._fresh if changes is None else {change.name for change in changes}
            for prompt in tuple(names):
                self._age(prompt)

    def lose(self) -> None:
        self.hear(None)

    def drop(self, prompt: str) -> None:
        """What is in memory of it is too old."""
        self._cache.hear([Changed(name=prompt, kind="prompt")])

    def _age(self, prompt: str) -> None:
        self._told.discard(prompt)
        known = self._fresh.pop(prompt, None)
        if known is not None:
            self._old[prompt] = known

    async def _last(self, prompt: str) -> Known | None:
        if prompt not in self._old and self._disk is not None:
            found = await asyncio.to_thread(self._disk.find, prompt)
            if found is not None:
                self._old[prompt] = Known(tuple(Live(each) for each in found), 0.0)
                self._names |= {each.name: prompt for each in found}
        return self._fresh.get(prompt) or self._old.get(prompt)

    def _flight(self, prompt: str) -> asyncio.Task[Known]:
        """Who asks while it is read anyway waits for the same answer."""
        flight = self._flights.get(prompt)
        if flight is None:
            flight = asyncio.get_running_loop().create_task(self._read(prompt))
            self._flights[prompt] = flight
            flight.add_done_callback(lambda done: self._landed(prompt, done))
        return flight

    def _landed(self, prompt: str, flight: asyncio.Task[Known]) -> None:
        if self._flights.get(prompt) is flight:
            del self._flights[prompt]
        if not flight.cancelled():
            # Nobody may have waited for it.
            flight.exception()

    async def _read(self, prompt: str) -> Known:
        for last in (False, False, True):
            generation = self._cache.generation
            try:
                store = await self._open_store()
                told = await self._cache.follow(store.changes)
                found = await store.experiments.live(prompt)
            except AWAY as error:
                self._outage.fail(error.what)
                raise
            self._answered()
            known = Known(
                tuple(Live(each) for each in found),
                math.inf if told else self._clock() + self._ttl_s,
            )
            # Something may have changed since it was read: what was stopped must not be served.
            if self._keep(prompt, known, generation, told=told) or last:
                break
        if told:
            self._cache.wake()
        if self._disk is not None:
            await asyncio.to_thread(self._disk.note, prompt, [e.experiment for e in known.live])
        return known

    def _keep(self, prompt: str, known: Known, generation: int, *, told: bool) -> bool:
        """Whether it is as it was when the reading of it began."""
        with self._cache.lock:
            same = generation == self._cache.generation
            self._old.pop(prompt, None)
            while len(self._fresh) + len(self._old) >= max(self._size, 1):
                least = self._old or self._fresh
                gone = next(iter(least))
                self._told.discard(gone)
                del least[gone]
            fresh = same and self._size > 0 and self._ttl_s > 0
            (self._fresh if fresh else self._old)[prompt] = known
            if fresh and told:
                self._told.add(prompt)
            self._names |= {each.experiment.name: prompt for each in known.live}
            return same
