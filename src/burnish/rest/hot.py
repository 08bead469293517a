"""The read that a server is asked most, a prompt by its name, as bytes that were sent before.

What the whole way through the door, the entry and the table of operations has answered is kept as
it was sent, and sent again while the library has the very same version for fresh, for whoever is
let in still. Whatever is not sure of that goes the whole way."""

from __future__ import annotations

import asyncio
import itertools
import logging
import re
import time
from collections.abc import Callable, MutableMapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from burnish.platform import AsyncPlatform
from burnish.rest.metrics import Metrics
from burnish.rest.operation import Operation
from burnish.rest.projects import HEADER, Projects
from burnish.security.buckets import OwnBuckets
from burnish.storage.store import Fetched

CALL = "prompts.get"
_BEGIN = b"/api/v1/prompts/"
_MOST = 4_096
_MOST_QUERY = 1_024
# A key may end by its own time, which nothing tells.
_TRUSTED_S = 1.0
_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
# Of one answer, and of no other.
_OWN = frozenset({b"x-request-id", b"ratelimit-limit", b"ratelimit-remaining", b"ratelimit-reset"})
_OF_BODIES = frozenset({b"content-type", b"content-length", b"content-encoding"})
_PROJECT = HEADER.encode()
Header = tuple[bytes, bytes]
_Key = tuple[tuple[bytes, bytes, bytes], bytes, bytes]


class Asker(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever was let in, to which project, as the buckets know them, and for how long that is
    known. `stamp` is of the store, before they were looked up in it."""

    platform: AsyncPlatform
    bucket: str = ""
    limit: int = 0
    stamp: int | None = None
    until: float = 0.0


class _Told(NamedTuple):
    headers: list[Header]
    body: bytes


class _Kept(msgspec.Struct, kw_only=True):
    """The answers that say this very version, packed and not, and its tag."""

    fetched: Fetched
    tag: bytes
    plain: _Told | None = None
    packed: _Told | None = None


class _Asked(NamedTuple):
    """What of a request's headers matters here."""

    who: tuple[bytes, bytes, bytes] = (b"", b"", b"")
    tag: bytes = b""
    is_packed: bool = False
    request_id: bytes = b""


class Hot:
    """`buckets` bound what each may ask for, and `refusals` what an address may do wrong; None
    where nobody is asked who they are."""

    def __init__(
        self,
        app: ASGIApp,
        projects: Projects,
        metrics: Metrics,
        *,
        buckets: OwnBuckets | None,
        refusals: int = 0,
    ) -> None:
        self._app = app
        self._projects = projects
        self._platform = projects.main
        self._metrics = metrics
        self._buckets = buckets
        self._refusals = refusals
        self._meant: dict[tuple[bytes, bytes], tuple[str, str | int | None]] = {}
        self._named: dict[bytes, str] = {}
        self._kept: dict[int, _Kept] = {}
        self._askers: dict[tuple[bytes, bytes, bytes], Asker] = {}
        # No other process has the same, and it takes no time.
        self._ids = self._platform.new_id().encode()
        self._counted = itertools.count()
        self._under_way: dict[_Key, asyncio.Future[None]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        path = scope.get("raw_path") or b""
        if not path.startswith(_BEGIN):
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        asked = _asked(scope["headers"])
        told = None if asked is None else self._told(scope, path, asked)
        if told is None and asked is not None:
            told = await self._told_soon(scope, path, asked)
        if told is None:
            await self._once(scope, receive, send, asked)
            return
        start, body = told
        await send(start)
        await send({"type": "http.response.body", "body": body})
        self._noted(scope, start["status"], time.perf_counter() - began, start["headers"])

    async def _told_soon(
        self, scope: Scope, path: bytes, asked: _Asked
    ) -> tuple[Message, bytes] | None:
        """Where another request for the same is on the whole way, what that one brings: of all who
        ask when something has changed, one goes."""
        way = self._under_way.get((asked.who, path, scope["query_string"]))
        if way is None:
            return None
        await asyncio.wait({way})
        return self._told(scope, path, asked)

    async def _once(self, scope: Scope, receive: Receive, send: Send, asked: _Asked | None) -> None:
        key = None if asked is None else (asked.who, scope["raw_path"], scope["query_string"])
        if key is None or key in self._under_way:
            await self._whole_way(scope, receive, send, asked)
            return
        way = self._under_way[key] = asyncio.get_running_loop().create_future()
        try:
            await self._whole_way(scope, receive, send, asked)
        finally:
            del self._under_way[key]
            way.set_result(None)

    def _told(self, scope: Scope, path: bytes, asked: _Asked) -> tuple[Message, bytes] | None:
        asker = self._askers.get(asked.who)
        if asker is None:
            return None
        kept = self._known(asker.platform, path, scope["query_string"])
        if kept is None:
            return None
        told = kept.packed if asked.is_packed else kept.plain
        left = None if told is None else self._let_in(scope, asker)
        if told is None or left is None:
            return None
        request_id = asked.request_id or b"%s-%x" % (self._ids, next(self._counted))
        headers, body, status = told.headers, told.body, 200
        if asked.tag and _is_same(asked.tag, kept.tag):
            headers = [each for each in headers if each[0] not in _OF_BODIES]
            body, status = b"", 304
        headers = [*headers, (b"x-request-id", request_id), *left]
        return {"type": "http.response.start", "status": status, "headers": headers}, body

    def _known(self, platform: AsyncPlatform, path: bytes, query: bytes) -> _Kept | None:
        """What was answered of the version that is meant, and is fresh."""
        meant = self._meant.get((path, query))
        if meant is not None:
            found = platform.prompts.fresh.get(meant[0], _NOTHING).get(meant[1])
        else:
            found = self._of_unit(platform, path, query)
        if found is None:
            return None
        kept = self._kept.get(id(found))
        return kept if kept is not None and kept.fetched is found else None

    def _of_unit(self, platform: AsyncPlatform, path: bytes, query: bytes) -> Fetched | None:
        """As experiments assign it, which is noted there."""
        reference = self._named.get(path)
        if reference is None or b"unit=" not in query or len(query) > _MOST_QUERY:
            return None
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
        given = dict(pairs)
        if len(given) < len(pairs) or not given.keys() <= {"label", "unit"}:
            return None
        unit = given["unit"]
        return platform.prompts.units.at_once(reference, given.get("label"), unit, None)

    def _let_in(self, scope: Scope, asker: Asker) -> list[Header] | None:
        """The headers that say how much is left. None where they are not known any more, or have
        nothing left: the whole way says so."""
        if self._buckets is None:
            return []
        if asker.until < time.monotonic() or asker.stamp != self._platform.stamp():
            return None
        address = f"from {(scope.get('client') or ('',))[0]}"
        # Whoever has done nothing wrong is not known.
        is_heard = not self._buckets.knows(address) or (
            self._buckets.at_once(address, self._refusals, 0).is_allowed
        )
        return _left(self._buckets, asker) if is_heard else None

    async def _whole_way(
        self, scope: Scope, receive: Receive, send: Send, asked: _Asked | None
    ) -> None:
        if asked is None:
            await self._app(scope, receive, send)
            return
        stamp = None if self._buckets is None else self._platform.stamp()
        start: Message = {}
        body: list[bytes] = []

        async def heard(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            elif message["type"] == "http.response.body":
                body.append(message.get("body", b""))
            await send(message)

        await self._app(scope, receive, heard)
        fetched = scope.get(CALL)
        if start.get("status") == 200 and fetched is not None:
            self._keep(scope, asked, fetched, _Told(list(start["headers"]), b"".join(body)))
            self._trust(scope, asked, stamp)

    def _keep(self, scope: Scope, asked: _Asked, found: _Found, told: _Told) -> None:
        named = dict(told.headers)
        headers = [each for each in told.headers if each[0] not in _OWN]
        kept = self._kept.get(id(found.fetched))
        if kept is None or kept.fetched is not found.fetched:
            kept = _Kept(fetched=found.fetched, tag=named.get(b"etag", b""))
            _put(self._kept, id(found.fetched), kept)
        # A short answer is not packed, whoever asks.
        if asked.is_packed:
            kept.packed = _Told(headers, told.body)
        elif b"content-encoding" not in named:
            kept.plain = _Told(headers, told.body)
        _put(self._named, scope["raw_path"], found.reference)
        if found.unit is None and len(scope["query_string"]) <= _MOST_QUERY:
            key = (scope["raw_path"], scope["query_string"])
            _put(self._meant, key, (found.reference, found.pointer))

    def _trust(self, scope: Scope, asked: _Asked, stamp: int | None) -> None:
        bucket, limit, project = scope["let_in"]
        platform = self._projects.at_once(project)
        if self._buckets is None and platform is not None:
            _put(self._askers, asked.who, Asker(platform=platform))
        elif stamp is not None and platform is not None:
            until = time.monotonic() + _TRUSTED_S
            asker = Asker(platform=platform, bucket=bucket, limit=limit, stamp=stamp, until=until)
            _put(self._askers, asked.who, asker)

    def _noted(self, scope: Scope, status: int, took_s: float, headers: list[Header]) -> None:
        self._metrics.hot(status, took_s)
        if self._platform.log.is_on:
            request_id = dict(headers)[b"x-request-id"].decode()
            self._platform.log(
                logging.INFO,
                "request",
                request_id,
                method="GET",
                path=scope["path"],
                status=status,
                ms=round(1000 * took_s, 2),
            )


class _Found(NamedTuple):
    """What `prompts.get` was asked for, and gave."""

    reference: str
    pointer: str | int | None
    unit: str | None
    fetched: Fetched


_NOTHING: dict[Any, Fetched] = {}


def noted(operation: Operation) -> Callable[[MutableMapping[str, Any], dict[str, Any], Any], None]:
    """Says in the scope of a request what was asked for, and what it gave."""
    if operation.call != CALL:
        return _not_noted

    def note(scope: MutableMapping[str, Any], given: dict[str, Any], done: Any) -> None:
        if given.get("attributes") is None:
            revision = given.get("revision")
            pointer = given.get("label") if revision is None else revision
            scope[CALL] = _Found(given["reference"], pointer, given.get("unit"), done)

    return note


def _not_noted(*_: object) -> None:
    """Other answers are not kept."""


def _asked(headers: list[Header]) -> _Asked | None:
    """None for what only the whole way can answer."""
    host = authorization = project = tag = request_id = b""
    is_packed = False
    for name, value in headers:
        if name == b"host":
            host = value
        elif name == b"authorization":
            authorization = value
        elif name == _PROJECT:
            project = value
        elif name == b"if-none-match":
            tag = value
        elif name == b"accept-encoding":
            is_packed = b"gzip" in value
        elif name == b"x-request-id":
            request_id = value if _ID.fullmatch(value) else b""
        elif name in {b"origin", b"content-length", b"transfer-encoding"}:
            return None
    return _Asked((host, authorization, project), tag, is_packed, request_id)


def _left(buckets: OwnBuckets, asker: Asker) -> list[Header] | None:
    """Takes one; where there is none, the whole way says so."""
    if not asker.limit:
        return []
    left = buckets.one(asker.bucket, asker.limit)
    if left is None:
        return None
    return [
        (b"ratelimit-limit", b"%d" % asker.limit),
        (b"ratelimit-remaining", b"%d" % left[0]),
        (b"ratelimit-reset", b"%d" % left[1]),
    ]


def _is_same(given: bytes, tag: bytes) -> bool:
    if given == tag:
        return True
    had = {each.strip().removeprefix(b"W/") for each in given.split(b",")}
    return tag in had or b"*" in had


def _put(kept: dict[Any, Any], key: Any, value: Any) -> None:
    kept.pop(key, None)
    kept[key] = value
    if len(kept) > _MOST:
        del kept[next(iter(kept))]
