"""What an operation takes and gives over HTTP, read off the signature of the platform's method."""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Annotated, Any, Union, cast, get_args, get_origin, get_type_hints

import msgspec

from burnish.rest.hints import complete, hints_of
from burnish.rest.operation import Operation

_IN_PATH = re.compile(r"\{(\w+)")
_MANY = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_HERE_ALONE = (Callable, AsyncGenerator, IO, Path, bytes, object)


class Takes(msgspec.Struct, frozen=True, kw_only=True):
    """`given` is a struct of what stands in the query or the body; in a query, those of its fields
    that are `lists` may come several times, and `objects` are JSON. A struct among the parameters
    of a query is `spread`: its fields stand there themselves."""

    method: Callable[..., Any]
    in_path: tuple[str, ...]
    given: type[msgspec.Struct]
    lists: frozenset[str]
    objects: frozenset[str]
    spread: dict[str, type[msgspec.Struct]]
    answer: Any

    def arguments(self, given: msgspec.Struct) -> dict[str, Any]:
        """The call's arguments of what was read."""
        found = {name: getattr(given, name) for name in given.__struct_fields__}
        for name, kind in self.spread.items():
            found[name] = kind(**{each: found.pop(each) for each in kind.__struct_fields__})
        return found


def signature_of(operation: Operation, platform: type[Any]) -> Takes:
    method = operation.by or method_of(operation.call, platform)
    hints = hints_of(method)
    in_path = tuple(_IN_PATH.findall(operation.path))
    fields, spread = _fields(operation, method, hints, in_path)
    shapes = {name: _parts(shape) for name, shape, _ in fields}
    return Takes(
        method=method,
        in_path=in_path,
        given=_struct(operation, fields),
        lists=frozenset(name for name, parts in shapes.items() if _has(parts, list, tuple)),
        objects=frozenset(name for name, parts in shapes.items() if _has(parts, dict)),
        spread=spread,
        answer=complete(operation.answer or hints["return"]),
    )


Field = tuple[str, Any, Any]
# What every program can hold, and how much one answer may bring.
Whole = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
Page = Annotated[int, msgspec.Meta(ge=1, le=1000)]


def _fields(
    operation: Operation,
    method: Callable[..., Any],
    hints: dict[str, Any],
    in_path: tuple[str, ...],
) -> tuple[list[Field], dict[str, type[msgspec.Struct]]]:
    fields: list[Field] = []
    spread: dict[str, type[msgspec.Struct]] = {}
    for parameter in list(inspect.signature(method).parameters.values())[1:]:
        name = parameter.name
        if name in (*in_path, *operation.left_out) or parameter.kind in _MANY:
            continue
        shape = operation.shapes.get(name) or from_afar(hints[name])
        if shape is None:
            continue
        if name == "limit":
            shape = Page if hints[name] is int else Union[Page, None]  # noqa: UP007 - of no class
        if operation.in_query and (struct := _struct_in(shape)):
            spread[name] = struct
            fields += _own(struct)
        else:
            is_left = parameter.default is parameter.empty
            fields.append((name, shape, msgspec.NODEFAULT if is_left else parameter.default))
    return fields, spread


def _struct_in(shape: Any) -> type[msgspec.Struct] | None:
    parts = (part for part in _parts(shape) if isinstance(part, type))
    return next((part for part in parts if issubclass(part, msgspec.Struct)), None)


def _own(struct: type[msgspec.Struct]) -> list[Field]:
    return [(each.name, each.type, each.default) for each in msgspec.structs.fields(struct)]


def method_of(call: str, platform: type[Any]) -> Callable[..., Any]:
    """Of `prompts.create`, the method of the room that the platform has under that name."""
    *rooms, name = call.split(".")
    kind = platform
    for room in rooms:
        kind = _room(kind, room)
    found = inspect.getattr_static(kind, name)
    return cast("Callable[..., Any]", found.fget if isinstance(found, property) else found)


def _room(kind: type[Any], name: str) -> type[Any]:
    found = inspect.getattr_static(kind, name, None)
    if found is None:
        return get_type_hints(kind)[name]
    getter: Callable[..., Any] = getattr(found, "func", None) or found.fget
    return hints_of(getter)["return"]


def from_afar(hint: Any) -> Any:
    """What of a type can be sent. None where that is nothing: functions, files and paths mean
    something on the machine of the caller alone, and a text that may be a path is none either."""
    if _is_here(hint):
        return None
    if hint is int:
        return Whole
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, types.UnionType}:
        return _union(arguments)
    if origin in {Sequence, Iterable, list}:
        inner = from_afar(arguments[0])
        return None if inner is None else list[inner]
    if origin is Mapping:
        return dict[arguments[0], arguments[1]]
    return hint


def _union(arguments: tuple[Any, ...]) -> Any:
    is_path = any(each is Path for each in arguments)
    left = [each for each in arguments if not (_is_here(each) or (is_path and each is str))]
    kept = [found for each in left if (found := from_afar(each)) is not None]
    if not kept or kept == [type(None)]:
        return None
    whole = kept[0]
    for each in kept[1:]:
        whole |= each
    return whole


def _is_here(hint: Any) -> bool:
    return (get_origin(hint) or hint) in _HERE_ALONE


def _parts(shape: Any) -> tuple[Any, ...]:
    return get_args(shape) if get_origin(shape) in {Union, types.UnionType} else (shape,)


def _has(parts: tuple[Any, ...], *kinds: Any) -> bool:
    return any((get_origin(each) or each) in kinds for each in parts)


def _struct(operation: Operation, fields: list[Field]) -> type[msgspec.Struct]:
    words = re.split(r"[._]", operation.call)
    name = "".join(word.title() for word in words if word)
    given = [
        (name, shape) if default is msgspec.NODEFAULT else (name, shape, _default(default))
        for name, shape, default in fields
    ]
    return msgspec.defstruct(
        f"{name}Request", given, kw_only=True, frozen=True, forbid_unknown_fields=True
    )


def _default(value: Any) -> Any:
    return msgspec.field(default_factory=_nothing) if value == {} else value


def _nothing() -> dict[str, Any]:
    return {}
