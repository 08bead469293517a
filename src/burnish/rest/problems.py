"""Errors as RFC 9457 problem documents: one shape, wherever they come from."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from burnish import errors
from burnish.errors import BurnishError

MEDIA_TYPE = "application/problem+json"
CHALLENGE = {"www-authenticate": "Bearer"}
# The first that an error is one of; whatever is none is a mistake of ours.
_STATUS: tuple[tuple[type[BurnishError], int], ...] = (
    (errors.UsageError, 422),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.NotShown, 409),
    (errors.NotAuthenticated, 401),
    (errors.NotPermitted, 403),
    (errors.BudgetExceeded, 402),
    (errors.StructureLost, 422),
    (errors.OutputRejected, 502),
    (errors.ModelFailed, 502),
    (errors.Unavailable, 503),
    (errors.MissingExtra, 503),
    (errors.StoreError, 503),
)


def status_of(error: BurnishError) -> int:
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def document_of(
    status: int, detail: str, *, request_id: str = "", code: str = "", **more: Any
) -> dict[str, Any]:
    title = HTTPStatus(status).phrase
    code = code or title.lower().replace(" ", "_")
    return {
        "type": f"urn:burnish:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "request_id": request_id,
        **{name: value for name, value in more.items() if value},
    }


def problem(
    status: int,
    detail: str,
    *,
    request_id: str = "",
    code: str = "",
    headers: dict[str, str] | None = None,
    **more: Any,
) -> Response:
    """`code` is the error's stable name, where it has one."""
    told = document_of(status, detail, request_id=request_id, code=code, **more)
    return Response(json.dumps(told), status, headers, media_type=MEDIA_TYPE)


def waiting(seconds: float | None) -> dict[str, str] | None:
    """The header that tells when to ask again."""
    return {"retry-after": str(max(1, round(seconds)))} if seconds else None


def of_error(error: BurnishError, request_id: str, pointer: str = "") -> Response:
    """`pointer` says which part of the request it is about."""
    status = status_of(error)
    wait = waiting(getattr(error, "retry_after_s", None))
    return problem(
        status,
        error.what,
        request_id=request_id,
        code=error.code,
        headers=CHALLENGE if status == HTTPStatus.UNAUTHORIZED else wait,
        hint=error.hint,
        subject=error.subject,
        errors=[{"pointer": pointer, "detail": error.what}] if pointer else [],
    )
