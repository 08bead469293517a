"""YAML as plain values that know their lines, with bounds on what a file may ask for.

Plain scalars follow the YAML 1.2 core rules, so `no` is a word. Anchors are followed as far as
they cannot multiply; tags, second documents and repeated keys are refused.
"""

from __future__ import annotations

import math
import re
from typing import Any, cast

import msgspec

from burnish.prompts.formats.document import Fault

MAX_DEPTH = 60
# What all aliases of a file together may add.
MAX_ALIASED = 20_000
_MAX_DIGITS = 4_000
_NUMBER = re.compile(r"[-+]?(\d+|\d*\.\d+|\d+\.\d*)([eE][-+]?\d+)?", re.ASCII)
_WORDS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
}

Place = tuple[str | int, ...]


class YamlText(msgspec.Struct, frozen=True):
    """`lines` gives the line, from 1, of every key and list item by its path."""

    value: Any
    lines: dict[Place, int]


def read_yaml(text: str) -> YamlText:
    """An empty text is None. Raises Fault with the line."""
    import yaml

    loader: Any = None
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        reader = _Reader(loader)
        value = reader.document()
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise Fault("holds a control character, which YAML does not allow", line) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line = mark.line + 1 if mark is not None else 0
        problem = getattr(error, "problem", None) or "cannot be read"
        raise Fault(f"is not valid YAML: {problem}", line) from None
    finally:
        if loader is not None:
            loader.dispose()
    return YamlText(value, reader.lines)


class _Reader:
    def __init__(self, loader: Any) -> None:
        self._next = loader.get_event
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._nodes = 0
        self._aliased = 0
        self.lines: dict[Place, int] = {}

    def document(self) -> Any:
        self._next()  # the stream's start
        if type(self._next()).__name__ == "StreamEndEvent":
            return None
        value = self._value(self._next(), ())
        self._next()  # the document's end
        event = self._next()
        if type(event).__name__ != "StreamEndEvent":
            raise Fault("holds a second document", event.start_mark.line + 1)
        return value

    def _value(self, event: Any, place: Place) -> Any:
        line: int = event.start_mark.line + 1
        kind = type(event).__name__
        if kind == "AliasEvent":
            return self._alias(event.anchor, line)
        if len(place) > MAX_DEPTH:
            raise Fault("is nested too deeply", line)
        if event.tag is not None:
            raise Fault(f"uses the tag {event.tag}, which is not allowed here", line)
        before = self._nodes
        self._nodes += 1
        if kind == "ScalarEvent":
            value = _plain(event.value, line) if event.implicit[0] else event.value
        elif kind == "SequenceStartEvent":
            value = self._list(place)
        else:
            value = self._mapping(place)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, self._nodes - before)
        return value

    def _alias(self, name: str, line: int) -> Any:
        if name not in self._anchors:
            raise Fault(f"uses the alias {name!r}, which stands inside itself or nowhere", line)
        value, size = self._anchors[name]
        self._nodes += size
        self._aliased += size
        if self._aliased > MAX_ALIASED:
            raise Fault("repeats too much with aliases", line)
        return value

    def _variable(self, event: Any, place: Place, *, alone: bool) -> str:
        """`{{ name }}` without quotes, which YAML takes for two mappings and people do not."""
        line: int = event.start_mark.line + 1
        inner: Any = None
        if type(event).__name__ == "MappingStartEvent":
            inner = self._value(event, (*place, 0))
        value = self._value(self._next(), (*place, 1))
        ends = type(self._next()).__name__ == "MappingEndEvent"
        names = cast("dict[str, Any]", inner) if isinstance(inner, dict) else {}
        if not (alone and ends and value is None and list(names.values()) == [None]):
            raise Fault("has a key that is not a word", line)
        return f"{{{{{next(iter(names))}}}}}"

    def _list(self, place: Place) -> list[Any]:
        found: list[Any] = []
        while type(event := self._next()).__name__ != "SequenceEndEvent":
            here = (*place, len(found))
            self.lines[here] = event.start_mark.line + 1
            found.append(self._value(event, here))
        return found

    def _mapping(self, place: Place) -> dict[str, Any] | str:
        found: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        while type(event := self._next()).__name__ != "MappingEndEvent":
            line: int = event.start_mark.line + 1
            if type(event).__name__ != "ScalarEvent":
                return self._variable(event, place, alone=not found)
            key: str = event.value
            if key in found:
                raise Fault(f"has the key {key!r} twice", line)
            here = (*place, key)
            self.lines[here] = line
            value = self._value(self._next(), here)
            if key == "<<" and event.implicit[0]:
                merged = _merge(value, line)
            else:
                found[key] = value
        return {**merged, **found} if merged else found


def _merge(value: Any, line: int) -> dict[str, Any]:
    """The fields that `<<` brings in; of several mappings the first wins."""
    items = cast("list[Any]", value) if isinstance(value, list) else [value]
    if not all(isinstance(item, dict) for item in items):
        raise Fault("merges something that has no keys", line)
    merged: dict[str, Any] = {}
    for item in reversed(items):
        merged |= item
    return merged


def _plain(text: str, line: int) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if not _NUMBER.fullmatch(text):
        return text
    number = _number(text) if len(text) <= _MAX_DIGITS else math.inf
    if isinstance(number, float) and not math.isfinite(number):
        raise Fault("holds a number that is too large", line)
    return number


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("+-").isdigit() else float(text)
