"""How much each may ask for in a minute: token buckets, each of which holds a minute's worth and is
filled steadily. What is kept of one is the moment when it is full again."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from burnish.storage.store import Store

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


def taken(full_at: float, now: float, limit: int, count: int) -> tuple[Taken, float]:
    """So many out of a bucket, and when it is full again then. Where there are not so many, none
    is taken; with a `count` of 0 it is only looked at."""
    each_s = 60 / limit
    full_at = max(full_at, now)
    left = limit - (full_at - now) / each_s
    # A millionth, since a sum of steps is not their product.
    is_allowed = left + 1e-6 >= max(count, 1)
    if is_allowed and count:
        full_at += each_s * count
        left -= count
    told = Taken(
        is_allowed=is_allowed,
        limit=limit,
        remaining=max(0, math.floor(left + 1e-6)),
        wait_s=math.ceil(max(0.0, 1 - left) * each_s),
        full_s=math.ceil(full_at - now),
    )
    return told, full_at


class Buckets(Protocol):
    async def take(self, who: str, limit: int, count: int = 1) -> Taken:
        """`limit` is how many they have in a minute."""
        ...


class OwnBuckets:
    """Of this process: several let so many through each."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._full_at: OrderedDict[str, float] = OrderedDict()

    async def take(self, who: str, limit: int, count: int = 1) -> Taken:
        return self.at_once(who, limit, count)

    def knows(self, who: str) -> bool:
        """Whether they have taken anything lately; of whoever has not, the bucket is full."""
        return who in self._full_at

    def one(self, who: str, limit: int) -> tuple[int, int] | None:
        """Takes one: how many are left, and in how many seconds all are there again. None where
        there is none to be had. The same as `take`, in a fifth of its time."""
        now = self._clock()
        each_s = 60 / limit
        full_at = self._full_at.get(who, now)
        used_s = full_at - now + each_s if full_at > now else each_s
        left = limit - used_s / each_s + 1e-6
        if left < 0:
            return None
        self._keep(who, now + used_s)
        return int(left), math.ceil(used_s)

    def at_once(self, who: str, limit: int, count: int = 1) -> Taken:
        now = self._clock()
        told, full_at = taken(self._full_at.get(who, now), now, limit, count)
        if told.is_allowed and count:
            self._keep(who, full_at)
        return told

    def _keep(self, who: str, full_at: float) -> None:
        self._full_at[who] = full_at
        self._full_at.move_to_end(who)
        if len(self._full_at) > _MOST:
            self._full_at.popitem(last=False)


class SharedBuckets:
    """Of all processes on a store: each request writes to it."""

    def __init__(
        self, open_store: Callable[[], Awaitable[Store]], clock: Callable[[], float] = time.time
    ) -> None:
        self._open_store = open_store
        self._clock = clock

    async def take(self, who: str, limit: int, count: int = 1) -> Taken:
        if not count:
            full_at = await (await self._open_store()).buckets.full_at(who)
            return taken(full_at, self._clock(), limit, count)[0]
        told: list[Taken] = []

        def moved(full_at: float) -> float:
            found, then = taken(full_at, self._clock(), limit, count)
            told.append(found)
            return then if found.is_allowed else full_at

        await (await self._open_store()).buckets.move(who, moved)
        return told[-1]

    async def forget(self) -> int:
        """Those that are full again, which is what is assumed of whoever is not known."""
        now = datetime.fromtimestamp(self._clock(), UTC)
        return await (await self._open_store()).buckets.forget(now)
