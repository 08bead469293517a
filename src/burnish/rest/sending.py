"""Sends what waits in a client's outbox, in its order, while nobody waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from burnish.errors import Unavailable
from burnish.rest.outbox import Outbox, Parcel
from burnish.rest.remote import Ask, ask, read
from burnish.rest.wire import Reply, Wire, new_key

# How long somebody waits for a server who could have gone on.
PATIENCE_S = 1.0
_PARCEL_S = 5.0
_FIRST_REST_S, _LONGEST_REST_S = 0.25, 30.0
# A parcel that the server stumbles over so often keeps the others no longer.
_MOST_TRIES = 5
_AT_THE_END_S = 2.0

T = TypeVar("T")


class OutboxState(msgspec.Struct, frozen=True, kw_only=True):
    """How many wait, those of other processes on this machine included; how many were lost, and
    why the last try to send failed, empty where it did not."""

    waiting: int
    dropped: int
    fault: str = ""


class Sending:
    """For one event loop."""

    def __init__(self, wire: Wire, outbox: Outbox, *, patience_s: float = PATIENCE_S) -> None:
        self._wire = wire
        self._outbox = outbox
        self._patience_s = patience_s
        self._task: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()
        self._fault = ""
        # What an earlier process left.
        wire.at_first = self.begin

    @property
    def state(self) -> OutboxState:
        return OutboxState(
            waiting=len(self._outbox), dropped=self._outbox.dropped, fault=self._fault
        )

    async def say(
        self, call: str, kwargs: dict[str, Any], instead: Callable[[], T], **later: Any
    ) -> T:
        """What the server answers. One that is away, or slow, hears it later, and `instead` is
        the answer; it is told `later` what it would have known by itself now."""
        key = new_key()
        if not (self._fault or self._task):
            reply = await self._at_once(ask(call, (), kwargs), key)
            if reply is not None:
                return read(call, reply.whole())
        answer = instead()
        self.put(call, ask(call, (), {**kwargs, **later}), key)
        return answer

    def put(self, call: str, wanted: Ask, key: str = "") -> None:
        """Takes it and returns at once."""
        parcel = Parcel(
            key=key or new_key(), call=call, path=wanted.path, body=wanted.body or b"{}"
        )
        self._outbox.add(parcel)
        if self._fault:
            # The process may end before the server is back.
            self._outbox.spill()
        self.begin()

    def begin(self) -> None:
        """Sends what waits."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._send_all())
            self._task.add_done_callback(self._ended)

    async def flush(self) -> None:
        """Returns when the server has heard everything. Raises Unavailable where it is away; what
        waits is kept."""
        # A connection that was open may have broken off meanwhile, which the first try finds.
        if not (await self._emptied() or await self._emptied()):
            raise Unavailable(
                f"{len(self._outbox)} that were said wait for the server: {self._fault}",
                hint="they are kept, and sent when it answers",
            )

    async def _emptied(self) -> bool:
        while len(self._outbox):
            self._fault = ""
            self._hurry.set()
            self.begin()
            while self._task is not None and not self._fault:
                await asyncio.wait({self._task}, timeout=0.01)
            if self._fault:
                return False
        return True

    async def close(self) -> None:
        """Sends what can be sent in a moment; the rest stays in the file."""
        try:
            async with asyncio.timeout(_AT_THE_END_S):
                if self._task is not None and not self._fault:
                    await self.flush()
        except (TimeoutError, Unavailable) as error:
            self._fault = self._fault or str(error)
        finally:
            if self._task is not None:
                self._task.cancel()
                await asyncio.wait({self._task})
            self._outbox.close()

    async def _at_once(self, wanted: Ask, key: str) -> Reply | None:
        try:
            reply = await self._wire.once(wanted, key, within_s=self._patience_s)
        except Unavailable as error:
            self._fault = error.what
            return None
        return None if self._must_wait(reply) else reply

    def _must_wait(self, reply: Reply) -> bool:
        """A key that is not taken may be a matter of minutes, as is a server that has a fault."""
        waits = reply.asks_to_wait or reply.status in {401, 403} or reply.status >= 500
        self._fault = f"it answers with status {reply.status}" if waits else ""
        return waits

    async def _send_all(self) -> None:
        rest_s = 0.0
        while parcel := self._outbox.first():
            if rest_s:
                self._outbox.spill()
                await self._pause(rest_s)
            rest_s = 0.0 if await self._sent(parcel) else _longer(rest_s)

    async def _sent(self, parcel: Parcel) -> bool:
        try:
            reply = await self._wire.once(parcel.ask, parcel.key, within_s=_PARCEL_S)
        except Unavailable as error:
            self._fault = error.what
            return False
        if self._must_wait(reply):
            if reply.status == 500:
                self._stumbled(parcel)
            return False
        if reply.status >= 400:
            self._outbox.refuse(parcel, f"status {reply.status}")
        else:
            self._outbox.remove(parcel)
        return True

    def _stumbled(self, parcel: Parcel) -> None:
        if parcel.tries + 1 >= _MOST_TRIES:
            self._outbox.refuse(parcel, f"it failed {_MOST_TRIES} times")
        else:
            self._outbox.tried(parcel)

    async def _pause(self, seconds: float) -> None:
        """Cut short by a flush."""
        try:
            async with asyncio.timeout(seconds):
                await self._hurry.wait()
        except TimeoutError:
            pass
        self._hurry.clear()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled() and (fault := task.exception()):
            # A defect: who waits must hear of it, and the loop's handler tells it.
            self._fault = repr(fault)
            raise fault


def _longer(rest_s: float) -> float:
    return min(2 * rest_s or _FIRST_REST_S, _LONGEST_REST_S)
