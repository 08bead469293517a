"""What would have been said at each time, and the scale that it is drawn on."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.experiments.analysis import Analysis, Design, analyse
from burnish.experiments.estimate import Sample
from burnish.experiments.report.over_time import LOOKS, by_variant, over_samples, over_time
from burnish.experiments.report.scale import scale_of, scale_over

Samples = Callable[..., list[Sample]]
NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)
DESIGN = Design(method="sequential")


def until(samples: list[Sample], at: float) -> list[Sample]:
    found: list[Sample] = []
    for each in samples:
        assert each.times is not None
        n = int((each.times <= at).sum())
        found.append(Sample(each.name, each.values[:n], None, None, each.times[:n]))
    return found


@pytest.mark.parametrize("method", ["sequential", "fixed", "bayes"])
def test_each_point_is_what_was_known_then(samples: Samples, method: str) -> None:
    given = samples(("a", "b", "c"), n=400)
    final = analyse(given, Design(method=method))  # pyright: ignore[reportArgumentType] - one of them
    series = over_samples(given, final, dated=True)
    looks = by_variant(series)
    assert list(looks) == ["b", "c"]
    assert [len(points) for points in looks.values()] == [LOOKS, LOOKS]
    for point in (looks["b"][4], looks["c"][9], looks["c"][-1]):
        assert isinstance(point.at, datetime)
        known = until(given, point.at.timestamp() + 1e-6)
        then = analyse(known, final.design)
        (contrast,) = [each for each in then.contrasts if each.variant == point.variant]
        assert point.difference == pytest.approx(contrast.difference)
        assert (point.low, point.high) == pytest.approx(
            (contrast.interval.low, contrast.interval.high)
        )
        units = {each.name: each.n for each in known}
        assert (point.n, point.control_n) == (units[point.variant], units["a"])


def test_intervals_narrow_and_the_last_one_is_the_answer(samples: Samples) -> None:
    given = samples()
    final = analyse(given, DESIGN)
    series = over_samples(given, final)
    widths = [each.high - each.low for each in series]
    assert widths[-1] < widths[3] < widths[0]
    (contrast,) = final.contrasts
    assert series[-1].difference == contrast.difference
    assert (series[-1].low, series[-1].high) == (contrast.interval.low, contrast.interval.high)
    assert [each.n for each in series] == sorted(each.n for each in series)


def test_a_look_with_too_few_units_has_no_point(samples: Samples) -> None:
    first, second = samples(n=200)
    assert second.times is not None
    late = replace(second, times=second.times + 20 * 86_400)
    series = over_samples([first, late], analyse([first, late], DESIGN))
    assert 0 < len(series) < LOOKS
    assert min(each.n for each in series) >= 2


def test_times_that_are_not_known_give_no_series(samples: Samples) -> None:
    first, second = samples(n=100)
    given = [first, replace(second, times=None)]
    assert over_samples(given, analyse(given, Design())) == ()


def test_units_that_all_come_at_once_give_one_look(samples: Samples) -> None:
    given = [replace(each, times=np.full(each.n, 7.0)) for each in samples(n=100)]
    series = over_samples(given, analyse(given, DESIGN))
    assert [each.at for each in series] == [7.0]


@pytest.mark.parametrize(
    ("start", "dated", "is_date"),
    [(0.0, False, False), (1.79e9, False, True), (0.0, True, True), (1.79e12, False, False)],
)
def test_numbers_are_dates_where_they_must_be_seconds(
    samples: Samples, start: float, dated: bool, is_date: bool
) -> None:
    given = [replace(each, times=start + np.arange(float(each.n))) for each in samples(n=100)]
    series = over_samples(given, analyse(given, DESIGN), dated=dated)
    assert isinstance(series[-1].at, datetime) is is_date


def test_a_store_is_asked_for_what_was_known_at_evenly_spread_times(samples: Samples) -> None:
    given = samples(n=400)
    final = analyse(given, DESIGN)
    start, asked = NOW - timedelta(hours=16), list[datetime]()

    def look(at: datetime) -> Analysis | None:
        asked.append(at)
        return None if len(asked) < 3 else final

    series = over_time(look, final, start, NOW)
    assert asked == [start + timedelta(hours=hour) for hour in range(1, LOOKS)]
    assert [each.at for each in series] == [*asked[2:], NOW]
    assert len(over_time(look, final, NOW, NOW)) == 1


@given(st.floats(-1e12, 1e12, allow_subnormal=False), st.floats(-1e12, 1e12, allow_subnormal=False))
def test_a_scale_holds_what_it_is_for_and_nothing_else(one: float, other: float) -> None:
    least, most = min(one, other), max(one, other)
    scale = scale_over(least, most)
    low, high = min(least, 0.0), max(most, 0.0)
    room = 1e-6 * (scale.high - scale.low)
    assert scale.low <= low + room
    assert scale.high >= high - room
    assert 2 <= len(scale.ticks) <= 6
    assert min(abs(tick) for tick in scale.ticks) == 0
    labels = [scale.label(tick) for tick in scale.ticks]
    assert len(set(labels)) == len(labels)
    if high - low > 0:
        assert scale.high - scale.low <= 2 * (high - low) + 2 * scale.step


@pytest.mark.parametrize(
    ("least", "most", "labels"),
    [
        (-0.012, 0.084, ["-0.025", "0", "+0.025", "+0.050", "+0.075", "+0.100"]),
        (0.0, 0.0, ["-1.0", "-0.5", "0", "+0.5", "+1.0"]),
        (-0.0, math.inf, ["-1.0", "-0.5", "0", "+0.5", "+1.0"]),
        (120.0, 1_850.0, ["0", "+500", "+1,000", "+1,500", "+2,000"]),
        (-3e-9, 0.0, ["-3e-09", "-2e-09", "-1e-09", "0"]),
    ],
)
def test_ticks_are_round(least: float, most: float, labels: list[str]) -> None:
    scale = scale_over(least, most)
    assert [scale.label(tick) for tick in scale.ticks] == labels


def test_the_first_looks_do_not_set_the_scale(samples: Samples) -> None:
    given = samples(n=4_000)
    series = over_samples(given, analyse(given, DESIGN))
    scale = scale_of(series)
    assert series[0].high > scale.high
    assert series[-1].high < scale.high < 4 * series[-1].high
