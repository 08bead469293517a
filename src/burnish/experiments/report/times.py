"""Times as people read them."""

from __future__ import annotations

from datetime import UTC, datetime

from burnish.experiments.figures import figure


def when(at: datetime | float) -> str:
    """`2026-11-22 06:10 UTC`."""
    if isinstance(at, datetime):
        return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return figure(at)


def short(at: datetime | float) -> str:
    """For an axis, whose heading says that it is UTC."""
    if isinstance(at, datetime):
        return at.astimezone(UTC).strftime("%m-%d %H:%M")
    return figure(at)
