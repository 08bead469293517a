"""What an operation gives, as bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, cast, get_origin

import msgspec
from starlette.requests import Request
from starlette.responses import Response

JSON = "application/json"
_SEVERAL = (list, tuple)


def answer(value: Any, status: int) -> Response:
    """Several things stand in `items`, a bare number or text in `value`: an object can grow."""
    if status == 204:
        return Response(status_code=204)
    return Response(msgspec.json.encode(wrapped(value)), status, media_type=JSON)


def validated(request: Request, told: Response) -> Response:
    """With a tag of what it says; 304 where the asker has just that."""
    tag = f'"{hashlib.sha256(told.body).hexdigest()[:32]}"'
    headers = {"etag": tag, "cache-control": "private, no-cache"}
    had = {each.strip() for each in request.headers.get("if-none-match", "").split(",")}
    if had & {tag, f"W/{tag}", "*"}:
        return Response(status_code=304, headers=headers)
    told.headers.update(headers)
    return told


def wrapped(value: Any) -> Any:
    if isinstance(value, _SEVERAL):
        return {"items": cast("Sequence[Any]", value)}
    if isinstance(value, str | int | float) or value is None:
        return {"value": value}
    return value


def inside(shape: Any) -> str:
    """Under which name the answer of this type stands; empty where it is the whole."""
    if (get_origin(shape) or shape) in _SEVERAL:
        return "items"
    return "value" if shape in {str, int, float, bool} else ""
