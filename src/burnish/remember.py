"""Values that are kept for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Remembered(Generic[T]):
    """Keeps up to `size` values for `ttl_s` seconds each, those used last. Safe for threads: who
    asks for a value that another thread is making waits for it."""

    def __init__(
        self, ttl_s: float, size: int = 256, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ttl_s = ttl_s
        self._size = size
        self._clock = clock
        self._lock = threading.Lock()
        self._values: dict[Hashable, tuple[float, T]] = {}
        self._making: dict[Hashable, threading.RLock] = {}

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value, made anew where it is missing or too old."""
        if self._ttl_s <= 0:
            return make()
        with self._lock:
            if found := self._found(key):
                return found[0]
            making = self._making.setdefault(key, threading.RLock())
        with making:
            with self._lock:
                if found := self._found(key):
                    return found[0]
            try:
                value = make()
                self._keep(key, value)
            finally:
                with self._lock:
                    self._making.pop(key, None)
        return value

    def _found(self, key: Hashable) -> tuple[T] | None:
        kept = self._values.pop(key, None)
        if kept is None or kept[0] <= self._clock():
            return None
        self._values[key] = kept
        return (kept[1],)

    def _keep(self, key: Hashable, value: T) -> None:
        with self._lock:
            self._values[key] = (self._clock() + self._ttl_s, value)
            while len(self._values) > self._size:
                del self._values[next(iter(self._values))]


class Lately:
    """What was added within the last `ttl_s` seconds, of the newest `size`. For one thread."""

    def __init__(
        self, ttl_s: float, size: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ttl_s = ttl_s
        self._size = size
        self._clock = clock
        self._until: dict[Hashable, float] = {}

    def add(self, key: Hashable) -> None:
        self._until.pop(key, None)
        self._until[key] = self._clock() + self._ttl_s
        while len(self._until) > self._size:
            del self._until[next(iter(self._until))]

    def has(self, key: Hashable) -> bool:
        return self._until.get(key, 0.0) > self._clock()
