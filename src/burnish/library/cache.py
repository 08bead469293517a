"""Versions kept in memory, so that a prompt in use costs about as much as a dict lookup."""

from __future__ import annotations

import asyncio
import functools
import math
import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from weakref import WeakSet

from msgspec import structs

from burnish.prompts.refs import PRODUCTION, Reference
from burnish.storage.changes import Changed, Changes, Listener
from burnish.storage.store import Fetched

Pointer = str | int | None
# What was asked for: a name or reference, and the label or revision beside it.
Key = tuple[str, Pointer]


@dataclass(slots=True, kw_only=True)
class Kept:
    """`until` is when a fresh one is too old. One that is not fresh is the last that is known;
    `changed` where it is likely to be wrong."""

    fetched: Fetched
    label: str | None
    until: float
    fresh: bool = True
    changed: bool = False

    @property
    def is_pinned(self) -> bool:
        return self.fetched.via == "revision"


class Cache:
    """What was asked for is found under exactly its own text.

    `fresh[reference][pointer]` is a dict lookup or two; what is too old is taken out by a timer of
    the event loop that put it in, or when the store tells of a change. `get` looks at the clock as
    well, so it is right under any loop. A pinned revision is never too old. Safe for threads.
    """

    def __init__(
        self,
        *,
        ttl_s: float = 60.0,
        size: int = 4096,
        clock: Callable[[], float] = time.monotonic,
        gone: Callable[[str], None] | None = None,
    ) -> None:
        self._clock = clock
        self._ttl_s = ttl_s
        self._size = size
        self._gone = gone
        self.lock = threading.RLock()
        """For a listener beside it, too: what it keeps is dropped by the same changes."""
        self._kept: dict[Key, Kept] = {}
        self._names: dict[str, set[Key]] = {}
        self._timed: dict[Key, float] = {}  # in the order of their ends
        self._told: set[Key] = set()
        self._changes: Changes | None = None
        self._beside: list[Listener] = []
        # The loops that have a timer of ours.
        self._watching: WeakSet[asyncio.AbstractEventLoop] = WeakSet()
        self.fresh: dict[str, dict[Pointer, Fetched]] = {}
        self.generation = 0
        _of_this_process().add(self)

    def peek(self, reference: str, pointer: Pointer = None) -> Fetched | None:
        """What is in memory and fresh, without a look at the clock."""
        return self.fresh.get(reference, {}).get(pointer)

    def get(self, reference: str, pointer: Pointer = None) -> Fetched | None:
        key = (reference, pointer)
        kept = self._kept.get(key)
        if kept is None or not kept.fresh:
            return None
        if kept.until <= self._clock() or (key in self._told and not self._is_told):
            with self.lock:
                self._age(key)
            return None
        return kept.fetched

    def old(self, key: Key) -> Kept | None:
        """The last that is known, where that is not fresh."""
        kept = self._kept.get(key)
        return None if kept is None or kept.fresh else kept

    def same(self, wanted: Reference) -> Fetched | None:
        """The revision asked for, known by another reference."""
        for key in tuple(self._names.get(wanted.name, ())):
            kept = self._kept.get(key)
            if kept is not None and kept.fetched.version.revision == wanted.revision:
                return structs.replace(kept.fetched, via="revision")
        return None

    def tell(self, listener: Listener) -> None:
        """Whoever remembers what follows from prompts is to hear of the same changes."""
        self._beside.append(listener)

    def wake(self) -> None:
        """To be called by such a listener when it listens again."""
        if self._changes is not None:
            self._changes.wake()

    async def follow(self, changes: Changes | None) -> bool:
        """To be asked before a read. Whether changes from now on are told."""
        self._changes = changes
        return changes is not None and await changes.follow(self)

    def put(
        self,
        key: Key,
        fetched: Fetched,
        *,
        generation: int,
        label: str | None = None,
        told: bool = False,
    ) -> None:
        """Keeps what was read, unless something was dropped since `generation`: the read may
        have come before the change that dropped it. `label` is the one that was asked for."""
        with self.lock:
            kept = Kept(fetched=fetched, label=label, until=math.inf)
            if generation != self.generation or not (kept.is_pinned or self._ttl_s > 0):
                return
            told = told and self._is_told
            if not kept.is_pinned and not told:
                kept.until = self._clock() + self._ttl_s
            if not self._add(key, kept):
                return
            self.fresh.setdefault(key[0], {})[key[1]] = fetched
            if kept.until < math.inf:
                self._timed[key] = kept.until
                self._watch()
            elif not kept.is_pinned:
                self._told.add(key)
        if told and self._changes is not None:
            self._changes.wake()

    def put_old(self, key: Key, fetched: Fetched) -> None:
        """Keeps what is known from elsewhere, where nothing better is here."""
        with self.lock:
            if key not in self._kept:
                kept = Kept(fetched=fetched, label=None, until=0.0, fresh=False, changed=True)
                self._add(key, kept)

    def doubt(self) -> None:
        """What is old may have changed."""
        with self.lock:
            for kept in self._kept.values():
                kept.changed = kept.changed or not kept.fresh

    def drop(self, name: str, *, gone: bool = False) -> None:
        """Takes no reference to the prompt for fresh any more; forgets them all where it is
        gone."""
        self.hear([Changed(name=name, kind="gone" if gone else "archive")])

    def suspect(self) -> None:
        """Takes nothing for fresh any more that may be moved."""
        with self.lock:
            self.generation += 1
            self._mark(key for key, kept in self._kept.items() if not kept.is_pinned)

    def forget(self, key: Key) -> None:
        with self.lock:
            self.generation += 1
            self._forget(key)

    def clear(self) -> None:
        with self.lock:
            self.generation += 1
            for each in (self._kept, self._names, self._timed, self._told, self.fresh):
                each.clear()
        for listener in self._beside:
            listener.hear(None)

    def leave(self) -> None:
        """Forgets all in a process that was forked: no thread and no timer came along, so nothing
        here would ever be too old."""
        self.lock = threading.RLock()
        self._watching = WeakSet()
        self.clear()

    @property
    def listens(self) -> bool:
        return bool(self._told) or any(each.listens for each in self._beside)

    def hear(self, changes: Sequence[Changed] | None) -> None:
        with self.lock:
            self.generation += 1
            if changes is None:
                self._mark(list(self._told))
            for change in changes or ():
                self._change(change)
        for change in changes or ():
            if change.kind == "gone" and self._gone is not None:
                self._gone(change.name)
        for listener in self._beside:
            listener.hear(changes)

    def lose(self) -> None:
        """What nobody tells of any more is too old: it may change from now on."""
        with self.lock:
            self.generation += 1
            for key in list(self._told):
                self._age(key)
        for listener in self._beside:
            listener.lose()

    @property
    def _is_told(self) -> bool:
        return self._changes is not None and self._changes.is_told

    def _change(self, change: Changed) -> None:
        keys = tuple(self._names.get(change.name, ()))
        if change.kind == "gone":
            for key in keys:
                self._forget(key)
        elif change.kind == "archive":
            self._mark(keys)
        elif change.kind == "prompt":
            self._mark(key for key in keys if not self._kept[key].is_pinned)
        else:
            self._mark(key for key in keys if _follows(self._kept[key], change.label))

    def _mark(self, keys: Iterable[Key]) -> None:
        for key in list(keys):
            self._age(key)
            self._kept[key].changed = True

    def _age(self, key: Key) -> None:
        kept = self._kept.get(key)
        if kept is None or not kept.fresh:
            return
        kept.fresh = False
        self._timed.pop(key, None)
        self._told.discard(key)
        pointers = self.fresh[key[0]]
        del pointers[key[1]]
        if not pointers:
            del self.fresh[key[0]]

    def _add(self, key: Key, kept: Kept) -> bool:
        self._forget(key)
        while len(self._kept) >= self._size and self._kept:
            self._forget(next(iter(self._kept)))
        if self._size < 1:
            return False
        self._kept[key] = kept
        self._names.setdefault(kept.fetched.prompt.name, set()).add(key)
        return True

    def _forget(self, key: Key) -> None:
        self._age(key)
        kept = self._kept.pop(key, None)
        if kept is None:
            return
        name = kept.fetched.prompt.name
        self._names[name].discard(key)
        if not self._names[name]:
            del self._names[name]

    def _watch(self) -> None:
        """A timer of a loop that has ended never comes: each loop has its own, and only one."""
        loop = asyncio.get_running_loop()
        if loop not in self._watching:
            self._watching.add(loop)
            loop.call_later(self._ttl_s, self._sweep)

    def _sweep(self) -> None:
        with self.lock:
            loop = asyncio.get_running_loop()
            self._watching.discard(loop)
            now = self._clock()
            while self._timed:
                key, until = next(iter(self._timed.items()))
                if until > now:
                    self._watching.add(loop)
                    loop.call_later(until - now, self._sweep)
                    return
                self._age(key)


def _follows(kept: Kept, label: str | None) -> bool:
    """Whether a move of the label concerns it. A bare name looks for `production`."""
    fetched = kept.fetched
    bare = fetched.via in ("production", "latest") and kept.label is None
    return kept.label == label or (bare and label == PRODUCTION)


@functools.lru_cache(maxsize=1)
def _of_this_process() -> WeakSet[Cache]:
    """All that there are, for who forks. The one thing here that the whole process shares, as the
    hooks of a fork are and can never be taken off again (decision 0014)."""
    caches: WeakSet[Cache] = WeakSet()

    def leave() -> None:
        for cache in tuple(caches):
            cache.leave()

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=leave)
    return caches
