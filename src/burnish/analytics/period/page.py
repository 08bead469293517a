"""A period's report as one page of HTML that needs nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from burnish.analytics.period import sheets
from burnish.analytics.period.money import money
from burnish.analytics.period.report import PeriodReport
from burnish.evals.report.layout import rendered
from burnish.evals.report.words import visible
from burnish.experiments.figures import percent
from burnish.experiments.report.times import when
from burnish.storage.period import RunStep

# Of a bar's place.
_GAP = 0.16


def html(report: PeriodReport) -> str:
    made = [msgspec.to_builtins(sheet) for sheet in sheets.sheets(report, courses=False)]
    view = {
        "title": f"{sheets.title(report)}: {sheets.span(report)}",
        "name": sheets.title(report),
        "span": sheets.span(report),
        "headline": visible(report.headline),
        "worse": [visible(each.text) for each in report.worse],
        "charts": list(_charts(report)),
        "sheets": made,
        "notes": sheets.notes(report),
    }
    return rendered(Path(__file__).with_name("period.html"), view)


def _charts(report: PeriodReport) -> Iterator[dict[str, Any]]:
    steps = report.steps
    if len(steps) < 2:
        return
    times = [when(steps[0].at), when(report.until)]
    yield _chart("Runs", times, steps, [step.runs for step in steps], "{:,.0f}".format)
    if any(step.errors for step in steps):
        failed = [step.errors / step.runs if step.runs else 0.0 for step in steps]
        yield _chart("Failed runs", times, steps, failed, percent)
    if any(step.cost_usd for step in steps):
        yield _chart("USD", times, steps, [step.cost_usd or 0.0 for step in steps], money)


def _chart(
    title: str,
    times: Sequence[str],
    steps: Sequence[RunStep],
    values: Sequence[float],
    said: Callable[[float], str],
) -> dict[str, Any]:
    """Bars in a picture of 100 by 100, from edge to edge, two digits a place: nothing of it is to
    be escaped. `times` are where it begins and ends."""
    most, gap = max(values) or 1.0, _GAP * 100 / len(steps)
    width = (100 + gap) / len(steps) - gap
    bars = [
        {
            "x": round(at * (width + gap), 2),
            "width": round(width, 2),
            "y": round(100 - 100 * value / most, 2),
            "height": round(100 * value / most, 2),
            "text": f"{when(step.at)}: {said(value)}",
        }
        for at, (step, value) in enumerate(zip(steps, values, strict=True))
    ]
    return {"title": title, "bars": bars, "most": said(most), "times": times}
