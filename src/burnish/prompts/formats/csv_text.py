"""Rows of a table as text, by RFC 4180, safe to open in a spreadsheet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from burnish.prompts.formats.document import Fault

_DELIMITERS = ",;\t"
# What a spreadsheet takes for a formula. An apostrophe in front makes it text.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_GUARDED = re.compile(r"'+[=+\-@\t\r\n]")
_NEEDS_QUOTES = re.compile(r'[",\r\n;\t]|^\s|\s$')


class Row(msgspec.Struct, frozen=True):
    line: int
    cells: list[str]


def read_rows(text: str) -> list[Row]:
    """The rows that say something. Raises Fault for quotes that are never closed."""
    head = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=head.count)
    field = re.compile(
        rf'"([^"]*(?:""[^"]*)*)"[ ]*(?={delimiter}|\r?\n|\r|\Z)|([^{delimiter}\r\n]*)'
    )
    rows: list[Row] = []
    cells: list[str] = []
    at, line, start = 0, 1, 1
    while at <= len(text):
        found = field.match(text, at)
        assert found is not None
        quoted = found[1]
        if quoted is None and found[2].startswith('"'):
            raise Fault("a quoted field is not closed, or goes on behind its quotes", line)
        cells.append(unguarded(found[2] if quoted is None else quoted.replace('""', '"')))
        line += found[0].count("\n")
        at = found.end()
        if text[at : at + 1] == delimiter:
            at += 1
            continue
        if any(cell.strip() for cell in cells):
            rows.append(Row(start, cells))
        line += text[at : at + 2].startswith(("\n", "\r\n"))
        at += 2 if text.startswith("\r\n", at) else 1
        cells, start = [], line
    return rows


def write_rows(rows: Iterable[Sequence[str]]) -> str:
    return "".join(",".join(map(_cell, row)) + "\r\n" for row in rows)


def _cell(text: str) -> str:
    safe = f"'{text}" if _FORMULA.match(text) else text
    return '"' + safe.replace('"', '""') + '"' if _NEEDS_QUOTES.search(safe) else safe


def unguarded(text: str) -> str:
    """Without the apostrophe that `write_rows` puts before what a spreadsheet would run."""
    return text[1:] if _GUARDED.match(text) else text
