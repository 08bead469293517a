"""A report of an experiment as one page of HTML that needs nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from burnish.evals.report.layout import MOODS, bar, rendered
from burnish.evals.report.sheet import Sheet
from burnish.evals.report.words import counted, visible
from burnish.evals.statistics import Interval
from burnish.experiments.figures import decimals_for, to_decimals
from burnish.experiments.report import drawn, sheets
from burnish.experiments.report.guarding import figures
from burnish.experiments.report.report import Report

# Beside the bars, which tell them.
_IN_BARS = ("value", "interval", "difference", "outcome", "units", "examples")
_STATES = {"held": "good", "broken": "bad"}


def html(report: Report) -> str:
    return rendered(Path(__file__).with_name("experiment.html"), _view(report))


def _view(report: Report) -> dict[str, Any]:
    units = drawn.units(report)
    return {
        "title": visible(report.title),
        "headline": visible(report.headline),
        "verdict": visible(report.verdict),
        "mood": _mood(report),
        "notes": [visible(each) for each in report.notes],
        "facts": [(name, visible(text)) for name, text in report.facts],
        "variants": _arms(report),
        "variants_sheet": _sheet(_beside(sheets.variants(report), bars=_has_arms(report))),
        "differences": _contrasts(report),
        "zero": _span_of_differences(report)[2],
        "differences_sheet": _sheet(_beside(sheets.differences(report), bars=True)),
        "guards": [
            {
                "state": each.state,
                "mood": _STATES.get(each.state, "soft"),
                "text": visible(each.text),
                "figures": [visible(told) for told in figures(each)],
            }
            for each in report.guards
        ],
        "effects": drawn.effects(report),
        "units": None if units is None else _named(units),
        "series": _sheet(sheets.over_time(report)),
        "log": _sheet(sheets.log(report)),
    }


def _mood(report: Report) -> str:
    found = report.analysis
    broken = found is not None and found.ratio is not None and found.ratio.broken
    if broken or any(each.state == "broken" for each in report.guards):
        return "bad"
    return "good" if report.winner and report.winner != report.control else ""


def _has_arms(report: Report) -> bool:
    return report.analysis is not None


def _sheet(sheet: Sheet) -> dict[str, Any]:
    return msgspec.to_builtins(sheet)


def _beside(sheet: Sheet, *, bars: bool) -> Sheet:
    """Without the columns that the bars tell; without rows where that leaves nothing."""
    if not bars:
        return sheet
    kept = [at for at, name in enumerate(sheet.headings) if name not in _IN_BARS]
    return msgspec.structs.replace(
        sheet,
        headings=tuple(sheet.headings[at] for at in kept),
        rows=tuple(tuple(row[at] for at in kept) for row in sheet.rows) if len(kept) > 1 else (),
    )


def _arms(report: Report) -> list[dict[str, Any]]:
    found = report.analysis
    if found is None:
        return []
    decimals = decimals_for(each.interval.high - each.interval.low for each in found.arms)
    low, high, _ = _span([end for each in found.arms for end in _ends(each.interval, each.value)])
    rows: list[dict[str, Any]] = []
    for each in found.arms:
        ends = [to_decimals(end, decimals) for end in (each.interval.low, each.interval.high)]
        name = visible(each.name) + (" (control)" if each.name == found.control else "")
        text = f"{to_decimals(each.value, decimals)} [{', '.join(ends)}]"
        rows.append(
            {
                "name": name,
                "text": text,
                "aside": counted(each.n, report.counts),
                "mood": "soft",
                "label": f"{name}: {text}",
                **bar(each.value, each.interval, low, high),
            }
        )
    return rows


def _contrasts(report: Report) -> list[dict[str, Any]]:
    found = report.analysis
    if found is None:
        return []
    low, high, _ = _span_of_differences(report)
    decimals = decimals_for(each.interval.high - each.interval.low for each in found.contrasts)
    rows: list[dict[str, Any]] = []
    for each in found.contrasts:
        name = sheets.less(each.variant, each.control)
        value = to_decimals(each.difference, decimals, sign=True)
        text = f"{value} {sheets.signed_interval(each.interval, decimals)}"
        rows.append(
            {
                "name": name,
                "text": text,
                "aside": each.outcome,
                "mood": MOODS.get(each.outcome, "soft"),
                "label": f"{name}: {text}",
                **bar(each.difference, each.interval, low, high),
            }
        )
    return rows


def _span_of_differences(report: Report) -> tuple[float, float, float]:
    found = report.analysis
    ends = [0.0]
    for each in found.contrasts if found is not None else ():
        ends += _ends(each.interval, each.difference)
    return _span(ends)


def _ends(interval: Interval, value: float) -> tuple[float, float, float]:
    return interval.low, value, interval.high


def _span(ends: list[float]) -> tuple[float, float, float]:
    """With a little room on both sides; and where 0 is on a line of 100."""
    low, high = min(ends), max(ends)
    room = (high - low) / 20 or abs(high) / 20 or 1.0
    low, high = low - room, high + room
    return low, high, round(100 * (0 - low) / (high - low), 2)


def _named(units: dict[str, Any]) -> dict[str, Any]:
    lines = [{**each, "name": visible(each["name"])} for each in units["lines"]]
    return {**units, "lines": lines}
