"""Times as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from burnish.experiments.figures import figure

_HOUR = timedelta(hours=1)


def when(at: datetime | float) -> str:
    """`2026-11-22 06:10 UTC`."""
    if isinstance(at, datetime):
        return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return figure(at)


def short(times: Sequence[datetime | float]) -> list[str]:
    """For an axis, whose heading says that it is UTC: as fine as needed to tell them apart."""
    first, last = times[0], times[-1]
    brief = isinstance(first, datetime) and isinstance(last, datetime) and last - first < _HOUR
    form = "%H:%M:%S" if brief else "%m-%d %H:%M"
    return [
        each.astimezone(UTC).strftime(form) if isinstance(each, datetime) else figure(each)
        for each in times
    ]
