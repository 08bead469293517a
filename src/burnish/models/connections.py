"""Connections belong to the event loop that opened them; proxies to the address they lead to."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Generic, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

T = TypeVar("T")
_CLOSE_S = 5.0


class PerLoop(Generic[T]):
    """One `T` for each event loop that asks, made on first use.

    The sync face runs in a loop thread of its own, and a program may start several loops one
    after the other; what one loop opened is of no use to the next.
    """

    def __init__(self, make: Callable[[], T], close: Callable[[T], Awaitable[None]]) -> None:
        self._make = make
        self._close = close
        self._held: dict[asyncio.AbstractEventLoop, T] = {}

    async def get(self) -> T:
        loop = asyncio.get_running_loop()
        held = self._held.get(loop)
        if held is None:
            await self._forget_closed_loops()
            held = self._held[loop] = self._make()
        return held

    async def close(self) -> None:
        """Closes what every loop holds. A later `get` makes anew."""
        here = asyncio.get_running_loop()
        held, self._held = self._held, {}
        for loop, value in held.items():
            if loop is here or loop.is_closed():
                await self._close_quietly(value)
            elif loop.is_running():
                there = asyncio.run_coroutine_threadsafe(self._close_quietly(value), loop)
                with suppress(TimeoutError):  # a loop that is blocked is not waited for
                    await asyncio.wait_for(asyncio.wrap_future(there), _CLOSE_S)

    async def _forget_closed_loops(self) -> None:
        for loop in [loop for loop in self._held if loop.is_closed()]:
            await self._close_quietly(self._held.pop(loop))

    async def _close_quietly(self, value: T) -> None:
        # The transports of a loop that is gone refuse to be closed; nothing is left to close then.
        with suppress(RuntimeError):
            await self._close(value)


def proxy_for(url: str) -> str | None:
    """The proxy that the system's settings name for this address; none for this machine's own."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if _is_this_machine(host) or proxy_bypass(host):
        return None
    return getproxies().get(parts.scheme)


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
