"""What the worst rows of a report were asked, and what was expected of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from burnish.evals.report.report import Column, Report, Row
from burnish.evals.report.tally import cut
from burnish.storage.example import Example

_MAX_INPUT = 160


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Of one example, as texts that are cut."""

    input: str
    expected: str


def rows_of(report: Report) -> list[str]:
    """The ids of the examples that the rows of the report are of."""
    return sorted({row.example for column in report.columns for row in column.rows})


def asked_of(example: Example) -> Asked:
    expected = "" if example.expected is None else cut(_text(example.expected))
    return Asked(input=_inputs(example.inputs), expected=expected)


def with_asked(report: Report, asked: Mapping[str, Asked]) -> Report:
    """The report with what was asked and expected beside each row whose example is in `asked`, by
    id; the others go without."""
    columns = tuple(_column(column, asked) for column in report.columns)
    return msgspec.structs.replace(report, columns=columns)


def _column(column: Column, asked: Mapping[str, Asked]) -> Column:
    rows = tuple(_row(row, asked.get(row.example)) for row in column.rows)
    return msgspec.structs.replace(column, rows=rows)


def _row(row: Row, asked: Asked | None) -> Row:
    if asked is None:
        return row
    return msgspec.structs.replace(row, input=asked.input, expected=asked.expected)


def _inputs(inputs: Mapping[str, Any]) -> str:
    """A single input needs no name; of several each leaves room for the others."""
    if len(inputs) == 1:
        return cut(_text(next(iter(inputs.values()))))
    said = (f"{name}: {_text(value)}" for name, value in inputs.items())
    return cut(" · ".join(cut(each, _MAX_INPUT) for each in said))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
