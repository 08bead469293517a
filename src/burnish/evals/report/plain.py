"""A report for a pipe: a line for each column, its figures between tabs."""

from __future__ import annotations

from burnish.evals.report.report import Column, Report
from burnish.evals.report.words import NONE, visible

FIELDS = (
    "column", "answered", "failed", "missing", "score", "low", "high", "passed", "p50_ms",
    "p95_ms", "tokens", "usd",
)  # fmt: skip


def plain(report: Report) -> str:
    """The figures that `FIELDS` name, `-` for no data. USD is `-` also where the price of any
    answer is unknown: a sum without it would be too small."""
    return "".join("\t".join(_fields(column)) + "\n" for column in report.columns)


def _fields(column: Column) -> tuple[str, ...]:
    interval = column.score.interval
    cost = None if column.cost.unknown else column.cost.usd
    return (
        visible(column.name),
        str(column.answered),
        str(column.failed),
        str(column.missing),
        _number(column.score.mean),
        _number(interval and interval.low),
        _number(interval and interval.high),
        _number(column.passed.mean),
        _number(column.latency.p50_ms),
        _number(column.latency.p95_ms),
        str(column.input_tokens + column.output_tokens),
        _number(cost),
    )


def _number(value: float | None) -> str:
    return NONE if value is None else f"{value:.6g}"
