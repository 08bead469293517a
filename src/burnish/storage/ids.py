"""Time-ordered ids: UUID version 7 of RFC 9562, rising within one `Ids`."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from uuid import UUID

_VERSION = 0x7 << 76
_VARIANT = 0b10 << 62
_RANDOM_BITS = (1 << 62) - 1
# Drawn at once: the system call lets another thread go first, which may take milliseconds.
_DRAWN = 512 * 8


class Ids:
    """Makes ids; call it. Safe to share between threads and across a fork.

    The twelve bits after the milliseconds hold the fraction of the millisecond (method 3 of the
    RFC's section 6.2). When the clock stands still or goes back, they count on from the last id.
    """

    def __init__(self, clock_ns: Callable[[], int] = time.time_ns) -> None:
        self._clock_ns = clock_ns
        self._lock = threading.Lock()
        self._last = 0
        self._random = memoryview(b"")
        self._process = os.getpid()

    def __call__(self) -> str:
        milliseconds, rest_ns = divmod(self._clock_ns(), 1_000_000)
        tick = milliseconds << 12 | (rest_ns << 12) // 1_000_000
        with self._lock:
            self._last = tick = max(tick, self._last + 1)
            random = self._draw() & _RANDOM_BITS
        stamp = (tick >> 12) << 80 | _VERSION | (tick & 0xFFF) << 64
        return str(UUID(int=stamp | _VARIANT | random))

    def _draw(self) -> int:
        # Each side of a fork draws anew, which keeps them apart.
        if not self._random or os.getpid() != self._process:
            self._random, self._process = memoryview(os.urandom(_DRAWN)), os.getpid()
        drawn, self._random = self._random[:8], self._random[8:]
        return int.from_bytes(drawn, "big")
