"""What bounds the calls to one provider: how many at once, how many a minute, and its rests."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from burnish.errors import CircuitOpen
from burnish.settings import LimitSettings

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]
Chance = Callable[[], float]
_MINUTE_S = 60.0
# Seconds in which all calls begin that a rest held back, and the longest from one to the next.
_SPREAD_S, _LONGEST_GAP_S = 0.25, 0.01


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
        self._fill()
        self._level -= amount
        return max(0.0, -self._level / self._rate)

    def rest(self, seconds: float) -> None:
        """Nothing is taken meanwhile, and no more than one is there when it is over: what would
        have gathered would all be taken at once."""
        self._fill()
        self._level = min(self._level, 1.0 - seconds * self._rate)

    def _fill(self) -> None:
        now = self._clock()
        self._level = min(self._most, self._level + (now - self._at) * self._rate)
        self._at = now


class Lane:
    """All calls that share a provider and its key. A slot is held with `async with lane.slot()`."""

    def __init__(
        self,
        limits: LimitSettings,
        clock: Clock = time.monotonic,
        sleep: Sleep = asyncio.sleep,
        chance: Chance = random.random,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._chance = chance
        at_once = limits.concurrency or 1
        self._free = asyncio.Semaphore(at_once)
        self._gap = min(_LONGEST_GAP_S, _SPREAD_S / at_once)
        self._requests = _bucket(limits.requests_per_minute, clock)
        self._tokens = _bucket(limits.tokens_per_minute, clock)
        self._held_until = 0.0
        # How long after that the next of those who wait for it begins.
        self._place = 0.0

    @property
    def counts_tokens(self) -> bool:
        return self._tokens is not None

    def hold(self, seconds: float) -> None:
        """Nobody begins a call before that, and then they do so one by one; calls under way go
        on."""
        until = self._clock() + seconds
        if until <= self._held_until:
            return
        self._held_until, self._place = until, 0.0
        if self._requests is not None:
            self._requests.rest(seconds)

    def slot(self, tokens: int = 0) -> _Slot:
        return _Slot(self, tokens)

    async def enter(self, tokens: int) -> None:
        await self._free.acquire()
        entered = False
        try:
            await self._until_open()
            wait = self._taken(tokens)
            while wait > 0:
                await self._sleep(wait)
                if not await self._until_open():
                    break
                # Its turn has passed while nobody could begin; its tokens are still its own.
                wait = self._requests.take(1.0) if self._requests is not None else 0.0
            entered = True
        finally:
            if not entered:  # a cancelled wait must not keep its place
                self._free.release()

    def leave(self) -> None:
        self._free.release()

    async def _until_open(self) -> bool:
        """Whether it had to wait."""
        waited = False
        while (rest := self._held_until - self._clock()) > 0:
            waited = True
            place = self._place
            self._place += self._gap * (0.5 + self._chance() / 2)
            await self._sleep(rest + place)
        return waited

    def _taken(self, tokens: int) -> float:
        """Takes a call's share of each bucket, and says how many seconds to wait for it."""
        pairs = ((self._requests, 1.0), (self._tokens, float(tokens)))
        return max((bucket.take(n) for bucket, n in pairs if bucket is not None), default=0.0)


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
        self._begun = 0
        # The number of the call that tries, 0 where none does.
        self._trying = 0

    def begin(self, model: str) -> int:
        """The number of the call that may begin. Raises CircuitOpen while the provider rests, or
        while another call tries it."""
        if self._open_until is not None:
            rest = self._open_until - self._clock()
            if rest > 0 or self._trying:
                why = (
                    f"failed {self._failures} times in a row" if self._failures else "asked to wait"
                )
                raise CircuitOpen(
                    f"{model} was not tried: its provider {why}",
                    hint=f"it is tried again in {max(rest, 0):.0f} s; see burnish models check",
                    model=model,
                )
            self._trying = self._begun + 1
        self._begun += 1
        return self._begun

    def succeeded(self) -> None:
        self._failures, self._open_until, self._trying = 0, None, 0

    def failed(self) -> None:
        self._failures += 1
        if self._most and self._failures >= self._most:
            self._open_until = self._clock() + self._rest_s

    def rest(self, seconds: float) -> None:
        """The provider asked for a rest that is too long to wait for."""
        self._open_until = self._clock() + seconds

    def left(self, call: int) -> None:
        """The call has ended. One that began before the rest leaves the one that tries alone."""
        if call == self._trying:
            self._trying = 0


def _bucket(per_minute: int | None, clock: Clock) -> Bucket | None:
    return Bucket(per_minute, clock) if per_minute else None
