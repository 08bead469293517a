"""Looks over time as places in a picture of 100 by 100, two digits each: no place is anything to be
escaped. The labels stand beside the picture, so that it can be stretched."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from burnish.experiments.figures import decimals_for, to_decimals
from burnish.experiments.report.over_time import Point, by_variant
from burnish.experiments.report.report import Report
from burnish.experiments.report.scale import Scale, scale_of, scale_over
from burnish.experiments.report.sheets import less, signed_interval
from burnish.experiments.report.times import unit_of, when

# Lines beyond these are drawn alike and told apart by their names.
_KINDS = 6


def effects(report: Report) -> list[dict[str, Any]]:
    """Each variant's difference with its interval; none where there was one look alone."""
    series = report.series
    if not _several(series):
        return []
    scale = scale_of(series)
    decimals = decimals_for(each.high - each.low for each in series)
    return [
        {
            "name": less(name, report.control),
            "text": f"{to_decimals(points[-1].difference, decimals, sign=True)} "
            f"{signed_interval(points[-1], decimals)}",
            "marks": [_mark(each, series, scale) for each in points],
            "band": _band(points, series, scale),
            "line": _line([(_x(p, series), _y(p.difference, scale)) for p in points]),
            **_axes(series, scale, sign=True),
        }
        for name, points in by_variant(series).items()
    ]


def units(report: Report) -> dict[str, Any] | None:
    """How many units of each variant had come."""
    series = report.series
    if not _several(series):
        return None
    looks = by_variant(series)
    first = next(iter(looks.values()))
    counts = {report.control: [(_x(each, series), each.control_n) for each in first]}
    counts |= {name: [(_x(p, series), p.n) for p in points] for name, points in looks.items()}
    scale = scale_over(0, max(n for points in counts.values() for _, n in points))
    lines = [
        {
            "name": name,
            "text": f"{points[-1][1]:,}",
            "kind": at % _KINDS,
            "line": _line([(x, _y(n, scale)) for x, n in points]),
        }
        for at, (name, points) in enumerate(counts.items())
    ]
    return {"lines": lines, **_axes(series, scale, sign=False)}


def _several(series: Sequence[Point]) -> bool:
    return len({each.at for each in series}) > 1


def _number(at: datetime | float) -> float:
    return at.timestamp() if isinstance(at, datetime) else at


def _x(point: Point, series: Sequence[Point]) -> float:
    start, end = _number(series[0].at), _number(series[-1].at)
    return round(100 * (_number(point.at) - start) / (end - start), 2)


def _y(value: float, scale: Scale) -> float:
    """Downwards, as pictures are."""
    return round(100 * (1 - scale.place(value)), 2)


def _mark(point: Point, series: Sequence[Point], scale: Scale) -> dict[str, float]:
    return {
        "x": _x(point, series),
        "y": _y(point.difference, scale),
        "top": _y(point.high, scale),
        "bottom": _y(point.low, scale),
    }


def _line(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in places)


def _band(points: Sequence[Point], series: Sequence[Point], scale: Scale) -> str:
    there = [(_x(each, series), _y(each.high, scale)) for each in points]
    back = [(_x(each, series), _y(each.low, scale)) for each in reversed(points)]
    return _line([*there, *back])


def _axes(series: Sequence[Point], scale: Scale, *, sign: bool) -> dict[str, Any]:
    """Labels from the top down and from the left to the right."""
    ticks, ends = list(reversed(scale.ticks)), (series[0].at, series[-1].at)
    unit = unit_of(ends)
    return {
        "ticks": [scale.label(tick, sign=sign) for tick in ticks],
        "grid": [_y(tick, scale) for tick in ticks],
        "zero": _y(0.0, scale),
        "times": [when(each, unit) for each in ends],
    }
