"""What a batch is given: ideas in JSON, JSON lines, CSV or plain text."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping
from typing import Any, cast

import msgspec

from burnish.errors import UsageError
from burnish.shapes import convert

MAX_ITEMS = 100_000
_MOST_FIELD_CHARS = 10_000_000
_IDEA_COLUMNS = ("idea", "text", "input", "prompt")


class Item(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One idea and what `generate` is asked for it; what is empty is as for the whole batch."""

    idea: str
    name: str = ""
    category: str = ""
    persona: str = ""
    context: str = ""
    target: str = ""
    model: str = ""


class Numbered(msgspec.Struct, frozen=True):
    """An item with its place from 1, and the key by which it is known again: the same idea may
    stand in a file twice."""

    number: int
    key: str
    item: Item


def read_items(text: str, kind: str) -> list[Numbered]:
    """`kind` is json, jsonl, csv or text. Raises UsageError naming the item or line."""
    readers = {"json": _json, "jsonl": _json_lines, "csv": _csv, "text": _lines}
    items = list(readers[kind](text))
    if not items:
        raise UsageError("the batch has no items", hint="give at least one idea")
    if len(items) > MAX_ITEMS:
        raise UsageError(f"the batch has {len(items):,} items", hint=f"at most {MAX_ITEMS:,}")
    return numbered(items)


def numbered(items: Iterable[Item]) -> list[Numbered]:
    seen: dict[bytes, int] = {}
    result: list[Numbered] = []
    for number, item in enumerate(items, start=1):
        try:
            body = msgspec.json.encode(item)
        except UnicodeEncodeError:
            raise UsageError(
                f"item {number} holds half of a surrogate pair, which is no character",
                hint="save it as UTF-8 and try again",
            ) from None
        seen[body] = times = seen.get(body, 0) + 1
        key = hashlib.sha256(body + b"%d" % times).hexdigest()[:32]
        result.append(Numbered(number, key, item))
    return result


def item_of(value: object, place: str) -> Item:
    """An idea, or an object with one. Raises UsageError naming the place."""
    if isinstance(value, str):
        value = {"idea": value}
    try:
        item = convert(value, Item)
    except msgspec.ValidationError as error:
        raise UsageError(
            f"{place} is no item: {error}",
            hint=f"give an idea as text, or an object with {', '.join(Item.__struct_fields__)}",
        ) from None
    if not item.idea.strip():
        raise UsageError(f"{place} has no idea", hint="say what the prompt should do")
    return item


def _json(text: str) -> Iterable[Item]:
    content = _decoded(text, "the file")
    if isinstance(content, dict):
        content = cast("dict[str, Any]", content).get("items")
    if not isinstance(content, list):
        raise UsageError("the JSON holds no list", hint='write ["idea", {"idea": "…"}, …]')
    for number, value in enumerate(cast("list[object]", content), start=1):
        yield item_of(value, f"item {number}")


def _json_lines(text: str) -> Iterable[Item]:
    # Only line feeds: JSON text may hold the other line ends that Unicode knows.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield item_of(_decoded(line, f"line {number}"), f"line {number}")


def _csv(text: str) -> Iterable[Item]:
    csv.field_size_limit(max(csv.field_size_limit(), _MOST_FIELD_CHARS))
    reader = csv.DictReader(io.StringIO(text), strict=True)
    try:
        names = [(name or "").strip().lower() for name in reader.fieldnames or []]
        idea = next((name for name in _IDEA_COLUMNS if name in names), "")
        if not idea:
            raise UsageError(
                "the CSV has no column `idea`", hint="name the columns in its first line"
            )
        reader.fieldnames = names
        for row in reader:
            yield _row(row, idea, f"line {reader.line_num}")
    except csv.Error as error:
        raise UsageError(
            f"line {reader.line_num} of the CSV cannot be read: {error}", hint="mend its quotes"
        ) from None


def _row(row: Mapping[str | Any, str | Any], idea: str, place: str) -> Item:
    known = {name: row.get(name) or "" for name in Item.__struct_fields__ if name != "idea"}
    return item_of({"idea": row.get(idea) or "", **known}, place)


def _lines(text: str) -> Iterable[Item]:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield item_of(line.strip(), f"line {number}")


def _decoded(text: str, place: str) -> object:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UsageError(f"{place} is no JSON: {error}", hint="mend it") from None
