"""Rows of files, one after the other, so that a file of any size fits.

CSV and JSONL are read as they come; JSON and YAML have to be in memory whole, and are bounded.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

import msgspec

from burnish.errors import UsageError
from burnish.prompts.formats.csv_text import unguarded
from burnish.prompts.formats.document import Fault
from burnish.prompts.formats.gather import is_list, is_mapping, items, mapping
from burnish.prompts.formats.source import read_json
from burnish.prompts.formats.yaml_text import read_yaml

FORMATS: Final = ("csv", "jsonl", "json", "yaml")
ENDINGS: Final = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".yaml": "yaml",
    ".yml": "yaml",
}
MAX_ROW_BYTES: Final = 1024 * 1024
TOO_LONG: Final = f"has more than {MAX_ROW_BYTES >> 20} MiB"
_MAX_WHOLE_BYTES: Final = {"json": 64 * 1024 * 1024, "yaml": 8 * 1024 * 1024}
_MAX_COLUMNS = 1000
_LISTS = ("examples", "tests", "data", "items", "rows")
_BOM = b"\xef\xbb\xbf"
_DELIMITERS = (",", ";", "\t")


class RawRow(NamedTuple):
    """`fields` are None for a row that cannot be read, and `fault` tells why."""

    place: str
    fields: dict[str, Any] | None
    fault: str = ""


def format_of(name: str, given: str = "") -> str:
    """By the ending of the file's name, unless one is given. Raises UsageError."""
    found = given.strip().lower().lstrip(".") or ENDINGS.get(Path(name).suffix.lower(), "")
    found = {"yml": "yaml", "ndjson": "jsonl", "tsv": "csv"}.get(found, found)
    if found not in FORMATS:
        what = (
            f"{given!r} is no format of datasets" if given else f"the format of {name} is not known"
        )
        raise UsageError(
            what,
            hint=f"name one with --format: {', '.join(FORMATS)}",
            subject=given or name,
        )
    return found


def rows_of(file: IO[bytes], kind: str) -> Iterator[RawRow]:
    """Of CSV and JSONL. Raises Fault where the file as a whole cannot be read."""
    return _csv_rows(file) if kind == "csv" else _json_lines(file)


def whole_value(file: IO[bytes], kind: str) -> Any:
    """What a JSON or YAML file says. Raises Fault."""
    most = _MAX_WHOLE_BYTES[kind]
    content = file.read(most + 1)
    if len(content) > most:
        raise Fault(f"has more than {most >> 20} MiB; save it as JSONL, which may have any size")
    try:
        text = content.removeprefix(_BOM).decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Fault("is not UTF-8 text", line) from None
    return read_json(text) if kind == "json" else read_yaml(text).value


def listed(value: Any) -> Iterator[RawRow]:
    """Of what JSON and YAML say. Raises Fault."""
    held = value
    if is_mapping(value):
        name = next((name for name in _LISTS if is_list(mapping(value).get(name))), "")
        held = mapping(value).get(name)
    if not is_list(held):
        raise Fault(f"has no list of examples; write a list, or one under {_LISTS[0]!r}")
    for number, item in enumerate(items(held), start=1):
        yield _row(f"item {number}", item)


def _row(place: str, value: Any) -> RawRow:
    if not is_mapping(value):
        return RawRow(place, None, "has no fields")
    if len(msgspec.json.encode(value)) > MAX_ROW_BYTES:
        return RawRow(place, None, TOO_LONG)
    return RawRow(place, mapping(value))


def _json_lines(file: IO[bytes]) -> Iterator[RawRow]:
    for number, line in _lines(file):
        place = f"line {number}"
        if isinstance(line, Fault):
            yield RawRow(place, None, line.what)
        elif line.strip():
            try:
                value = read_json(line)
            except Fault as fault:
                yield RawRow(place, None, fault.what)
            else:
                yield _row(place, value)


def _lines(file: IO[bytes]) -> Iterator[tuple[int, str | Fault]]:
    """Each line with its number, or what is wrong with it. One that is too long is passed over
    without being held."""
    number = 0
    while line := file.readline(MAX_ROW_BYTES + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(_BOM)
        if len(line) > MAX_ROW_BYTES and not line.endswith(b"\n"):
            while line and not line.endswith(b"\n"):
                line = file.readline(MAX_ROW_BYTES)
            yield number, Fault(TOO_LONG)
            continue
        try:
            yield number, line.decode()
        except UnicodeDecodeError:
            yield number, Fault("is not UTF-8 text")


class _CsvLines:
    """The lines of a table for the parser, which may ask for several to make a row."""

    def __init__(self, file: IO[bytes]) -> None:
        self._lines = _lines(file)
        self._held: list[str] = []
        self.number = 0
        self.began = 1
        self._size = 0

    def begin(self) -> None:
        """A new row."""
        self.began, self._size = self.number + 1, 0

    def first(self) -> str:
        """The heading, which is read once more."""
        line = next(self, "")
        self._held.append(line)
        self.number -= 1
        return line

    def __iter__(self) -> _CsvLines:
        return self

    def __next__(self) -> str:
        if self._held:
            self.number += 1
            return self._held.pop()
        self.number, line = next(self._lines)
        if isinstance(line, Fault):
            raise line
        self._size += len(line)
        if self._size > MAX_ROW_BYTES:
            raise Fault(f"{TOO_LONG}; is a quote not closed?")
        return line


def _csv_rows(file: IO[bytes]) -> Iterator[RawRow]:
    # One bound for the whole process, and never one below another's.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_ROW_BYTES))
    lines = _CsvLines(file)
    head = lines.first()
    reader = csv.reader(lines, delimiter=max(_DELIMITERS, key=head.count), strict=True)
    names: list[str] = []
    while True:
        lines.begin()
        place = f"line {lines.began}"
        try:
            cells = next(reader)
        except StopIteration:
            break
        except (csv.Error, Fault) as error:
            what = error.what if isinstance(error, Fault) else _csv_fault(error)
            if not names:
                raise Fault(what, lines.began) from None
            yield RawRow(place, None, what)
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if not names:
            names = _headings(cells)
        else:
            yield _csv_row(place, names, cells)
    if not names:
        raise Fault("is empty; its first line names the columns")


def _headings(cells: list[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    if len(names) > _MAX_COLUMNS:
        raise Fault(f"has {len(names):,} columns; there may be {_MAX_COLUMNS:,}", 1)
    twice = next((name for name in names if name and names.count(name) > 1), "")
    if twice:
        raise Fault(f"has two columns {twice!r}", 1)
    return names


def _csv_row(place: str, names: list[str], cells: list[str]) -> RawRow:
    if len(cells) != len(names):
        several = f"{len(cells)} cell{'' if len(cells) == 1 else 's'}"
        return RawRow(place, None, f"has {several}; the heading has {len(names)}")
    # A column without a name numbers the rows, as spreadsheets and data frames write it.
    held = {name: unguarded(cell) for name, cell in zip(names, cells, strict=True) if name}
    return RawRow(place, held)


def _csv_fault(error: csv.Error) -> str:
    told = str(error)
    if "new-line" in told:
        return "has lines that end with a carriage return alone; save it with usual line ends"
    return f"cannot be read: {told}"
