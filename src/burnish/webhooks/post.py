"""One attempt to tell a webhook: signed, to an address within reach, within bounds."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import socket
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec

from burnish._version import __version__
from burnish.addresses import Reach, check_here, check_reach, check_url
from burnish.errors import BurnishError
from burnish.models.connections import proxy_for
from burnish.storage.webhook import Delivery

SECRET_MARK = "whsec_"  # noqa: S105 - what a secret begins with
_TIMEOUT_S = 15.0
_ANSWER_BYTES = 4_096


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """`error` is empty where it came through."""

    status: int | None = None
    error: str = ""
    duration_ms: float


def signature(secret: str, delivery_id: str, at: datetime, payload: bytes) -> str:
    """As Standard Webhooks has it: HMAC-SHA256 over id, time and body, in base64."""
    key = base64.b64decode(secret.removeprefix(SECRET_MARK))
    signed = b".".join((delivery_id.encode(), str(int(at.timestamp())).encode(), payload))
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


async def post(url: str, secret: str, delivery: Delivery, reach: Reach, at: datetime) -> Attempt:
    payload = delivery.payload.encode()
    headers = {
        "content-type": "application/json",
        "user-agent": f"burnish/{__version__}",
        "webhook-id": delivery.id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature(secret, delivery.id, at, payload),
    }
    began = time.perf_counter()
    status, error = None, ""
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            check_url(url, reach)
            status = await _sent(url, payload, headers, reach)
    except TimeoutError:
        error = f"no answer in {_TIMEOUT_S:g} s"
    except BurnishError as refused:
        error = refused.what
    except (aiohttp.ClientError, OSError) as lost:
        # Its own text may hold the address with what is secret in it.
        error = f"no connection ({type(lost).__name__})"
    if status is not None and not 200 <= status < 300:
        error = f"status {status}"
    took_ms = round(1000 * (time.perf_counter() - began), 1)
    return Attempt(status=status, error=error, duration_ms=took_ms)


async def _sent(url: str, payload: bytes, headers: dict[str, str], reach: Reach) -> int:
    """No redirect is followed: it would lead somewhere that nobody has named."""
    proxy = proxy_for(url)
    # A proxy looks the names up itself, and may stand in a private network.
    connector = aiohttp.TCPConnector(socket_factory=None if proxy else _checked(url, reach))
    async with (
        aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session,
        session.post(
            url, data=payload, headers=headers, allow_redirects=False, proxy=proxy
        ) as reply,
    ):
        await reply.content.read(_ANSWER_BYTES)
        return reply.status


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
