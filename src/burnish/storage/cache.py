"""Answers of models kept for a while: in memory, and in a file that survives and is shared."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import msgspec

from burnish.storage.cache_file import CacheFile, Changes, Entry, Summary

MIB = 1024 * 1024
# Entries are gathered for so long before they are written together.
_WINDOW_S = 0.02
_RETRY_S = 5.0
_MOST_WAITING, _MOST_WAITING_BYTES = 1_000, 64 * MIB
_MEMORY_BYTES = 64 * MIB


class CacheStats(msgspec.Struct, frozen=True, kw_only=True):
    """`entries` that have not expired take `size_bytes` of `max_size_bytes`, of which
    `utilization` is the share. Hits and misses are those of every process since the cache was
    made or cleared; `hit_rate` is None before the first. `dropped` entries of this process came
    faster than the disk took them. `problem` tells why the file is not used, empty when it is."""

    entries: int
    size_bytes: int
    max_size_bytes: int
    utilization: float
    hits: int
    misses: int
    hit_rate: float | None
    average_age_s: float | None
    oldest_age_s: float | None
    dropped: int
    problem: str


class ResponseCache:
    """Bytes by key, each for its own time to live. Safe to share between threads.

    The memory holds the entries used last, the file at `path` (none: memory alone) up to
    `max_bytes`, less recently used ones going first. Several processes may share the file. A file
    that is locked, damaged or not writable never makes a call fail: the memory goes on alone, and
    `problem` tells why.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        memory_entries: int = 1_000,
        max_bytes: int = 256 * MIB,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._file = None if path is None else CacheFile(path, max_bytes)
        self._max_bytes = max_bytes if path is not None else min(max_bytes, _MEMORY_BYTES)
        self._memory = _Memory(memory_entries, min(max_bytes, _MEMORY_BYTES))
        self._clock = clock
        # `_lock` guards all of these, and is never held while the file is read or written.
        self._lock = threading.Lock()
        self._waiting: dict[str, Entry] = {}
        self._waiting_bytes = 0
        self._under_way: dict[str, Entry] = {}
        self._used: dict[str, float] = {}
        self._expired: set[str] = set()
        self._hits = self._misses = self._dropped = 0
        self._one_writer = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._closed = False

    @property
    def problem(self) -> str:
        return "" if self._file is None else self._file.problem

    def get(self, key: str) -> bytes | None:
        now = self._clock()
        with self._lock:
            found = self._memory.get(key) or self._waiting.get(key) or self._under_way.get(key)
            if found is not None and found.expires_at > now:
                self._hit(key, found, now)
                return found.value
        kept = None if self._file is None else self._file.get(key, now)
        return self._looked_up(key, kept or found, now)

    def put(self, key: str, value: bytes, ttl_s: float) -> None:
        """Returns at once; the file is written soon after. Nothing is kept when `ttl_s` is 0."""
        if ttl_s <= 0 or self._closed:
            return
        now = self._clock()
        entry = Entry(value, now, now + ttl_s)
        if entry.size > self._max_bytes:
            return
        with self._lock:
            self._memory.put(key, entry)
            if self._file is not None:
                self._wait(key, entry)

    def stats(self) -> CacheStats:
        self.flush()
        now = self._clock()
        with self._lock:
            found = self._memory.summary(now)
            hits, misses, dropped = self._hits, self._misses, self._dropped
        if self._file is not None:
            found = self._file.summary(now) or found
        hits, misses = hits + found.hits, misses + found.misses
        mean, first = found.mean_created_at, found.first_created_at
        return CacheStats(
            entries=found.entries,
            size_bytes=found.size_bytes,
            max_size_bytes=self._max_bytes,
            utilization=found.size_bytes / self._max_bytes if self._max_bytes else 0.0,
            hits=hits,
            misses=misses,
            hit_rate=hits / (hits + misses) if hits + misses else None,
            average_age_s=None if mean is None else now - mean,
            oldest_age_s=None if first is None else now - first,
            dropped=dropped,
            problem=self.problem,
        )

    def clear(self) -> int:
        """Forgets all entries and counts; tells how many entries there were. What other processes
        have in memory stays there until it expires."""
        with self._one_writer:
            self._write_out()
            with self._lock:
                count = self._memory.clear()
                self._waiting.clear()
                self._used.clear()
                self._waiting_bytes = self._hits = self._misses = self._dropped = 0
            return count if self._file is None else max(count, self._file.clear(self._clock()))

    def flush(self) -> None:
        """Waits until what was put before is in the file, or the file turns out unusable."""
        with self._one_writer:
            self._write_out()

    def close(self) -> None:
        """Writes what is left. Calling it twice is harmless."""
        self._closed = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._file is not None:
            self.flush()
            self._file.close()

    def _hit(self, key: str, entry: Entry, now: float) -> None:
        self._hits += 1
        self._memory.put(key, entry)
        if self._file is not None:
            # The file must know too, or it would drop what the memory answers.
            self._used[key] = now
            if len(self._used) >= _MOST_WAITING:
                self._rouse()

    def _looked_up(self, key: str, found: Entry | None, now: float) -> bytes | None:
        with self._lock:
            if found is not None and found.expires_at > now:
                # Put meanwhile, perhaps.
                newest = max(found, self._memory.get(key) or found, key=_made_at)
                self._hit(key, newest, now)
                return newest.value
            self._misses += 1
            if found is not None:
                self._memory.drop(key)
                if self._file is not None:
                    self._expired.add(key)
        return None

    def _wait(self, key: str, entry: Entry) -> None:
        old = self._waiting.get(key)
        size = self._waiting_bytes + entry.size - (0 if old is None else old.size)
        if size > _MOST_WAITING_BYTES or (old is None and len(self._waiting) >= _MOST_WAITING):
            self._dropped += 1
            return
        self._waiting[key] = entry
        self._waiting_bytes = size
        self._rouse()

    def _rouse(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._write_on, name="burnish-cache", daemon=True
            )
            self._thread.start()
        if not self._wake.is_set():
            self._wake.set()

    def _write_on(self) -> None:
        while not self._closed:
            self._wake.wait(_RETRY_S if self._waiting else None)
            if not self._closed:
                time.sleep(_WINDOW_S)
            self._wake.clear()
            self.flush()

    def _write_out(self) -> None:
        if self._file is None:
            return
        with self._lock:
            self._under_way, self._waiting = self._waiting, {}
            changes = Changes(self._under_way, self._used, self._expired, self._hits, self._misses)
            self._used, self._expired = {}, set()
            self._hits = self._misses = self._waiting_bytes = 0
        if not any(changes) or self._file.write(changes, self._clock()):
            self._under_way = {}
            return
        with self._lock:
            self._waiting = self._under_way | self._waiting
            self._waiting_bytes = sum(entry.size for entry in self._waiting.values())
            self._hits += changes.hits
            self._misses += changes.misses
            self._under_way = {}


def _made_at(entry: Entry) -> float:
    return entry.created_at


class _Memory:
    """The entries used last, within bounds of number and size. The caller holds its lock."""

    def __init__(self, max_entries: int, max_bytes: int) -> None:
        self._max_entries, self._max_bytes = max_entries, max_bytes
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._bytes = 0

    def get(self, key: str) -> Entry | None:
        return self._entries.get(key)

    def put(self, key: str, entry: Entry) -> None:
        old = self._entries.get(key)
        self._bytes += entry.size - (0 if old is None else old.size)
        self._entries[key] = entry
        self._entries.move_to_end(key)
        while len(self._entries) > self._max_entries or self._bytes > self._max_bytes:
            self._bytes -= self._entries.popitem(last=False)[1].size

    def drop(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        self._bytes -= 0 if entry is None else entry.size

    def clear(self) -> int:
        count = len(self._entries)
        self._entries.clear()
        self._bytes = 0
        return count

    def summary(self, now: float) -> Summary:
        live = [entry for entry in self._entries.values() if entry.expires_at > now]
        made = [entry.created_at for entry in live]
        mean, first = (sum(made) / len(made), min(made)) if made else (None, None)
        return Summary(len(live), sum(entry.size for entry in live), mean, first, 0, 0)
