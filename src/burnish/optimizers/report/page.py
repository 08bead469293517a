"""A report as one page of HTML that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from burnish.evals.report.layout import bar, rendered
from burnish.evals.report.sheet import Sheet
from burnish.evals.report.words import signed, visible
from burnish.evals.statistics import Interval
from burnish.optimizers.report.kept import Changed
from burnish.optimizers.report.lineage import DEEPEST, Descendant, line
from burnish.optimizers.report.report import Comparison, OptimizationReport
from burnish.optimizers.report.sheets import (
    beside,
    choices,
    diff_lines,
    effort,
    message_title,
    parameters,
    reasons,
    rows_title,
    setting,
    title,
    told,
    trees,
    turned_down,
)
from burnish.optimizers.verdict import Gain

_SIGNS = {"+": "good", "-": "bad"}


def html(report: OptimizationReport) -> str:
    return rendered(Path(__file__).with_name("optimization.html"), _view(report))


def _view(report: OptimizationReport) -> dict[str, Any]:
    found = report.comparison
    return {
        "title": visible(title(report)),
        "outcome": visible(report.text or report.state),
        "mood": "good" if report.outcome == "improved" else "",
        "setting": setting(report),
        "reasons": [(name, visible(text)) for name, text in reasons(report)],
        "beside": _sheet(beside(report)),
        "difference": [] if found is None else _differences(found),
        "reach": "0" if found is None else f"{_reach(found):.2f}",
        "is_kept": bool(report.best),
        "diff": [
            {
                "title": visible(message_title(message)),
                "lines": [
                    {"sign": sign, "text": line, "mood": _SIGNS.get(sign, "same")}
                    for sign, line in diff_lines(message)
                ],
            }
            for message in report.diff
        ],
        "rows": [
            *_rows("won", report.won, found.won if found else 0),
            *_rows("lost", report.lost, found.lost if found else 0),
        ],
        "effort": effort(report),
        "sheets": [
            each
            for each in map(_sheet, (parameters(report), turned_down(report), choices(report)))
            if each
        ],
        "trees": [
            {"title": heading, "lines": [_made(each) for each in tree]}
            for heading, tree in trees(report)
        ],
    }


def _made(each: Descendant) -> dict[str, Any]:
    name, *parts = line(each)
    return {
        "depth": min(each.depth, DEEPEST),
        "name": name,
        "text": " · ".join(parts),
        "mood": "good" if each.is_best else "" if each.answers else "soft",
    }


def _sheet(sheet: Sheet | None) -> dict[str, Any] | None:
    if sheet is None:
        return None
    return {name: getattr(sheet, name) for name in sheet.__struct_fields__ if name != "narrow"}


def _differences(found: Comparison) -> list[dict[str, Any]]:
    """Tokens are no share of one, and have no place on that scale."""
    reach, own = _reach(found), found.own
    if own is None or own.measure == "tokens":
        return [_difference(found, "best less original", reach)]
    name = "best less original, {}".format
    return [_difference(own, name(own.measure), reach), _difference(found, name("score"), reach)]


def _difference(found: Comparison | Gain, name: str, reach: float) -> dict[str, Any]:
    interval, told_interval = None, ""
    if found.low is not None and found.high is not None:
        interval = Interval(low=found.low, high=found.high, method=found.test)
        told_interval = f"[{signed(found.low)}, {signed(found.high)}]"
    text = f"{signed(found.difference)} {told_interval}".rstrip()
    is_sure = found.low is not None and found.low > 0
    return {
        "name": name,
        "text": text,
        "aside": "",
        "mood": "good" if is_sure else "soft",
        "label": f"{name}: {text}",
        **bar(found.difference, interval, -reach, reach),
    }


def _reach(found: Comparison) -> float:
    every: list[Comparison | Gain] = [found]
    if found.own is not None and found.own.measure != "tokens":
        every.append(found.own)
    ends = [end for each in every for end in (each.difference, each.low or 0.0, each.high or 0.0)]
    return max(0.1, *map(abs, ends))


def _rows(what: str, rows: Sequence[Changed], whole: int) -> list[dict[str, Any]]:
    if not rows:
        return []
    told_rows = [{"name": visible(row.example), "parts": told(row)} for row in rows]
    return [{"title": rows_title(what, tuple(rows), whole), "rows": told_rows}]
