"""Requests to a server, and its answers."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from typing import Any

import aiohttp
from yarl import URL

from burnish.errors import Unavailable, UsageError
from burnish.rest.faults import raised
from burnish.rest.remote import Ask

_ROOT = "/api/v1"
_TRIES, _FIRST_WAIT_S, _LONGEST_WAIT_S = 4, 0.2, 5.0


class Wire:
    """One connection pool to a server."""

    def __init__(self, url: str, key: str, timeout_s: float) -> None:
        parts = URL(url)
        if parts.scheme not in {"http", "https"} or not parts.host:
            raise UsageError(f"{url!r} is no address of a server", hint="give http://host:port")
        self._url = parts
        self._key = key
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._session: aiohttp.ClientSession | None = None

    async def send(self, wanted: Ask) -> bytes:
        """Asks again where nothing can have been done by the first time. Raises what the server
        answers, Unavailable where it does not."""
        for attempt in range(_TRIES):
            last = attempt == _TRIES - 1
            try:
                async with self._request(wanted, self._timeout) as reply:
                    body = await reply.read()
                    if _asks_to_wait(wanted, reply.status) and not last:
                        await asyncio.sleep(_wait(attempt, reply.headers.get("retry-after", "")))
                        continue
                    if reply.status >= 400:
                        raise raised(reply.status, body)
                    return body
            except (aiohttp.ClientError, TimeoutError) as error:
                if last or not _may_repeat(wanted, error):
                    raise self._away(error) from error
                await asyncio.sleep(_wait(attempt, ""))
        raise AssertionError

    async def stream(self, wanted: Ask) -> AsyncGenerator[tuple[str, bytes]]:
        """Events: their kind and what they bring."""
        try:
            async with self._request(wanted, aiohttp.ClientTimeout(total=None)) as reply:
                if reply.status >= 400:
                    raise raised(reply.status, await reply.read())
                kind = ""
                async for line in reply.content:
                    name, _, value = line.rstrip(b"\r\n").partition(b": ")
                    if name == b"event":
                        kind = value.decode()
                    elif name == b"data":
                        yield kind, value
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._away(error) from error

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _request(self, wanted: Ask, timeout: aiohttp.ClientTimeout) -> Any:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        headers = {"authorization": f"Bearer {self._key}"} if self._key else {}
        if wanted.body is not None:
            headers["content-type"] = "application/json"
        path = self._url.path.rstrip("/") + _ROOT + wanted.path
        # The path is encoded already: a slash within a name stays encoded.
        url = self._url.with_path(path, encoded=True).with_query(wanted.query)
        return self._session.request(
            wanted.method,
            url,
            data=wanted.body,
            headers=headers,
            timeout=timeout,
            allow_redirects=False,
        )

    def _away(self, error: Exception) -> Unavailable:
        told = str(error) or "it did not answer in time"
        server = self._url.origin()
        return Unavailable(f"the server {server} cannot be reached: {told}", hint="is it running?")


def _asks_to_wait(wanted: Ask, status: int) -> bool:
    """Where too much was asked, nothing was done; where something is away, something may be."""
    return status == 429 or (status == 503 and wanted.method == "GET")


def _may_repeat(wanted: Ask, error: Exception) -> bool:
    """A connection that was never made has done nothing."""
    return wanted.method == "GET" or isinstance(error, aiohttp.ClientConnectorError)


def _wait(attempt: int, asked: str) -> float:
    if asked.isdigit():
        return min(int(asked), _LONGEST_WAIT_S)
    return min(_FIRST_WAIT_S * 2**attempt, _LONGEST_WAIT_S) * random.uniform(0.5, 1)  # noqa: S311 - spreads retries
