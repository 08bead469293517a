"""A report as one page of HTML that needs nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from burnish.evals.report.about import facts
from burnish.evals.report.gate import Verdict
from burnish.evals.report.layout import MOODS, bar, rendered
from burnish.evals.report.report import Column, Comparison, Report
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


def html(report: Report, verdict: Verdict | None = None) -> str:
    return rendered(Path(__file__).with_name("page.html"), _view(report, verdict))


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
            _difference(each, reach) for each in report.comparisons if each.difference is not None
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
        "aside": counted(column.score.n, "answer"),
        "mood": "soft",
        "label": f"{visible(column.name)}: {interval_text(interval) or 'no interval'}",
        **bar(mean, interval, 0.0, 1.0),
    }


def _difference(each: Comparison, reach: float) -> dict[str, Any]:
    name = f"{visible(each.column)} − {visible(each.against)}"  # noqa: RUF001 - minus
    text = f"{signed(each.difference or 0.0)} {signed_interval(each.interval)}"
    return {
        "name": name,
        "text": text,
        "aside": each.outcome,
        "mood": MOODS.get(each.outcome, "soft"),
        "label": f"{name}: {text}",
        **bar(each.difference, each.interval, -reach, reach),
    }


def _worst(column: Column) -> dict[str, Any]:
    return {
        "name": visible(column.name),
        "failing": failing_text(column),
        "rows": [
            {"name": row_name(row), "text": row_text(row), "parts": row_parts(row)}
            for row in column.rows
        ],
    }
