"""Whoever asks shows a key, and acts under its name."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from burnish.errors import BurnishError, NotPermitted
from burnish.platform import AsyncPlatform
from burnish.principal import acting_as
from burnish.rest.problems import of_error, problem

# What tells nothing of anybody's.
OPEN = frozenset({"/healthz", "/readyz", "/openapi.json"})
_CHALLENGE = {"www-authenticate": "Bearer"}


class Entry:
    def __init__(self, app: ASGIApp, platform: AsyncPlatform) -> None:
        self._app = app
        self._platform = platform

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in OPEN:
            await self._app(scope, receive, send)
            return
        request_id = scope["request_id"]
        try:
            principal = await self._platform.keys.verify(_shown(scope))
        except NotPermitted as error:
            told = problem(
                401, error.what, request_id=request_id, headers=_CHALLENGE, hint=error.hint
            )
            await told(scope, receive, send)
        except BurnishError as error:
            await of_error(error, request_id)(scope, receive, send)
        else:
            with acting_as(principal):
                await self._app(scope, receive, send)


def _shown(scope: Scope) -> str:
    """Raises NotPermitted."""
    sort, _, key = Headers(scope=scope).get("authorization", "").partition(" ")
    if sort.lower() != "bearer":
        hint = "send authorization: Bearer with one"
        raise NotPermitted("this server wants a key", hint=hint)
    return key.strip()
