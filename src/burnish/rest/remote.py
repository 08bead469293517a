"""The platform's operations, asked of a server."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, cast

import msgspec

from burnish import shapes
from burnish.errors import UsageError
from burnish.platform import AsyncPlatform
from burnish.rest.answers import inside
from burnish.rest.events import STREAM
from burnish.rest.operation import Operation
from burnish.rest.operations import OPERATIONS
from burnish.rest.paths import filled
from burnish.rest.signature import Takes, signature_of

_BY_CALL = {each.call: each for each in (*OPERATIONS, STREAM)}


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """A request to send; `query` has texts, `body` is JSON."""

    method: str
    path: str
    query: list[tuple[str, str]] = []
    body: bytes | None = None


def operation_of(call: str) -> Operation:
    """Raises UsageError for what only works where the library itself is."""
    if found := _BY_CALL.get(call):
        return found
    raise UsageError(f"{call} is not served over HTTP", hint="use burnish.open() where the data is")


@cache
def takes_of(call: str) -> Takes:
    return signature_of(operation_of(call), AsyncPlatform)


def ask(call: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Ask:
    """Raises UsageError for an argument that means something on this machine alone, TypeError as
    the method itself does."""
    operation, takes = operation_of(call), takes_of(call)
    bound = inspect.signature(takes.method).bind(None, *args, **kwargs).arguments
    given = dict(list(bound.items())[1:])
    path = filled(operation.path, {name: str(given.pop(name)) for name in takes.in_path})
    for name in takes.spread:
        given |= _set(given.pop(name, None))
    _check(call, given, takes)
    if operation.in_query:
        query = [pair for name, value in given.items() for pair in _pairs(name, value, takes)]
        return Ask(method=operation.method, path=path, query=query)
    return Ask(method=operation.method, path=path, body=msgspec.json.encode(given))


def _set(struct: msgspec.Struct | None) -> dict[str, Any]:
    if struct is None:
        return {}
    found = {name: getattr(struct, name) for name in struct.__struct_fields__}
    return {name: value for name, value in found.items() if value is not None}


def _check(call: str, given: dict[str, Any], takes: Takes) -> None:
    for name in [each for each in given if each not in takes.given.__struct_fields__]:
        if given.pop(name) not in (None, "", (), False):
            raise UsageError(f"{call} takes no {name} over HTTP", hint="leave it out", subject=name)


def _pairs(name: str, value: Any, takes: Takes) -> list[tuple[str, str]]:
    if value is None:
        return []
    if name in takes.objects:
        return [(name, msgspec.json.encode(value).decode())]
    is_one = not isinstance(value, list | tuple)
    several: Sequence[Any] = (value,) if is_one else cast("Sequence[Any]", value)
    return [(name, _text(each)) for each in several]


def _text(value: Any) -> str:
    plain = msgspec.to_builtins(value)
    return plain if isinstance(plain, str) else msgspec.json.encode(plain).decode()


def read(call: str, body: bytes) -> Any:
    """What the method would have given."""
    takes = takes_of(call)
    if not body:
        return None
    if name := inside(takes.answer):
        return shapes.convert(msgspec.json.decode(body)[name], takes.answer)
    return shapes.decode(body, takes.answer)
