"""What every request passes first: an id, the hosts it may ask, the size of its body, and the
headers of every answer."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from burnish.addresses import is_this_machine
from burnish.platform import AsyncPlatform
from burnish.principal import Origin, asked_from
from burnish.rest.connection import MOST_HEAD_BYTES
from burnish.rest.metrics import Metrics
from burnish.rest.origins import Origins
from burnish.rest.paths import routed
from burnish.rest.problems import problem

_MOST_PATH_BYTES, _MOST_HEADERS = 16_384, 128
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Answers are data: nothing in them may run, be framed, or be taken for another type.
_ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}


class TooLarge(Exception):
    """A body of more bytes than are taken."""

    def __init__(self, most: int) -> None:
        super().__init__(f"the body has more than {most:,} bytes")


class Door:
    """Without `names` it is asked under any: a page cannot know the key that is wanted then."""

    def __init__(
        self,
        app: ASGIApp,
        platform: AsyncPlatform,
        *,
        names: Sequence[str] | None,
        max_bytes: int,
        metrics: Metrics,
        origins: Origins,
    ) -> None:
        self._app = app
        self._platform = platform
        self._names = None if names is None else frozenset(names)
        self._max_bytes = max_bytes
        self._metrics = metrics
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        scope["request_id"] = self._id(headers.get("x-request-id", ""))
        scope["path"] = routed(scope.get("raw_path") or scope["path"].encode())
        answered = _Answered(send, scope["request_id"], self._origins.told(headers))
        told = self._answer(scope, headers)
        if told is None:
            await self._passed(scope, receive, answered)
        else:
            await told(scope, receive, answered)

    def _answer(self, scope: Scope, headers: Headers) -> Response | None:
        """Of what goes no further."""
        refusal = _too_much(scope) or self._refusal(headers)
        if refusal is not None:
            status, detail = refusal
            return problem(status, detail, request_id=scope["request_id"])
        return self._origins.preflight(scope["method"], headers)

    async def _passed(self, scope: Scope, receive: Receive, send: _Answered) -> None:
        began = time.perf_counter()
        place = Origin(request_id=scope["request_id"], address=(scope.get("client") or ("",))[0])
        try:
            with asked_from(place):
                await self._app(scope, _Bounded(receive, self._max_bytes), send)
        except Exception:
            # Told and logged already. Only an answer that broke off is left to the server, which
            # ends the connection.
            if not send.is_whole:
                raise
        finally:
            took_s = time.perf_counter() - began
            self._metrics.answered(scope["method"], scope.get("operation"), send.status, took_s)
            self._platform.log(
                logging.INFO,
                "request",
                scope["request_id"],
                method=scope["method"],
                path=scope["path"],
                status=send.status,
                ms=round(1000 * took_s, 2),
            )

    def _id(self, given: str) -> str:
        """The caller's own, where it is a plain one: it stands in logs."""
        return given if _ID.fullmatch(given) else self._platform.new_id()

    def _refusal(self, headers: Headers) -> tuple[int, str] | None:
        """A page of the web can make a browser ask this machine: by a name of its own that leads
        here (DNS rebinding), or from its own origin."""
        host = _name(headers.get("host", ""))
        if self._names is not None and not is_this_machine(host) and host not in self._names:
            return 421, "this server is not asked under that name"
        if self._origins.refuses(headers):
            return 403, "requests from pages of other origins are not taken"
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > self._max_bytes:
            return 413, str(TooLarge(self._max_bytes))
        return None


def _too_much(scope: Scope) -> tuple[int, str] | None:
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > _MOST_PATH_BYTES:
        return 414, f"the address has more than {_MOST_PATH_BYTES:,} bytes"
    headers = scope["headers"]
    if len(headers) > _MOST_HEADERS:
        return 431, f"the request has more than {_MOST_HEADERS} headers"
    if sum(len(name) + len(value) for name, value in headers) > MOST_HEAD_BYTES:
        return 431, f"the headers have more than {MOST_HEAD_BYTES:,} bytes"
    return None


def _name(host: str) -> str:
    """Without the port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


class _Bounded:
    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._most = self._left = most

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise TooLarge(self._most)
        return message


class _Answered:
    """Sends, and remembers with which status."""

    def __init__(self, send: Send, request_id: str, more: dict[str, str]) -> None:
        self._send = send
        self._more = more
        self._request_id = request_id
        self.status = 0
        self.is_whole = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["x-request-id"] = self._request_id
            for name, value in (_ALWAYS | self._more).items():
                headers.setdefault(name, value)
            headers.setdefault("cache-control", "no-store")
        elif message["type"] == "http.response.body":
            self.is_whole = not message.get("more_body", False)
        await self._send(message)
