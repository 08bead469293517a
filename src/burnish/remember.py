"""Values that are kept for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Remembered(Generic[T]):
    """Keeps up to `size` values for `ttl_s` seconds each, those used last. Safe for threads."""

    def __init__(
        self, ttl_s: float, size: int = 256, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ttl_s = ttl_s
        self._size = size
        self._clock = clock
        self._lock = threading.Lock()
        self._values: dict[Hashable, tuple[float, T]] = {}

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value, made anew where it is missing or too old."""
        with self._lock:
            found = self._values.pop(key, None)
            if found is not None and found[0] > self._clock():
                self._values[key] = found
                return found[1]
        value = make()
        with self._lock:
            if self._ttl_s > 0:
                self._values[key] = (self._clock() + self._ttl_s, value)
            while len(self._values) > self._size:
                del self._values[next(iter(self._values))]
        return value
