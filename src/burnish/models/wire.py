"""HTTP to one provider on aiohttp: pooled, bounded, timed, its every fault one of our errors."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from burnish._version import __version__
from burnish.errors import KeyRefused, ModelFailed, UsageError
from burnish.models.connections import PerLoop, proxy_for
from burnish.models.faults import MAX_TEXT_CHARS, Faults, refusal
from burnish.models.options import ProviderOptions

# JSON may write one character of a text as six.
MAX_BODY_BYTES = 6 * MAX_TEXT_CHARS
MAX_LINE_BYTES = 2 * MAX_TEXT_CHARS
MAX_ERROR_BYTES = 64 * 2**10
DONE = b"[DONE]"
# How long a server may take to end a stream that it has said to be done. Only then can the
# connection serve another call.
_LINGER_S = 0.1
# aiohttp wants larger bodies as a file, which it sends in pieces.
_LARGE_BYTES = 2**20


class TooLong(Exception):
    """A line or a body that passed its bound."""


class EventReader:
    """Server-sent events, fed with bytes as they come. Gives what the events carry as data."""

    def __init__(self, max_line_bytes: int = MAX_LINE_BYTES) -> None:
        self._bound = max_line_bytes
        self._rest = bytearray()
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Raises TooLong for a line or an event over the bound."""
        if b"\n" not in piece:
            self._rest += piece
            self._check(len(self._rest))
            return
        *lines, rest = (bytes(self._rest) + piece).split(b"\n")
        self._rest = bytearray(rest)
        self._check(len(rest))
        for line in lines:
            yield from self._line(line.removesuffix(b"\r"))

    def finish(self) -> Iterator[bytes]:
        """What is left where a server ends without the empty line."""
        yield from self._line(bytes(self._rest).removesuffix(b"\r"))
        self._rest.clear()
        yield from self._line(b"")

    def _line(self, line: bytes) -> Iterator[bytes]:
        if not line:
            if self._data:
                yield b"\n".join(self._data)
                self._data.clear()
                self._size = 0
        elif line.startswith(b"data:"):
            value = line[6:] if line.startswith(b"data: ") else line[5:]
            self._size += len(value)
            self._check(self._size)
            self._data.append(value)

    def _check(self, size: int) -> None:
        if size > self._bound:
            raise TooLong


class Wire:
    def __init__(self, options: ProviderOptions, faults: Faults) -> None:
        """Raises UsageError for a `base_url` that is no http address."""
        self._options = options
        self._faults = faults
        self.base = _checked(options)
        self._sessions = PerLoop(self._open, aiohttp.ClientSession.close)

    async def fetch(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        *,
        model: str = "",
        limit: int = MAX_BODY_BYTES,
    ) -> bytes:
        """The reply's body. Raises ModelFailed, for a status of 300 or above too."""
        session = await self._sessions.get()
        try:
            async with session.request(
                method, url, data=_payload(body), allow_redirects=False
            ) as response:
                await self._raise_for_status(response, model)
                return await _read(response, limit)
        except (aiohttp.ClientError, OSError, TooLong) as error:
            raise self._failure(error, model, "whole") from None

    async def events(
        self, url: str, body: bytes, heard: Callable[[], bool], *, model: str = ""
    ) -> AsyncIterator[bytes]:
        """The data of each event of the stream that answers, `DONE` included where it comes.

        `heard` tells whether any event so far held a token: many begin with one that names the
        role alone. A server that does not stream gives its one JSON reply. Closing the iterator
        closes the connection.
        """
        times = self._options.timeouts
        waiting = "first token" if times.first_token_s < times.whole_s else "whole"
        session = await self._sessions.get()
        deadline = asyncio.get_running_loop().time() + times.first_token_s
        response = None
        try:
            async with asyncio.timeout_at(deadline):
                leave = {"Connection": "close"} if self._options.local else None
                response = await session.post(
                    url, data=_payload(body), headers=leave, allow_redirects=False
                )
                _leave_where_told_to_stay(response)
                await self._raise_for_status(response, model)
            if "json" in response.content_type:
                yield await _read(response, MAX_BODY_BYTES)
                return
            reader = EventReader()
            while True:
                async with asyncio.timeout_at(deadline if waiting == "first token" else None):
                    piece = await response.content.readany()
                for event in reader.feed(piece) if piece else reader.finish():
                    yield event
                    waiting = "whole" if heard() else waiting
                    if event == DONE:
                        await _linger(response)
                        return
                if not piece:
                    return
        except (aiohttp.ClientError, OSError, TooLong) as error:
            raise self._failure(error, model, waiting) from None
        finally:
            if response is not None:
                response.close()

    async def close(self) -> None:
        await self._sessions.close()

    def _open(self) -> aiohttp.ClientSession:
        options = self._options
        headers = {
            "User-Agent": f"burnish/{__version__}",
            "Content-Type": "application/json",
            **options.headers,
        }
        key = options.key.reveal().strip()
        if not (key.isascii() and key.isprintable()):
            raise KeyRefused(
                f"the key for {options.provider} holds characters that no key has",
                hint=f"set {options.key_variable or 'the key'} again",
                model=options.provider,
            )
        if key:
            headers["Authorization"] = f"Bearer {key}"
        return aiohttp.ClientSession(
            headers=headers,
            connector=aiohttp.TCPConnector(limit=options.connections, ttl_dns_cache=300),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(
                total=options.timeouts.whole_s, sock_connect=options.timeouts.connect_s
            ),
            proxy=proxy_for(self.base),
        )

    async def _raise_for_status(self, response: aiohttp.ClientResponse, model: str) -> None:
        if response.status < 300:
            return
        body = bytearray()
        with suppress(aiohttp.ClientError, TimeoutError):  # the status alone says enough
            while len(body) < MAX_ERROR_BYTES and (piece := await response.content.readany()):
                body += piece
        headers = {name.lower(): value for name, value in response.headers.items()}
        raise self._faults.refused(refusal(response.status, headers, bytes(body)), model)

    def _failure(self, error: Exception, model: str, waiting: str) -> ModelFailed:
        times = self._options.timeouts
        if isinstance(error, TooLong):
            return self._faults.bad("sent an answer that is too long", model)
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            return self._faults.late("connect", times.connect_s, model)
        if isinstance(error, TimeoutError):
            seconds = times.first_token_s if waiting == "first token" else times.whole_s
            return self._faults.late(waiting, seconds, model)
        if isinstance(error, aiohttp.ClientConnectorError):
            why = f"nothing answers at {error.host}:{error.port}"
            return self._faults.lost(why, model, reached=False)
        if isinstance(error, aiohttp.ClientResponseError):
            return self._faults.bad(f"sent broken HTTP: {error.message}", model)
        return self._faults.lost(str(error), model)


def _checked(options: ProviderOptions) -> str:
    base = options.base_url.strip().rstrip("/")
    try:
        parts = urlsplit(base)
        host = parts.hostname if parts.port != 0 else None
    except ValueError:  # half a bracket, or a port that is no number
        host = None
    if not host or not base.startswith(("http://", "https://")) or set("@?#") & set(base):
        # Not shown: an address with a password or a key in it is one of the wrong ones.
        raise UsageError(
            f"the base_url of {options.provider} is no http address",
            hint="write it as http://host:port/path, without user, password or ?",
            subject=options.provider,
        )
    return base


def _payload(body: bytes | None) -> Any:
    return io.BytesIO(body) if body and len(body) > _LARGE_BYTES else body


async def _read(response: aiohttp.ClientResponse, limit: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while piece := await response.content.readany():
        size += len(piece)
        if size > limit:
            response.close()
            raise TooLong
        pieces.append(piece)
    return b"".join(pieces)


def _leave_where_told_to_stay(response: aiohttp.ClientResponse) -> None:
    """llama.cpp's server closes after a stream while it announces to stay; the next request on
    that connection would be lost."""
    protocol = response.connection.protocol if response.connection else None
    if protocol is not None and response.headers.get("Server", "").startswith("llama.cpp"):
        protocol.force_close()


async def _linger(response: aiohttp.ClientResponse) -> None:
    with suppress(TimeoutError, aiohttp.ClientError):
        async with asyncio.timeout(_LINGER_S):
            while await response.content.readany():
                pass
