"""What bounds the calls to one provider: how many at once, how many a minute, and its rests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from burnish.errors import CircuitOpen
from burnish.settings import LimitSettings

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]
_MINUTE_S = 60.0


class Bucket:
    """A token bucket that may be overdrawn: who takes more than there is waits for the rest."""

    def __init__(self, per_minute: int, clock: Clock) -> None:
        self._rate = per_minute / _MINUTE_S
        # A minute's worth at once would let two minutes' worth through in the first.
        self._most = max(1.0, per_minute / 60)
        self._level = self._most
        self._clock = clock
        self._at = clock()

    def take(self, amount: float) -> float:
        """Takes it, and says how many seconds to wait before using it."""
        now = self._clock()
        self._level = min(self._most, self._level + (now - self._at) * self._rate)
        self._at = now
        self._level -= amount
        return max(0.0, -self._level / self._rate)


class Lane:
    """All calls that share a provider and its key. A slot is held with `async with lane.slot()`."""

    def __init__(
        self, limits: LimitSettings, clock: Clock = time.monotonic, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._free = asyncio.Semaphore(limits.concurrency or 1)
        self._requests = _bucket(limits.requests_per_minute, clock)
        self._tokens = _bucket(limits.tokens_per_minute, clock)
        self._held_until = 0.0

    @property
    def counts_tokens(self) -> bool:
        return self._tokens is not None

    def hold(self, seconds: float) -> None:
        """Nobody begins a call before that; those under way go on."""
        self._held_until = max(self._held_until, self._clock() + seconds)

    def slot(self, tokens: int = 0) -> _Slot:
        return _Slot(self, tokens)

    async def enter(self, tokens: int) -> None:
        await self._free.acquire()
        entered = False
        try:
            waits = [bucket.take(n) for bucket, n in self._buckets(tokens)]
            if waits and max(waits) > 0:
                await self._sleep(max(waits))
            while (rest := self._held_until - self._clock()) > 0:
                await self._sleep(rest)
            entered = True
        finally:
            if not entered:  # a cancelled wait must not keep its place
                self._free.release()

    def leave(self) -> None:
        self._free.release()

    def _buckets(self, tokens: int) -> list[tuple[Bucket, float]]:
        pairs = ((self._requests, 1.0), (self._tokens, float(tokens)))
        return [(bucket, amount) for bucket, amount in pairs if bucket is not None]


class _Slot:
    def __init__(self, lane: Lane, tokens: int) -> None:
        self._lane = lane
        self._tokens = tokens

    async def __aenter__(self) -> Self:
        await self._lane.enter(self._tokens)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lane.leave()


class Breaker:
    """After `failures` faults in a row a provider rests; then one call tries whether it is back."""

    def __init__(self, failures: int, rest_s: float, clock: Clock = time.monotonic) -> None:
        self._most = failures
        self._rest_s = rest_s
        self._clock = clock
        self._failures = 0
        self._open_until: float | None = None
        self._trying = False

    def check(self, model: str) -> None:
        """Raises CircuitOpen while the provider rests, or while another call tries it."""
        if self._open_until is None:
            return
        rest = self._open_until - self._clock()
        if rest > 0 or self._trying:
            why = f"failed {self._failures} times in a row" if self._failures else "asked to wait"
            raise CircuitOpen(
                f"{model} was not tried: its provider {why}",
                hint=f"it is tried again in {max(rest, 0):.0f} s; see burnish models check",
                model=model,
            )
        self._trying = True

    def succeeded(self) -> None:
        self._failures, self._open_until, self._trying = 0, None, False

    def failed(self) -> None:
        self._failures += 1
        self._trying = False
        if self._most and self._failures >= self._most:
            self._open_until = self._clock() + self._rest_s

    def rest(self, seconds: float) -> None:
        """The provider asked for a rest that is too long to wait for."""
        self._open_until = self._clock() + seconds

    def left(self) -> None:
        """A call ended without telling anything about the provider."""
        self._trying = False


def _bucket(per_minute: int | None, clock: Clock) -> Bucket | None:
    return Bucket(per_minute, clock) if per_minute else None
