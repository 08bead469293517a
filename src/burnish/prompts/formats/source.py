"""The text of a file on its way in: its bounds, its values, and the lines where they stand."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

import msgspec

from burnish.errors import UsageError
from burnish.prompts.formats.beside import Beside, NoFiles
from burnish.prompts.formats.document import Fault
from burnish.prompts.formats.yaml_text import MAX_DEPTH, Place, read_yaml
from burnish.prompts.variables import HALF_PAIR

MAX_TEXT_BYTES = 1024 * 1024
MAX_BUNDLE_BYTES = 50 * 1024 * 1024
YAML_SUFFIXES = (".yaml", ".yml")
# Formats that hold many prompts in one file.
_BUNDLES = (".json", ".jsonl", ".ndjson", ".csv", ".tsv", *YAML_SUFFIXES)
_BYTE = re.compile(r" \(byte (\d+)\)")
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:\n]|[^\s{}\[\],:"]+', re.DOTALL)
_BLOCK_SCALAR = re.compile(r"[:-] [|>][-+0-9]{0,3}\s*\Z")
# Deeper places are told by the line of what they are in.
_INDEXED_DEPTH = 4
_HUGE = re.compile(r"(?<!\d)(?:\d{1,400}(?:\.\d{1,400})?[eE]\+?\d{3,}|\d{309,})", re.ASCII)
_GUARD = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[{\[]|[}\]]', re.DOTALL)


def read_text(content: bytes, filename: str = "") -> str:
    """The text of a file: UTF-8, or UTF-16 with its mark.

    Raises UsageError for one over 1 MiB, or over 50 MiB where the name's ending tells that it may
    hold many prompts, and for what is no text.
    """
    bundle = filename.lower().endswith(_BUNDLES)
    most = MAX_BUNDLE_BYTES if bundle else MAX_TEXT_BYTES
    if len(content) > most:
        raise Fault(f"has more than {most // 1024 // 1024} MiB")
    wide = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = 0 if wide else content.count(b"\n", 0, error.start) + 1
        raise Fault("is not UTF-8 text", line) from None
    _refuse_no_characters(text)
    return text


class Source:
    """A file's text, and the folder for files that it names. Values are read when first asked
    for, and once."""

    def __init__(
        self, filename: str, text: str, beside: Beside | None = None, name: str = ""
    ) -> None:
        """`name` is what a prompt is called that has none of its own: the file's, unless one is
        given. Raises UsageError for text that no file could hold."""
        _refuse_no_characters(text)
        self.beside: Beside = beside or NoFiles()
        self.filename = filename
        self.name = name or self.stem
        self.text = text.removeprefix("\ufeff")
        self._failed: Fault | None = None

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.filename.replace("\\", "/")).suffix.lower()

    @property
    def stem(self) -> str:
        return PurePosixPath(self.filename.replace("\\", "/")).stem

    @property
    def folder(self) -> str:
        return PurePosixPath(self.filename.replace("\\", "/")).parent.name

    @cached_property
    def is_json(self) -> bool:
        return self.suffix not in YAML_SUFFIXES and self.text[:200].lstrip()[:1] in ("{", "[")

    def value(self) -> Any:
        """What the JSON or YAML says. Raises Fault."""
        if self._failed is not None:
            raise self._failed
        try:
            return self._value
        except Fault as fault:
            self._failed = fault
            raise

    def peek(self) -> Any:
        """The value; None where there is none."""
        try:
            return self.value()
        except Fault:
            return None

    def line(self, *place: str | int) -> int:
        """The line of a value, or of the nearest one around it; 0 for the whole file."""
        while place and place not in self._lines:
            place = place[:-1]
        return self._lines.get(place, 0)

    def known_line(self, *place: str | int) -> int:
        """The line where it costs little to tell: a large JSON text is not gone through for it."""
        return self.line(*place) if not self.is_json or len(self.text) <= MAX_TEXT_BYTES else 0

    def text_line(self, place: Place, within: int) -> int:
        """The line of a text's own line `within`, from 1. In JSON a text has but one line."""
        start = self.line(*place)
        if self.is_json or not start:
            return start
        below = bool(_BLOCK_SCALAR.search(self._split[start - 1]))
        return start + within - (0 if below else 1)

    @cached_property
    def _split(self) -> list[str]:
        return self.text.split("\n")

    @cached_property
    def _value(self) -> Any:
        return read_json(self.text) if self.is_json else self._yaml.value

    @cached_property
    def _yaml(self) -> Any:
        return read_yaml(self.text)

    @cached_property
    def _lines(self) -> dict[Place, int]:
        return _json_lines(self.text) if self.is_json else self._yaml.lines


def read_json(text: str, first_line: int = 1) -> Any:
    """Raises Fault with the line, which counts from `first_line`."""
    _refuse_depth(text, first_line)
    try:
        return msgspec.json.decode(text)
    except msgspec.ValidationError:
        # Of all values only a number can be one that nothing holds.
        line = text.count("\n", 0, _huge(text)) + first_line
        raise Fault("holds a number that is too large", line) from None
    except msgspec.DecodeError as error:
        if "truncated" in str(error):
            raise Fault("is cut short", text.rstrip().count("\n") + first_line) from None
        found = _BYTE.search(str(error))
        before = text.encode()[: int(found[1])] if found else b""
        what = str(error)[: found.start()] if found else str(error)
        what = what.removeprefix("JSON is malformed: ")
        line = before.count(b"\n") + first_line if found else 0
        raise Fault(f"is not valid JSON: {what}", line) from None


def read_value(path: str, text: str) -> Any:
    """What a JSON, JSONL or YAML file says, by its ending. Raises Fault with the line."""
    suffix = PurePosixPath(path).suffix.lower()
    if suffix in (".jsonl", ".ndjson"):
        lines = enumerate(text.split("\n"), start=1)
        return [read_json(line, number) for number, line in lines if line.strip()]
    return read_json(text) if suffix == ".json" else read_yaml(text).value


def _huge(text: str) -> int:
    """Where the first number stands that is too large."""
    found = _HUGE.search(text)
    return found.start() if found else 0


def _refuse_no_characters(text: str) -> None:
    if (at := text.find("\0")) >= 0:
        raise Fault("holds NUL, so it is no text", text.count("\n", 0, at) + 1)
    if found := HALF_PAIR.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise UsageError(f"line {line} holds half of a character", hint="save the file as UTF-8")


def _refuse_depth(text: str, first_line: int) -> None:
    """Before the parser goes down: how far it can go depends on the stack it runs on."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for found in _GUARD.finditer(text):
        kind = found[0][0]
        depth += (kind in "{[") - (kind in "}]")
        if depth > MAX_DEPTH:
            raise Fault("is nested too deeply", text.count("\n", 0, found.start()) + first_line)


def _json_lines(text: str) -> dict[Place, int]:
    lines: dict[Place, int] = {}
    line, place = 1, _Places()
    for found in _TOKEN.finditer(text):
        piece = found[0]
        if piece == "\n":
            line += 1
        elif (here := place.after(piece)) is not None:
            lines.setdefault(here, line)
    return lines


class _Places:
    """Follows the tokens of a valid JSON text: where the value that begins stands."""

    def __init__(self) -> None:
        # The key or index that each list or object around is at; None before the first key.
        self._path: list[str | int | None] = []
        self._fresh = False

    def after(self, piece: str) -> Place | None:
        if piece in (",", ":"):
            self._step(piece)
            return None
        if piece in ("}", "]"):
            self._path.pop()
            self._fresh = False
            return None
        here = self._begin(piece)
        if piece in ("{", "["):
            self._path.append(None if piece == "{" else 0)
            self._fresh = True
        return here

    def _step(self, piece: str) -> None:
        if piece == "," and self._path:
            last = self._path[-1]
            self._path[-1] = last + 1 if isinstance(last, int) else None
            self._fresh = True

    def _begin(self, piece: str) -> Place | None:
        if not self._fresh or not self._path:
            return None
        self._fresh = False
        if self._path[-1] is None:
            self._path[-1] = str(msgspec.json.decode(piece)) if piece[0] == '"' else piece
        if len(self._path) > _INDEXED_DEPTH:
            return None
        return tuple(part for part in self._path if part is not None)
