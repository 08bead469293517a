"""Plain values as YAML that people can read: texts of several lines as blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

import msgspec

_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*")
# What some reader of YAML takes for a value that is no text.
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_UNPRINTABLE = re.compile(
    "[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u2028\u2029\ufeff]"
)
_SHORT = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_ESCAPED = re.compile(rf'[\\"\n\t]|{_UNPRINTABLE.pattern}')


def write_yaml(value: dict[str, Any] | list[Any]) -> str:
    return "\n".join(_lines(value, 0)) + "\n"


def _lines(value: Any, depth: int) -> Iterator[str]:
    """The lines of a mapping or list that is not empty."""
    pad = "  " * depth
    if isinstance(value, dict):
        for key, item in cast("dict[str, Any]", value).items():
            yield from _entry(f"{pad}{_scalar(key)}:", item, depth)
        return
    for item in cast("list[Any]", value):
        if isinstance(item, dict | list) and item:
            # The first line of what is inside stands behind the dash.
            for index, line in enumerate(_lines(item, depth + 1)):
                yield line if index else f"{pad}- {line[len(pad) + 2 :]}"
        else:
            yield from _entry(f"{pad}-", item, depth)


def _entry(head: str, item: Any, depth: int) -> Iterator[str]:
    if isinstance(item, dict | list) and item:
        yield head
        yield from _lines(item, depth + 1)
    elif isinstance(item, str) and "\n" in item and _fits_block(item):
        yield f"{head} {_header(item)}"
        pad = "  " * (depth + 1)
        body = item.removesuffix("\n")
        yield from (pad + line if line else "" for line in body.split("\n"))
    else:
        yield f"{head} {_scalar(item)}"


def _fits_block(text: str) -> bool:
    return bool(text.strip()) and not _UNPRINTABLE.search(text)


def _header(text: str) -> str:
    """The indicators of a block: its indent where the text begins with space, what ends it."""
    indent = "2" if text[0] in " \t\n" else ""
    if not text.endswith("\n"):
        return f"|{indent}-"
    return f"|{indent}+" if text.endswith("\n\n") else f"|{indent}"


def _scalar(value: Any) -> str:
    if not isinstance(value, str):
        return "null" if value is None else msgspec.json.encode(value).decode()
    if _BARE.fullmatch(value) and value.lower() not in _WORDS and len(value) <= 100:
        return value
    return f'"{_ESCAPED.sub(_escape, value)}"'


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
