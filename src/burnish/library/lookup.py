"""From what is asked for to a version: in memory, in the store, on disk, or brought along."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple

from msgspec import structs

from burnish.errors import NotFound, StoreError, Unavailable, UsageError
from burnish.library.cache import Cache, Kept, Key
from burnish.library.outage import Outage
from burnish.prompts import refs
from burnish.prompts.refs import Reference
from burnish.storage.store import Fetched

if TYPE_CHECKING:
    from burnish.library.fallback import Fallback
    from burnish.library.last_known import LastKnown
    from burnish.library.library import Library

# How long somebody waits for the store who could have what was known last.
PATIENCE_S = 2.0
_AWAY = (StoreError, Unavailable)


class _Flight(NamedTuple):
    """A read under way, and what the cache had heard of when it began."""

    task: asyncio.Task[Fetched]
    generation: int


class Lookup:
    """Reads the store once for all who ask for the same at the same time.

    What is merely too old is given at once, and read anew behind it. Where the store cannot be
    asked, what was known last is given, marked `stale`, and the store is tried again after a
    while. `disk` keeps what was read for the next process; None keeps nothing.
    """

    def __init__(
        self,
        library: Callable[[], Awaitable[Library]],
        cache: Cache,
        outage: Outage,
        disk: LastKnown | None = None,
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._library = library
        self._cache = cache
        self._outage = outage
        self._disk = disk
        self._patience_s = patience_s
        self._flights: dict[Key, _Flight] = {}
        self._reading: set[asyncio.Task[Fetched]] = set()

    async def get(
        self,
        reference: str,
        label: str | None = None,
        revision: int | None = None,
        fallback: Fallback | None = None,
    ) -> Fetched:
        wanted = wanted_by(reference, label, revision)
        try:
            return await self._find((reference, label if revision is None else revision), wanted)
        except (NotFound, *_AWAY):
            if fallback is None:
                raise
        from burnish.library.fallback import fetched_from

        return await fetched_from(fallback, wanted)

    def close(self) -> None:
        """Leaves what is being read."""
        for task in tuple(self._reading):
            if not task.get_loop().is_closed():
                task.cancel()
        self._flights.clear()
        if self._disk is not None:
            self._disk.close()

    async def _find(self, key: Key, wanted: Reference) -> Fetched:
        old = self._cache.old(key)
        if old is not None and (self._outage.rests or not old.changed):
            if not self._outage.rests:
                self._flight(key, wanted)
            return self._given(old)
        if self._outage.rests and (known := await self._known(key, wanted)) is not None:
            return known
        flight = self._flight(key, wanted)
        done, _ = await asyncio.wait({flight}, timeout=self._patience_s)
        if not done and (known := await self._known(key, wanted)) is not None:
            self._late(key)
            return known
        try:
            # Others wait for it too.
            return await asyncio.shield(flight)
        except _AWAY:
            known = await self._known(key, wanted)
            if known is None:
                raise
            return known

    def _given(self, old: Kept) -> Fetched:
        away = self._outage.is_on
        return structs.replace(old.fetched, stale=True) if away else old.fetched

    async def _known(self, key: Key, wanted: Reference) -> Fetched | None:
        if self._cache.old(key) is None:
            found = self._cache.same(wanted)
            if found is None and self._disk is not None:
                found = await asyncio.to_thread(self._disk.find, wanted)
            if found is not None:
                self._cache.put_old(key, found)
        old = self._cache.old(key)
        return None if old is None else structs.replace(old.fetched, stale=True)

    def _flight(self, key: Key, wanted: Reference) -> asyncio.Task[Fetched]:
        """One that began before something changed is not joined: it may give what was true then,
        to somebody who has just saved."""
        loop, generation = asyncio.get_running_loop(), self._cache.generation
        flight = self._flights.get(key)
        if flight is None or flight.generation != generation or flight.task.get_loop() is not loop:
            task = loop.create_task(self._read(key, wanted))
            flight = self._flights[key] = _Flight(task, generation)
            self._reading.add(task)
            late = loop.call_later(self._patience_s, self._late, key)
            task.add_done_callback(lambda done: self._landed(key, done, late))
        return flight.task

    def _late(self, key: Key) -> None:
        """Where nothing is known, everybody waits: the store may be at work, and not away."""
        if self._cache.old(key) is not None and not self._outage.rests:
            self._outage.fail(f"no answer within {self._patience_s:g} s")

    def _landed(self, key: Key, task: asyncio.Task[Fetched], late: asyncio.TimerHandle) -> None:
        late.cancel()
        self._reading.discard(task)
        if self._is_newest(key, task):
            del self._flights[key]
        # Nobody may have waited for it.
        error = None if task.cancelled() else task.exception()
        expected = error is None or isinstance(error, (NotFound, *_AWAY))
        if not expected and self._cache.old(key) is not None:
            self._outage.fail(f"{type(error).__name__}: {error}")

    def _is_newest(self, key: Key, task: asyncio.Task[Fetched] | None) -> bool:
        flight = self._flights.get(key)
        return flight is not None and flight.task is task

    async def _read(self, key: Key, wanted: Reference) -> Fetched:
        try:
            found = await (await self._library()).read(key, wanted)
        except _AWAY as error:
            self._outage.fail(error.what)
            raise
        except NotFound:
            self.answered()
            if self._is_newest(key, asyncio.current_task()):
                self._cache.forget(key)
                if self._disk is not None:
                    self._disk.forget(wanted)
            raise
        self.answered()
        if self._disk is not None and self._is_newest(key, asyncio.current_task()):
            self._disk.note(wanted, found)
        return found

    def answered(self) -> None:
        """The store can be asked."""
        if self._outage.is_on:
            self._outage.end()
            self._cache.doubt()


def wanted_by(reference: str, label: str | None = None, revision: int | None = None) -> Reference:
    """What is asked for. Raises UsageError."""
    parsed = refs.parse(reference)
    if label is None and revision is None:
        return parsed
    if label is not None and revision is not None:
        raise UsageError(
            f"a label ({label!r}) and a revision ({revision}) are asked for at once",
            hint="give one of them",
            subject=reference,
        )
    if parsed != Reference(name=parsed.name):
        raise UsageError(
            f"{reference!r} says already which version it means",
            hint="give the name alone, or leave the label or revision out",
            subject=reference,
        )
    if revision is not None:
        return Reference(name=parsed.name, revision=refs.check_revision(revision))
    return refs.parse(f"{parsed.name}@{label}")
