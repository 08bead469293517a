"""What an operation gives, as bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast, get_origin

import msgspec
from starlette.responses import Response

JSON = "application/json"
_SEVERAL = (list, tuple)


def answer(value: Any, status: int) -> Response:
    """Several things stand in `items`, a bare number or text in `value`: an object can grow."""
    if status == 204:
        return Response(status_code=204)
    return Response(msgspec.json.encode(wrapped(value)), status, media_type=JSON)


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
