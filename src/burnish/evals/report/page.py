"""A report as one page of HTML that needs nothing else: no script, no font, no request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from burnish.evals.report.about import facts
from burnish.evals.report.gate import Verdict
from burnish.evals.report.report import Column, Report
from burnish.evals.report.sheets import (
    difference_scale,
    headline,
    row_name,
    row_parts,
    row_text,
    sheets,
    untold,
)
from burnish.evals.report.words import (
    counted,
    failing_text,
    interval_text,
    measured,
    signed,
    signed_interval,
    visible,
)
from burnish.evals.statistics import Interval

_TEMPLATE = "page.html"


def html(report: Report, verdict: Verdict | None = None) -> str:
    """Everything foreign is escaped by the template engine, and the page forbids itself to load
    or run anything."""
    from minijinja import Environment

    source = Path(__file__).with_name(_TEMPLATE).read_text(encoding="utf-8")
    # Escapes because the name ends with .html; a name that is missing is a fault of ours.
    environment = Environment(templates={_TEMPLATE: source}, undefined_behavior="strict")
    return environment.render_template(_TEMPLATE, **_view(report, verdict))


def _view(report: Report, verdict: Verdict | None) -> dict[str, Any]:
    reach = difference_scale(report.comparisons)
    return {
        "title": visible(report.title) or "Evaluation",
        "headline": headline(report),
        "untold": untold(report),
        "about": [(name, visible(text)) for name, text in facts(report.about)],
        "recommendation": visible(report.recommendation.text),
        "verdict": None if verdict is None else _checks(verdict),
        "scores": [_score(column) for column in report.columns if column.score.n],
        "differences": [
            {
                "name": f"{visible(each.column)} − {visible(each.against)}",  # noqa: RUF001 - minus
                "text": f"{signed(each.difference)} {signed_interval(each.interval)}",
                "outcome": each.outcome,
                **_bar(each.difference, each.interval, -reach, reach),
            }
            for each in report.comparisons
            if each.difference is not None
        ],
        "reach": f"{reach:.2f}",
        "sheets": [
            {
                "title": sheet.title,
                "headings": sheet.headings,
                "rows": sheet.rows,
                "remark": sheet.remark,
                "is_matrix": sheet.is_matrix,
            }
            for sheet in sheets(report)
        ],
        "worst": [_worst(column) for column in report.columns if column.rows],
    }


def _checks(verdict: Verdict) -> dict[str, Any]:
    checks = [{"passed": each.passed, "text": visible(each.text)} for each in verdict.checks]
    return {"passed": verdict.passed, "checks": checks}


def _score(column: Column) -> dict[str, Any]:
    mean, interval = column.score.mean, column.score.interval
    return {
        "name": visible(column.name),
        "text": measured(column.score),
        "n": counted(column.score.n, "answer"),
        "label": f"{visible(column.name)}: {interval_text(interval) or 'no interval'}",
        **_bar(mean, interval, 0.0, 1.0),
    }


def _bar(mean: float | None, interval: Interval | None, low: float, high: float) -> dict[str, Any]:
    """Places on a line of 100, two digits: a place is nothing to be escaped."""

    def place(value: float) -> float:
        return round(min(max((value - low) / (high - low), 0.0), 1.0) * 100, 2)

    middle = place(mean or 0.0)
    start, end = (place(interval.low), place(interval.high)) if interval else (middle, middle)
    return {"start": start, "width": round(end - start, 2), "middle": middle}


def _worst(column: Column) -> dict[str, Any]:
    return {
        "name": visible(column.name),
        "failing": failing_text(column),
        "rows": [
            {"name": row_name(row), "text": row_text(row), "parts": row_parts(row)}
            for row in column.rows
        ],
    }
