"""YAML as plain values that know their lines.

Only what a catalogue file needs: one document of mappings, lists and scalars. Anchors, tags and
repeated keys are refused. Plain scalars follow the YAML 1.2 core rules, so `no` is a word. It
works on the parser's events, which takes a third of the time of the general constructor.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from burnish.errors import UsageError

_NUMBER = re.compile(r"[-+]?(\d+|\d*\.\d+|\d+\.\d*)([eE][-+]?\d+)?")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}

Place = tuple[str | int, ...]


class YamlText(msgspec.Struct, frozen=True):
    """`lines` gives the line, from 1, of every key and list item by its path."""

    value: Any
    lines: dict[Place, int]


def read_yaml(text: str, source: str) -> YamlText:
    """Raises `UsageError`, with source and line, for what is not plain YAML."""
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    reader = _Reader(loader, source)
    try:
        value = reader.document()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 0
        problem = getattr(error, "problem", None) or str(error)
        raise refused(source, line, f"is not valid YAML: {problem}") from error
    finally:
        loader.dispose()
    return YamlText(value, reader.lines)


def refused(source: str, line: int, what: str) -> UsageError:
    place = f"{source}:{line}" if line else source
    return UsageError(f"{place} {what}", hint="correct the file and try again", subject=source)


class _Reader:
    def __init__(self, loader: Any, source: str) -> None:
        self._next = loader.get_event
        self._source = source
        self.lines: dict[Place, int] = {}

    def document(self) -> Any:
        self._next()  # the stream's start
        event = self._next()
        if type(event).__name__ == "StreamEndEvent":
            raise refused(self._source, 0, "is empty")
        value = self._value(self._next(), ())
        self._next()  # the document's end
        event = self._next()
        if type(event).__name__ != "StreamEndEvent":
            raise refused(self._source, event.start_mark.line + 1, "holds a second document")
        return value

    def _value(self, event: Any, place: Place) -> Any:
        kind = type(event).__name__
        if kind == "AliasEvent" or event.anchor is not None:
            raise self._refuse(event, "uses an anchor, which is not allowed here")
        if event.tag is not None:
            raise self._refuse(event, f"uses a tag, {event.tag}, which is not allowed here")
        if kind == "ScalarEvent":
            return _plain(event.value) if event.implicit[0] else event.value
        return self._list(place) if kind == "SequenceStartEvent" else self._mapping(place)

    def _list(self, place: Place) -> list[Any]:
        found: list[Any] = []
        while type(event := self._next()).__name__ != "SequenceEndEvent":
            here = (*place, len(found))
            self.lines[here] = event.start_mark.line + 1
            found.append(self._value(event, here))
        return found

    def _mapping(self, place: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while type(event := self._next()).__name__ != "MappingEndEvent":
            if type(event).__name__ != "ScalarEvent":
                raise self._refuse(event, "has a key that is not a word")
            key: str = event.value
            if key in found:
                raise self._refuse(event, f"has the key {key!r} twice")
            here = (*place, key)
            self.lines[here] = event.start_mark.line + 1
            found[key] = self._value(self._next(), here)
        return found

    def _refuse(self, event: Any, what: str) -> UsageError:
        return refused(self._source, event.start_mark.line + 1, what)


def _plain(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if not _NUMBER.fullmatch(text):
        return text
    return int(text) if text.lstrip("+-").isdigit() else float(text)
