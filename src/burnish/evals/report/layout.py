"""What pages of HTML share: one look, one way to draw, no script, no font, no request."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from burnish.evals.statistics import Interval

_SHARED = ("layout.html", "pieces.html")
MOODS = {"better": "good", "worse": "bad"}


def rendered(page: Path, view: Mapping[str, Any]) -> str:
    """`page` extends `layout.html` and may import from `pieces.html`. Everything foreign is escaped
    by the template engine, and the page forbids itself to load or run anything."""
    from minijinja import Environment

    files = (page, *(Path(__file__).with_name(name) for name in _SHARED))
    # Escapes because the names end with .html; a name that is missing is a fault of ours.
    environment = Environment(
        templates={file.name: file.read_text(encoding="utf-8") for file in files},
        undefined_behavior="strict",
    )
    return environment.render_template(page.name, **view)


def bar(mean: float | None, interval: Interval | None, low: float, high: float) -> dict[str, Any]:
    """Places on a line of 100, two digits: a place is nothing to be escaped."""

    def place(value: float) -> float:
        return round(min(max((value - low) / (high - low), 0.0), 1.0) * 100, 2)

    middle = place(mean or 0.0)
    start, end = (place(interval.low), place(interval.high)) if interval else (middle, middle)
    return {"start": start, "width": round(end - start, 2), "middle": middle}
