"""A request that has a key is done once, however often it is sent."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from burnish.errors import BurnishError
from burnish.platform import AsyncPlatform
from burnish.rest.projects import Projects
from burnish.rest.request import Refused
from burnish.storage.requests import KeyedRequest

HEADER = "idempotency-key"
REPLAYED = "idempotency-replayed"
_KEY = re.compile(r"[!-~]{1,255}")
_READING = {"GET", "HEAD", "OPTIONS"}
Serve = Callable[[Request], Awaitable[Response]]


def once(projects: Projects, serve: Serve) -> Serve:
    """Answers a key that was used with what it was answered then. Only what was done is kept:
    after an error the same key may be sent again."""

    async def served(request: Request) -> Response:
        key = request.headers.get(HEADER)
        if key is None or request.method in _READING:
            return await serve(request)
        if not _KEY.fullmatch(key):
            raise Refused(422, f"{HEADER} is no key", hint="send up to 255 visible ASCII letters")
        platform = await projects.here()
        asked = await _hash(request)
        before = await platform.answered.begin(key, asked)
        if before is not None:
            return _told_before(before, asked)
        return await _done(platform, serve, request, key)

    return served


def _told_before(before: KeyedRequest, asked: str) -> Response:
    if before.request_hash != asked:
        raise Refused(422, f"this {HEADER} came with another request", hint="make a new one")
    if before.status is None:
        hint = "send it again later, with the same key"
        raise Refused(409, "this request is being answered", hint=hint, retry_after_s=1)
    headers = {REPLAYED: "true"}
    return Response(before.answer or b"", before.status, headers, before.media_type or None)


async def _done(platform: AsyncPlatform, serve: Serve, request: Request, key: str) -> Response:
    """Of what breaks off otherwise nobody knows how far it came: it is not done again at once."""
    try:
        told = await serve(request)
    except (BurnishError, Refused):
        await platform.answered.forget(key)
        raise
    body = bytes(told.body)
    await platform.answered.finish(key, told.status_code, body, told.media_type or "")
    return told


async def _hash(request: Request) -> str:
    asked = f"{request.method} {request.scope['path']}?{request.url.query}\n".encode()
    return hashlib.sha256(asked + await request.body()).hexdigest()
