"""A proxy that gives each request to the next of several servers."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager

import aiohttp
from aiohttp import web

_OF_A_HOP = {"host", "connection", "transfer-encoding", "content-encoding", "content-length"}


class Balancer:
    def __init__(self, servers: Sequence[str]) -> None:
        self.served = dict.fromkeys(servers, 0)
        self._next = itertools.cycle(servers)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.url = asyncio.run_coroutine_threadsafe(self._begin(), self._loop).result()

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _begin(self) -> str:
        self._session = aiohttp.ClientSession(auto_decompress=False)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._pass)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def _end(self) -> None:
        await self._runner.cleanup()
        await self._session.close()

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        server = next(self._next)
        self.served[server] += 1
        kept = {k: v for k, v in request.headers.items() if k.lower() not in _OF_A_HOP}
        async with self._session.request(
            request.method, server + request.raw_path, headers=kept, data=await request.read()
        ) as reply:
            told = {k: v for k, v in reply.headers.items() if k.lower() not in _OF_A_HOP}
            if encoding := reply.headers.get("content-encoding"):
                told["content-encoding"] = encoding
            answer = web.StreamResponse(status=reply.status, headers=told)
            await answer.prepare(request)
            async for part in reply.content.iter_any():
                await answer.write(part)
            await answer.write_eof()
            return answer


@contextmanager
def balancing(servers: Sequence[str]) -> Generator[Balancer]:
    balancer = Balancer(servers)
    try:
        yield balancer
    finally:
        balancer.close()
