"""A file from an https address, within bounds: its size, the time, the way there."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

import aiohttp

from burnish._version import __version__
from burnish.addresses import Reach, check_here, check_reach, check_url, shown
from burnish.errors import NotFound, NotPermitted, Unavailable, UsageError
from burnish.models.connections import proxy_for

_MAX_REDIRECTS = 3
_REDIRECTS = (301, 302, 303, 307, 308)


async def fetch(url: str, *, reach: Reach, max_bytes: int, timeout_s: float) -> bytes:
    """What the address gives. Up to 3 redirects are followed, each checked as the first one.

    Raises UsageError for an address that is not https (http: for this machine alone) and for more
    than `max_bytes`; NotPermitted for a host out of reach, and where signing in is asked for;
    NotFound; Unavailable where it cannot be reached in `timeout_s` seconds.
    """
    first = shown(url)
    try:
        async with asyncio.timeout(timeout_s):
            for _ in range(_MAX_REDIRECTS + 1):
                check_url(url, reach)
                content, onward = await _get(url, reach, max_bytes)
                if content is not None:
                    return content
                url = _next(url, onward)
    except TimeoutError:
        raise _unreachable(first, f"no answer in {timeout_s:g} s") from None
    except aiohttp.InvalidURL:
        raise UsageError(f"{first} is no address", hint="use https://host/path") from None
    except (aiohttp.ClientError, OSError) as error:
        # Its own text may hold the address with a password.
        raise _unreachable(first, _reason(error)) from None
    raise _unreachable(first, f"more than {_MAX_REDIRECTS} redirects")


def _checked(url: str, reach: Reach) -> Callable[[Any], socket.socket]:
    """Makes the sockets, each for the very address that it is going to connect to: however a host
    is written, and whatever its name meant a moment ago."""
    parts = urlsplit(url)
    host = parts.hostname or ""

    def make(info: Any) -> socket.socket:
        family, kind, protocol, _, (address, *_) = info
        check_reach(host, address, reach)
        if parts.scheme != "https":
            check_here(host, address)
        return socket.socket(family, kind, protocol)

    return make


async def _get(url: str, reach: Reach, max_bytes: int) -> tuple[bytes | None, str]:
    """The body, or None and where to go on."""
    proxy = proxy_for(url)
    # A proxy looks the names up itself, and may stand in a private network.
    guard = None if proxy else _checked(url, reach)
    connector = aiohttp.TCPConnector(socket_factory=guard)
    headers = {"User-Agent": f"burnish/{__version__}", "Accept-Encoding": "identity"}
    async with (
        aiohttp.ClientSession(
            connector=connector,
            headers=headers,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
        ) as session,
        session.get(url, allow_redirects=False, proxy=proxy) as response,
    ):
        if response.status in _REDIRECTS:
            return None, response.headers.get("Location", "")
        _check_status(response.status, shown(url))
        return await _body(response, max_bytes, shown(url)), ""


async def _body(response: aiohttp.ClientResponse, max_bytes: int, where: str) -> bytes:
    if (response.content_length or 0) > max_bytes:
        raise _too_large(where, max_bytes)
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > max_bytes:
            raise _too_large(where, max_bytes)
    return bytes(body)


def _next(url: str, onward: str) -> str:
    """Without a name and a password that the redirect itself brings."""
    if not onward:
        raise _unreachable(shown(url), "a redirect that leads nowhere")
    try:
        parts = urlsplit(urljoin(url, onward))
        was = urlsplit(url)
    except ValueError:
        raise _unreachable(shown(url), "a redirect that leads nowhere") from None
    if was.scheme == "https" and parts.scheme != "https":
        raise NotPermitted(
            f"{shown(url)} redirects to an address that is not encrypted",
            hint="nothing was fetched; ask for an address that stays on https",
        )
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _check_status(status: int, where: str) -> None:
    if status in (404, 410):
        raise NotFound(f"there is nothing at {where}", hint="check the address", subject=where)
    if status in (401, 403):
        raise NotPermitted(
            f"{where} may not be read (status {status})",
            hint="fetch the file yourself, and name it",
            subject=where,
        )
    if status != 200:
        raise _unreachable(where, f"status {status}")


def _too_large(where: str, max_bytes: int) -> UsageError:
    return UsageError(
        f"{where} gives more than {max_bytes / 1024 / 1024:g} MiB",
        hint="set packs.max_mb higher if you trust it",
        subject=where,
    )


def _reason(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "its certificate is not valid"
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error.strerror or "no connection"
    return "the connection broke"


def _unreachable(where: str, why: str) -> Unavailable:
    return Unavailable(
        f"{where} cannot be reached ({why})",
        hint="check the address and the network, then try again",
        subject=where,
    )
