"""Data from outside, made into values of our types."""

from __future__ import annotations

import difflib
import re
import threading
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints, overload

import msgspec

T = TypeVar("T")

_lock = threading.Lock()
_known: set[Any] = set()


def convert(value: Any, shape: type[T], *, strict: bool = True) -> T:
    """As msgspec.convert. Raises msgspec.ValidationError."""
    _learn(shape)
    return msgspec.convert(value, shape, strict=strict)


def decode(content: bytes | str, shape: type[T]) -> T:
    """As msgspec.json.decode. Raises msgspec.DecodeError."""
    _learn(shape)
    return msgspec.json.decode(content, type=shape)


@overload
def decoder(shape: type[T]) -> msgspec.json.Decoder[T]: ...
@overload
def decoder(shape: Any) -> msgspec.json.Decoder[Any]: ...
def decoder(shape: Any) -> msgspec.json.Decoder[Any]:
    """For many values of one shape."""
    _learn(shape)
    return msgspec.json.Decoder(shape)


def _learn(shape: Any) -> None:
    """What msgspec knows of a class is kept on the class, and is there for other threads before it
    is complete: one that comes then crashes the process. So one thread at a time may learn."""
    if shape not in _known:
        with _lock:
            msgspec.json.Decoder(shape)
            _known.add(shape)


_PLAIN = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "text",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
_BOUNDS = {">= ": "from ", "<= ": "up to ", "> ": "above ", "< ": "below "}
_TYPE = re.compile(r"`([\w |]+)`(?: ([<>]=? )(\S+))?")
_UNKNOWN = re.compile(r"unknown field `(.+?)`")
_VALUE = re.compile(r"enum value (.+?) - at")
_PLACE = re.compile(r" - at `\$\.?(\w+)")


def plainly(error: msgspec.ValidationError) -> str:
    """ "Expected `float`, got `str`" without the words of a programming language."""
    words = _TYPE.sub(_kind, str(error).split(" - at", maxsplit=1)[0]).replace("`", "'")
    return words[0].lower() + words[1:]


def _kind(found: re.Match[str]) -> str:
    kinds = [each for each in found[1].split(" | ") if each != "null"] or ["null"]
    bound = f" {_BOUNDS[found[2]]}{found[3].removesuffix('.0')}" if found[2] else ""
    return " or ".join(_PLAIN.get(each, each) for each in kinds) + bound


def refusal(error: msgspec.ValidationError, shape: type[Any]) -> tuple[str, str]:
    """What of a mapping is not as the `shape` wants it, and what to do: `temprature` is near a
    field, `men` is none of its values."""
    known: tuple[str, ...] = shape.__struct_fields__
    takes = f"it takes {', '.join(known) or 'nothing'}"
    if unknown := _UNKNOWN.search(str(error)):
        near = difflib.get_close_matches(unknown[1], known, n=1, cutoff=0.85)
        hint = f"did you mean {near[0]!r}?" if near else takes
        return f"there is no {unknown[1]!r}", hint
    place = _PLACE.search(str(error))
    if place is None:
        return plainly(error), takes
    values = get_type_hints(shape).get(place[1])
    value = _VALUE.search(str(error))
    if value and get_origin(values) is Literal:
        return f"{place[1]} cannot be {value[1]}", f"use {', '.join(map(str, get_args(values)))}"
    return f"{place[1]}: {plainly(error)}", f"give another {place[1]}, or leave it out"
