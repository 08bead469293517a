"""How much each may ask for in a minute."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

import msgspec

# Whoever asked longest ago is forgotten first; by then their bucket is full again, unless so many
# come at once.
_MOST = 100_000


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """`wait_s`: when the next one is to be had. `full_s`: when all are again."""

    is_allowed: bool
    limit: int
    remaining: int
    wait_s: int
    full_s: int


class Buckets:
    """Token buckets: each holds a minute's worth, and is filled steadily. What is kept of each is
    the moment when it is full again, so taking one is a subtraction."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = per_minute
        self._each_s = 60 / per_minute
        self._clock = clock
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def take(self, who: str, count: int = 1) -> Taken:
        """One, or none where there is none; with a `count` of 0 it only looks."""
        now = self._clock()
        full_at = max(self._full_at.get(who, now), now)
        left = self._limit - (full_at - now) / self._each_s
        # A millionth, since a sum of steps is not their product.
        is_allowed = left + 1e-6 >= max(count, 1)
        if is_allowed and count:
            full_at += self._each_s * count
            left -= count
            self._keep(who, full_at)
        return Taken(
            is_allowed=is_allowed,
            limit=self._limit,
            remaining=max(0, math.floor(left + 1e-6)),
            wait_s=math.ceil(max(0.0, 1 - left) * self._each_s),
            full_s=math.ceil(full_at - now),
        )

    def _keep(self, who: str, full_at: float) -> None:
        self._full_at[who] = full_at
        self._full_at.move_to_end(who)
        if len(self._full_at) > _MOST:
            self._full_at.popitem(last=False)
