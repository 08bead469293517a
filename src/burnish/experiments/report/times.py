"""Times as people read them, as fine as it takes to tell them apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

from burnish.experiments.figures import figure

_HOUR = timedelta(hours=1)
Unit = Literal["minutes", "seconds", "milliseconds"]


def unit_of(times: Iterable[datetime | float], *, finest: Unit = "milliseconds") -> Unit:
    """The coarsest that tells these times apart, or the `finest`."""
    dates = {each for each in times if isinstance(each, datetime)}
    units: tuple[Unit, ...] = ("minutes", "seconds")
    for unit in units:
        if unit == finest or len({when(each, unit) for each in dates}) == len(dates):
            return unit
    return finest


def when(at: datetime | float, unit: Unit = "minutes") -> str:
    """`2026-11-22 06:10 UTC`."""
    if isinstance(at, datetime):
        return f"{at.astimezone(UTC):%Y-%m-%d} {_clock(at, unit)} UTC"
    return figure(at)


def span(start: datetime, end: datetime) -> str:
    """`2026-11-22 06:10 to 06:45 UTC`: the day once where it is the same."""
    unit = unit_of((start, end), finest="seconds")
    first, last = when(start, unit), when(end, unit)
    day, _, clock = last.partition(" ")
    return f"{first.removesuffix(' UTC')} to {clock if first.startswith(day) else last}"


def short(times: Sequence[datetime | float]) -> list[str]:
    """For an axis, whose heading says that it is UTC: without dates where all are in an hour."""
    first, last, unit = times[0], times[-1], unit_of(times)
    brief = isinstance(first, datetime) and isinstance(last, datetime) and last - first < _HOUR

    def told(at: datetime) -> str:
        clock = _clock(at, unit)
        return clock if brief else f"{at.astimezone(UTC):%m-%d} {clock}"

    return [told(each) if isinstance(each, datetime) else figure(each) for each in times]


def _clock(at: datetime, unit: Unit) -> str:
    there = at.astimezone(UTC)
    if unit == "minutes":
        return f"{there:%H:%M}"
    if unit == "seconds":
        return f"{there:%H:%M:%S}"
    return f"{there:%H:%M:%S}.{there.microsecond // 1000:03}"
