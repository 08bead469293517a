"""One connection: how long its request may take to come, how long its answer may wait to be read,
and how many there are at once."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus

import uvicorn
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from burnish.rest.problems import MEDIA_TYPE, document_of
from burnish.storage.ids import Ids

MOST_HEAD_BYTES = 65_536
# A long body has more time, where it comes at least at the pace of a bad telephone line.
_BYTES_PER_S = 10_000
_LOOKS = 4
_LONGEST_S = 5.0
_new_id = Ids()


class Config(uvicorn.Config):
    """Goes to other processes as a whole, so what connections are bound by stands in it."""

    receive_s: float
    send_s: float
    most: int


class Connection(HttpToolsProtocol):
    """The server itself waits for ever for a request that has begun and for a reader who reads
    nothing. From time to time each connection looks at itself, which costs a request nothing."""

    config: Config

    def connection_made(  # pyright: ignore[reportIncompatibleMethodOverride] - as its parent's
        self, transport: asyncio.Transport
    ) -> None:
        super().connection_made(transport)
        self._since: float | None = self.loop.time()
        self._came = self._loose = 0
        self._unread_since: float | None = None
        self._unread = 0
        shortest = min(self.config.receive_s, self.config.send_s)
        self._every_s = min(shortest / _LOOKS, _LONGEST_S)
        self._look_next = self.loop.call_later(self._every_s, self._look)
        if len(self.connections) > self.config.most:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        self._look_next.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self._since is None:
            self._since = self.loop.time()
        self._came += len(data)
        self._loose += len(data)
        super().data_received(data)
        if self._loose > MOST_HEAD_BYTES:
            self.refuse(431, f"the head of a request has {MOST_HEAD_BYTES:,} bytes at most")

    def on_message_begin(self) -> None:
        self._loose = 0
        if self._since is None:
            self._since = self.loop.time()
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > MOST_HEAD_BYTES:
            self.refuse(414, f"the address has more than {MOST_HEAD_BYTES:,} bytes")

    def on_headers_complete(self) -> None:
        self._loose = 0
        super().on_headers_complete()

    def on_header(self, name: bytes, value: bytes) -> None:
        """What comes behind a body in pieces is no header of the request: it has been read."""
        asked = self._asked
        if asked is None or asked.scope is not self.scope:
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        self._loose = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._since = None
        self._came = self._loose = 0
        super().on_message_complete()

    def resume_writing(self) -> None:
        self._unread_since = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - as its parent's
        self.refuse(400, "this is no HTTP request")

    @property
    def is_leaving(self) -> bool:
        return self.transport.is_closing()

    @property
    def idle_since(self) -> float | None:
        """None where a request is worked on."""
        if self._since is not None:
            return self._since
        asked = self._asked
        return 0.0 if asked is None or asked.response_complete else None

    @property
    def _asked(self) -> RequestResponseCycle | None:
        """There is none before the first request."""
        return self.cycle

    def refuse(self, status: int, detail: str) -> None:
        """Ends the connection, with an answer where nothing has been answered yet."""
        if self.transport.is_closing():
            return
        if not self._is_answering():
            self.transport.write(_answer(status, detail))
        self.transport.close()

    def leave(self, status: int, detail: str) -> None:
        """The same, without a word to one who has not said any."""
        if self._came:
            self.refuse(status, detail)
        else:
            self.transport.close()

    def _is_answering(self) -> bool:
        asked = self._asked
        return asked is not None and asked.response_started and not asked.response_complete

    def _look(self) -> None:
        now = self.loop.time()
        if self._is_unread(now):
            self.transport.abort()
            return
        if self.flow.read_paused:
            # It is us that it waits for.
            self._since = None if self._since is None else now
        if self._is_late(now):
            self.leave(408, f"the request did not come within {self.config.receive_s:g} s")
        self._look_next = self.loop.call_later(self._every_s, self._look)

    def _is_late(self, now: float) -> bool:
        if self._since is None:
            return False
        # What comes after its answer is of no use to anybody.
        is_read = self._asked is None or not self._asked.response_complete
        more_s = self._came / _BYTES_PER_S if is_read else 0.0
        return now - self._since > self.config.receive_s + more_s

    def _is_unread(self, now: float) -> bool:
        left, before = self.transport.get_write_buffer_size(), self._unread
        self._unread = left
        if not left or left < before or self._unread_since is None:
            self._unread_since = now if left else None
            return False
        return now - self._unread_since > self.config.send_s

    def _make_room(self) -> None:
        """The one that has been waited for the longest goes: requests come at once, as a rule.
        Where all are worked on, there is no room."""
        idle = [
            (each.idle_since, id(each), each)
            for each in self.connections
            if isinstance(each, Connection) and each is not self and not each.is_leaving
        ]
        longest = min((each for each in idle if each[0] is not None), default=None)
        if longest is None:
            self.refuse(503, "the server has as many connections as it takes; ask again soon")
        else:
            longest[2].leave(503, "the server has more connections than it takes")


def _answer(status: int, detail: str) -> bytes:
    request_id = _new_id()
    body = json.dumps(document_of(status, detail, request_id=request_id)).encode()
    head = (
        f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\n"
        f"x-request-id: {request_id}\r\nx-content-type-options: nosniff\r\n"
        "cache-control: no-store\r\nconnection: close\r\n"
    )
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        head += "retry-after: 1\r\n"
    return STATUS_LINE[status] + head.encode() + b"\r\n" + body
