"""Requests to a server, and its answers."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
from yarl import URL

from burnish.errors import Unavailable, UsageError
from burnish.rest.events import ALIVE_S
from burnish.rest.faults import raised
from burnish.rest.remote import Ask
from burnish.storage.ids import Ids

_ROOT = "/api/v1"
_new_id = Ids()
_SILENT_S = 4 * ALIVE_S
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
        """Asks again where no answer came: by the request's key the server does it once. Raises
        what the server answers, Unavailable where it does not."""
        key = "" if wanted.method == "GET" else _new_id()
        for attempt in range(_TRIES):
            last = attempt == _TRIES - 1
            try:
                async with self._request(wanted, self._timeout, key) as reply:
                    body = await reply.read()
                    if _asks_to_wait(reply.status, reply.headers) and not last:
                        await asyncio.sleep(wait_s(attempt, reply.headers.get("retry-after", "")))
                        continue
                    if reply.status >= 400:
                        raise raised(reply.status, body)
                    return body
            except (aiohttp.ClientError, TimeoutError) as error:
                if last or not _may_repeat(wanted, error):
                    raise self._away(error) from error
                await asyncio.sleep(wait_s(attempt, ""))
        raise AssertionError

    async def stream(self, wanted: Ask) -> AsyncGenerator[tuple[str, bytes]]:
        """Events: their kind and what they bring. Raises Unavailable where the server is silent for
        long: it says from time to time that it is there."""
        try:
            silent = aiohttp.ClientTimeout(total=None, sock_connect=_SILENT_S, sock_read=_SILENT_S)
            async with self._request(wanted, silent) as reply:
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

    def _request(self, wanted: Ask, timeout: aiohttp.ClientTimeout, key: str = "") -> Any:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        headers = {"authorization": f"Bearer {self._key}"} if self._key else {}
        if key:
            headers["idempotency-key"] = key
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


def _asks_to_wait(status: int, headers: Mapping[str, str]) -> bool:
    """Too much was asked, something is away for now, or the first time is still worked on."""
    return status in {429, 502, 503, 504} or (status == 409 and "retry-after" in headers)


def _may_repeat(wanted: Ask, error: Exception) -> bool:
    """What takes too long is not begun anew: it is worked on."""
    return wanted.method == "GET" or not isinstance(error, TimeoutError)


def wait_s(attempt: int, asked: str) -> float:
    if (given := _asked_s(asked)) is not None:
        return min(max(given, 0.0), _LONGEST_WAIT_S)
    return min(_FIRST_WAIT_S * 2**attempt, _LONGEST_WAIT_S) * random.uniform(0.5, 1)  # noqa: S311 - spreads retries


def _asked_s(text: str) -> float | None:
    """Of a retry-after, which has seconds or a date. None for what is neither."""
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return None
