"""Pages of other origins: which of them may ask, and what their browsers are told."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response

_METHODS = "GET, POST, PUT, PATCH, DELETE"
_SENT = "authorization, content-type, idempotency-key, if-match, if-none-match, x-request-id"
_READ = (
    "etag, x-request-id, retry-after, ratelimit-limit, ratelimit-remaining, ratelimit-reset, "
    "idempotency-replayed"
)
_KEPT_S = "600"


class Origins:
    """Nothing is ever sent along by the browser itself: there are no cookies, so no page can act
    for somebody whose key or token it does not have."""

    def __init__(self, allowed: Sequence[str]) -> None:
        self._allowed = frozenset(each.rstrip("/") for each in allowed)

    def refuses(self, headers: Headers) -> bool:
        """Whether a page of another origin asks that is not allowed."""
        origin = headers.get("origin", "")
        own = urlsplit(origin).netloc == headers.get("host", "")
        return bool(origin) and not own and origin not in self._allowed

    def told(self, headers: Headers) -> dict[str, str]:
        """What an answer says to the browser."""
        if not self._allowed:
            return {}
        origin = headers.get("origin", "")
        if origin not in self._allowed:
            return {"vary": "origin"}
        return {
            "vary": "origin",
            "access-control-allow-origin": origin,
            "access-control-expose-headers": _READ,
        }

    def preflight(self, method: str, headers: Headers) -> Response | None:
        """The answer to a browser that asks first whether it may."""
        asks = method == "OPTIONS" and "access-control-request-method" in headers
        if not asks or headers.get("origin", "") not in self._allowed:
            return None
        allowed = {
            "access-control-allow-methods": _METHODS,
            "access-control-allow-headers": _SENT,
            "access-control-max-age": _KEPT_S,
        }
        return Response(status_code=204, headers=allowed)
