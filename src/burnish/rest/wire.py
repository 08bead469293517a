"""Requests to a server, and its answers."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import msgspec
from yarl import URL

from burnish.errors import Unavailable, UsageError
from burnish.rest.events import ALIVE_S
from burnish.rest.faults import raised
from burnish.rest.remote import Ask
from burnish.storage.ids import Ids

_ROOT = "/api/v1"
new_key = Ids()
_SILENT_S = 4 * ALIVE_S
_TRIES, _FIRST_WAIT_S, _LONGEST_WAIT_S = 4, 0.2, 5.0


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    status: int
    body: bytes
    tag: str = ""
    retry_after: str = ""

    @property
    def asks_to_wait(self) -> bool:
        """Too much was asked, something is away for now, or the first time is still worked on."""
        return self.status in {429, 502, 503, 504} or (
            self.status == 409 and bool(self.retry_after)
        )

    def whole(self) -> bytes:
        """Raises what the server answers."""
        if self.status >= 400:
            raise raised(self.status, self.body)
        return self.body


class Wire:
    """One connection pool to a server."""

    def __init__(self, url: str, key: str, timeout_s: float, project: str = "") -> None:
        parts = URL(url)
        if parts.scheme not in {"http", "https"} or not parts.host:
            raise UsageError(f"{url!r} is no address of a server", hint="give http://host:port")
        self._url = parts
        self._key = key
        self._project = project
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._session: aiohttp.ClientSession | None = None
        self.at_first: Callable[[], None] | None = None
        """To be called when the server has answered for the first time."""

    async def send(self, wanted: Ask) -> bytes:
        """Asks again where no answer came: by the request's key the server does it once. Raises
        what the server answers, Unavailable where it does not."""
        return (await self.answered(wanted)).whole()

    async def answered(self, wanted: Ask, tag: str = "") -> Reply:
        """The same with the answer's status, which is 304 where it has this tag still."""
        key = "" if wanted.method == "GET" else new_key()
        for attempt in range(_TRIES):
            last = attempt == _TRIES - 1
            try:
                reply = await self.once(wanted, key, tag=tag)
            except Unavailable as error:
                if last or not _may_repeat(wanted, error):
                    raise
                await asyncio.sleep(wait_s(attempt, ""))
            else:
                if last or not reply.asks_to_wait:
                    return reply
                await asyncio.sleep(wait_s(attempt, reply.retry_after))
        raise AssertionError

    async def once(
        self, wanted: Ask, key: str, *, tag: str = "", within_s: float | None = None
    ) -> Reply:
        """Raises Unavailable where no answer comes."""
        timeout = self._timeout if within_s is None else aiohttp.ClientTimeout(total=within_s)
        try:
            async with self._request(wanted, timeout, key, tag) as reply:
                body = await reply.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._away(error) from error
        if (at_first := self.at_first) is not None:
            self.at_first = None
            at_first()
        return Reply(
            status=reply.status,
            body=body,
            tag=reply.headers.get("etag", ""),
            retry_after=reply.headers.get("retry-after", ""),
        )

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

    def _request(
        self, wanted: Ask, timeout: aiohttp.ClientTimeout, key: str = "", tag: str = ""
    ) -> Any:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        headers = {"authorization": f"Bearer {self._key}"} if self._key else {}
        if self._project:
            headers["burnish-project"] = self._project
        if key:
            headers["idempotency-key"] = key
        if tag:
            headers["if-none-match"] = tag
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


def _may_repeat(wanted: Ask, error: Unavailable) -> bool:
    """What takes too long is not begun anew: it is worked on."""
    return wanted.method == "GET" or not isinstance(error.__cause__, TimeoutError)


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
