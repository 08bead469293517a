"""What an experiment would have said at each time on the way to now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import msgspec

from burnish.errors import UsageError
from burnish.experiments.analysis import Analysis, analyse
from burnish.experiments.estimate import Floats, Sample

LOOKS = 16
"""At so many times, evenly spread from the first to now."""
# Numbers within are seconds since 1970 (of 2001 to 2096), as most systems write times.
_SECONDS = (1e9, 4e9)

Time = datetime | float
Looked = Callable[[datetime], Analysis | None]


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """A variant less the control by what was known `at` a time (a number where times are numbers of
    no clock), from so many units of each."""

    at: datetime | float
    variant: str
    n: int
    control_n: int
    difference: float
    low: float
    high: float


def points_of(analysis: Analysis, at: Time) -> tuple[Point, ...]:
    units = {arm.name: arm.n for arm in analysis.arms}
    return tuple(
        Point(
            at=at,
            variant=each.variant,
            n=units[each.variant],
            control_n=units[each.control],
            difference=each.difference,
            low=each.interval.low,
            high=each.interval.high,
        )
        for each in analysis.contrasts
    )


def over_time(look: Looked, final: Analysis, start: datetime, now: datetime) -> tuple[Point, ...]:
    """By `look`, which tells what was known at a time (None: too little), and `final`, what is
    known `now`."""
    points: list[Point] = []
    for part in range(1, LOOKS if now > start else 1):
        at = start + (now - start) * part / LOOKS
        found = look(at)
        points += () if found is None else points_of(found, at)
    return (*points, *points_of(final, now))


def over_samples(
    samples: Sequence[Sample], final: Analysis, *, dated: bool = False
) -> tuple[Point, ...]:
    """By the units that had come until each time; `final` is what all of them say. Empty where
    their times are not known. `dated` times were written as dates."""
    known = [each.times for each in samples if each.times is not None and each.n]
    if len(known) < len(samples):
        return ()
    start, now = min(float(t.min()) for t in known), max(float(t.max()) for t in known)
    dated = dated or _SECONDS[0] <= start <= now < _SECONDS[1]
    points: list[Point] = []
    for part in range(1, LOOKS if now > start else 1):
        at = start + (now - start) * part / LOOKS
        found = _known(samples, final, at)
        points += () if found is None else points_of(found, _time(at, dated=dated))
    return (*points, *points_of(final, _time(now, dated=dated)))


def _time(at: float, *, dated: bool) -> Time:
    return datetime.fromtimestamp(at, UTC) if dated else at


def _known(samples: Sequence[Sample], final: Analysis, at: float) -> Analysis | None:
    try:
        return analyse(
            [_until(each, at) for each in samples],
            final.design,
            control=final.control,
            metric=final.metric,
        )
    except UsageError:
        # Too few had come to compare them: that look has no answer.
        return None


def _until(sample: Sample, at: float) -> Sample:
    assert sample.times is not None
    inside = sample.times <= at

    def those(values: Floats | None) -> Floats | None:
        return None if values is None else values[inside]

    return replace(
        sample,
        values=sample.values[inside],
        denominators=those(sample.denominators),
        covariates=those(sample.covariates),
        times=those(sample.times),
    )


def by_variant(series: Sequence[Point]) -> dict[str, list[Point]]:
    """Those of the last look, each with its points in the order of time."""
    names = [each.variant for each in series if each.at == series[-1].at]
    return {name: [each for each in series if each.variant == name] for name in names}
