"""Data from outside, made into values of our types."""

from __future__ import annotations

import threading
from typing import Any, TypeVar, overload

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
