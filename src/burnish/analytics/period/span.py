"""Which period is told, and which one it is compared with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, Literal, get_args

import msgspec

from burnish.errors import UsageError
from burnish.storage.stats import StatFilter

Every = Literal["daily", "weekly", "monthly"]
_HOURS: Final = {"daily": 24, "weekly": 7 * 24, "monthly": 30 * 24}
MAX_DAYS = 3_660
_HOUR = timedelta(hours=1)
_FIRST_YEAR = 1971
# A course of more parts is wider than a column.
_MOST_STEPS = 31
_STEPS: Final = {
    1: "hour",
    3: "3 hours",
    24: "day",
    7 * 24: "week",
    28 * 24: "4 weeks",
    91 * 24: "91 days",
    364 * 24: "364 days",
}


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Whole hours, as runs are summed up by the hour. `since` is included, `until` is not."""

    since: datetime
    until: datetime

    @property
    def hours(self) -> int:
        return round((self.until - self.since) / _HOUR)

    @property
    def before(self) -> Span:
        """As long, and ends where this begins."""
        return Span(since=self.since - (self.until - self.since), until=self.since)

    @property
    def step_h(self) -> int:
        return next(each for each in _STEPS if self.hours <= each * _MOST_STEPS)

    @property
    def step(self) -> str:
        return _STEPS[self.step_h]

    @property
    def length(self) -> str:
        """`7 days`."""
        if self.hours % 24 or self.hours == 24:
            return f"{self.hours} hour{'' if self.hours == 1 else 's'}"
        return f"{self.hours // 24} days"

    def where(self, model: str | None = None, not_model: str | None = None) -> StatFilter:
        return StatFilter(since=self.since, until=self.until, model=model, not_model=not_model)


def span_of(
    every: Every | None, since: datetime | None, until: datetime | None, now: datetime
) -> Span:
    """The day, week (None) or month that ends at `until` (now), or all from `since`. Raises
    UsageError for what is no period."""
    if every is not None and every not in get_args(Every):
        raise UsageError(f"no report is {every!r}", hint=f"use {', '.join(get_args(Every))}")
    if every is not None and since is not None:
        raise UsageError(
            f"a {every} report names its beginning itself", hint="leave since or the length out"
        )
    for each in (since, until):
        _check_time(each, now)
    end = _whole_hour(until or now, up=True)
    start = (
        end - _HOURS[every or "weekly"] * _HOUR if since is None else _whole_hour(since, up=False)
    )
    if start >= end:
        raise UsageError("the period ends before it begins", hint="give an earlier --since")
    if end - start > timedelta(days=MAX_DAYS):
        raise UsageError(
            f"a period of {(end - start).days:,} days cannot be told",
            hint=f"give at most {MAX_DAYS:,} days",
        )
    return Span(since=start, until=end)


def _check_time(at: datetime | None, now: datetime) -> None:
    if at is None:
        return
    if at.tzinfo is None:
        raise UsageError(
            f"the time {at.isoformat()} has no time zone", hint="give an aware time, such as UTC"
        )
    if at.year < _FIRST_YEAR:
        raise UsageError(f"nothing was recorded in {at.year}", hint="give a later date")
    if at > now:
        raise UsageError(
            f"{at:%Y-%m-%d %H:%M} UTC is still to come", hint="leave it out for all until now"
        )


def _whole_hour(at: datetime, *, up: bool) -> datetime:
    utc = at.astimezone(UTC)
    floor = utc.replace(minute=0, second=0, microsecond=0)
    return floor + _HOUR if up and floor < utc else floor
