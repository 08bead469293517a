"""Whoever asks shows a key or a token, acts under its name, and has so many requests a minute."""

from __future__ import annotations

import time
from typing import NamedTuple

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from burnish.errors import BurnishError, NotAuthenticated
from burnish.platform import AsyncPlatform
from burnish.principal import LOCAL, NOBODY, Principal, acting_as
from burnish.rest.limits import Limits
from burnish.rest.operations.accounts import AUTH, WRITING
from burnish.rest.problems import of_error, problem, waiting
from burnish.rest.projects import asked_for
from burnish.security.buckets import Taken
from burnish.security.keys import KEY_MARK
from burnish.settings.server_groups import ServerSettings

# What tells nothing of anybody's.
OPEN = frozenset({"/healthz", "/readyz", "/openapi.json"})
SIGNING_IN = frozenset(f"/api/v1{each.path}" for each in AUTH)
_WRITING = frozenset(f"/api/v1{each}" for each in WRITING)
_WRONG = 400
# A key and a token may end by their own time, which nothing tells.
_TRUSTED_S = 1.0
_MOST = 4_096


class _Found(NamedTuple):
    who: Principal
    stamp: int
    until: float


class Entry:
    def __init__(
        self, app: ASGIApp, platform: AsyncPlatform, asks: ServerSettings, limits: Limits
    ) -> None:
        self._app = app
        self._platform = platform
        self._limits = limits
        self._found: dict[str, _Found] = {}
        self._has_accounts = asks.auth == "accounts"
        self._signing_in = SIGNING_IN if self._has_accounts else frozenset[str]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in OPEN:
            await self._app(scope, receive, send)
        elif scope["path"] in self._signing_in:
            await self._sign_in(scope, receive, send)
        else:
            entered = await self._entered(scope)
            if isinstance(entered, Response):
                await entered(scope, receive, send)
            else:
                await self._let_in(entered, scope, receive, send)

    async def _let_in(self, who: Principal, scope: Scope, receive: Receive, send: Send) -> None:
        scope["let_in"] = (*self._limits.bound(who), who.project)
        taken = await self._limits.asked(who)
        told = send if taken is None else _told(send, taken)
        if taken is not None and not taken.is_allowed:
            await _too_many(taken, scope["request_id"])(scope, receive, told)
            return
        with acting_as(who):
            await self._app(scope, receive, told)

    async def _sign_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An address may be wrong so often, whoever it says that it is, and have so many letters
        sent."""
        counts = scope["path"] in _WRITING
        address = _address(scope)
        looked = await self._limits.looked(address)
        if not looked.is_allowed:
            await _too_many(looked, scope["request_id"])(scope, receive, send)
            return

        async def counting(message: Message) -> None:
            starts = message["type"] == "http.response.start"
            if starts and (counts or message["status"] >= _WRONG):
                await self._limits.refused(address)
            await send(message)

        with acting_as(NOBODY):
            await self._app(scope, receive, counting)

    async def _entered(self, scope: Scope) -> Principal | Response:
        """Who it is, or why they are not let in."""
        request_id = scope["request_id"]
        address = _address(scope)
        looked = await self._limits.looked(address)
        if not looked.is_allowed:
            return _too_many(looked, request_id)
        try:
            who = await self._who_again(_shown(scope))
            project = asked_for(scope)
            return await self._platform.projects.entered(who, project) if project else who
        except NotAuthenticated as error:
            await self._limits.refused(address)
            return of_error(error, request_id)
        except BurnishError as error:
            return of_error(error, request_id)

    async def _who_again(self, shown: str) -> Principal:
        """As they were found a moment ago, where nothing at all has changed in the store since."""
        stamp = self._platform.stamp()
        found = self._found.get(shown)
        if found is not None and found.stamp == stamp and found.until > time.monotonic():
            return found.who
        who = await self._who(shown)
        if stamp is not None:
            self._found[shown] = _Found(who, stamp, time.monotonic() + _TRUSTED_S)
            if len(self._found) > _MOST:
                del self._found[next(iter(self._found))]
        return who

    async def _who(self, shown: str) -> Principal:
        """Raises NotAuthenticated."""
        if self._has_accounts and not shown.startswith(KEY_MARK):
            return await self._platform.sessions.verify(shown)
        return await self._platform.keys.verify(shown)


class Unasked:
    """Nobody is asked who they are: whoever reaches the server is who runs it."""

    def __init__(self, app: ASGIApp, platform: AsyncPlatform) -> None:
        self._app = app
        self._platform = platform

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        project = asked_for(scope) if scope["type"] == "http" else ""
        scope["let_in"] = ("", 0, project)
        if not project:
            await self._app(scope, receive, send)
            return
        try:
            who = await self._platform.projects.entered(LOCAL, project)
        except BurnishError as error:
            await of_error(error, scope["request_id"])(scope, receive, send)
            return
        with acting_as(who):
            await self._app(scope, receive, send)


def _address(scope: Scope) -> str:
    return (scope.get("client") or ("",))[0]


def _shown(scope: Scope) -> str:
    """Raises NotAuthenticated."""
    sort, _, key = Headers(scope=scope).get("authorization", "").partition(" ")
    if sort.lower() != "bearer":
        hint = "send authorization: Bearer with one"
        raise NotAuthenticated("this server wants a key", hint=hint)
    return key.strip()


def _too_many(taken: Taken, request_id: str) -> Response:
    return problem(
        429,
        f"more than {taken.limit:,} in a minute",
        request_id=request_id,
        headers=waiting(taken.wait_s),
        hint=f"ask again in {taken.wait_s} s",
    )


def _told(send: Send, taken: Taken) -> Send:
    """With the headers that say how much is left."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["ratelimit-limit"] = str(taken.limit)
            headers["ratelimit-remaining"] = str(taken.remaining)
            headers["ratelimit-reset"] = str(taken.full_s)
        await send(message)

    return sending
