"""Looking after every unit: published values, and the share of false alarms by simulation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from burnish.errors import UsageError
from burnish.experiments.betting import betting, betting_difference
from burnish.experiments.estimate import Estimate, Floats
from burnish.experiments.fixed import lift_of, quantile
from burnish.experiments.sequential import (
    always_valid_p,
    confidence_sequence,
    msprt_p,
    reach,
    tuning,
)
from burnish.experiments.spending import bounds


@pytest.mark.parametrize(
    ("n", "half"), [(100, 0.669439), (1_000, 0.106375), (5_000, 0.042924), (20_000, 0.022112)]
)
def test_the_sequence_is_as_wide_as_published(n: int, half: float) -> None:
    assert reach(n, tuning(5_000, 0.05), 0.05) == pytest.approx(half, abs=1e-6)
    interval = confidence_sequence(0.0, 1 / n, n)
    assert interval.high == pytest.approx(half, abs=1e-6)


def test_the_sequence_agrees_with_another_engines_published_case() -> None:
    first, second = _moments(1396.87, 52377.9767, 3000), _moments(2422.7, 134698.29, 3461)
    lift, around = lift_of(first, second)
    assert lift is not None
    assert around is not None
    variance = ((around.high - around.low) / 2 / quantile(0.95)) ** 2
    interval = confidence_sequence(lift, variance, 6461, planned=1_000)
    assert (interval.low, interval.high) == pytest.approx((-0.558441, 1.565163), abs=1e-6)


def _moments(total: float, squares: float, n: int) -> Estimate:
    return Estimate(total / n, (squares - total**2 / n) / (n - 1) / n, n)


@pytest.mark.parametrize("difference", [0.02, 0.05, 0.0601, 0.0603, 0.08])
def test_the_p_value_and_the_interval_say_the_same(difference: float) -> None:
    interval = confidence_sequence(difference, 0.0004, 3_000)
    assert (always_valid_p(difference, 0.0004, 3_000) < 0.05) == (interval.low > 0)


def test_constants_need_no_test() -> None:
    assert always_valid_p(0.0, 0.0, 10) == 1.0
    assert always_valid_p(0.5, 0.0, 10) == 0.0
    assert (msprt_p(0.0, 0.0, 10, spread=1), msprt_p(0.1, 0.0, 10, spread=1)) == (1.0, 0.0)


def test_the_mixture_test_gives_the_published_values() -> None:
    assert msprt_p(0.03, 0.12, 1_000, spread=0.01) == pytest.approx(0.685699, abs=1e-6)
    assert msprt_p(0.03, 0.12, 5_000, spread=0.01) == pytest.approx(0.003115, abs=1e-6)


def rates(random: np.random.Generator, n: int) -> Floats:
    return (random.random(n) < 0.1).astype(float)


def means(random: np.random.Generator, n: int) -> Floats:
    return random.normal(size=n)


def skewed(random: np.random.Generator, n: int) -> Floats:
    return random.exponential(size=n)


@pytest.mark.parametrize("draw", [rates, means, skewed])
def test_a_look_after_every_unit_raises_few_false_alarms(
    draw: Callable[[np.random.Generator, int], Floats],
) -> None:
    random, n, alarms, runs = np.random.default_rng(7), 1_000, 0, 400
    count = np.arange(1, n + 1)
    rho = tuning(2_000, 0.05)
    wide = np.array([reach(2 * int(k), rho, 0.05) for k in count])
    for _ in range(runs):
        difference, variance = 0.0, 0.0
        for sign in (1, -1):
            values = draw(random, n)
            mean = np.cumsum(values) / count
            difference = difference + sign * mean
            variance = variance + (np.cumsum(values**2) - count * mean**2) / count**2
        shown = np.abs(difference) > np.sqrt(variance * 2 * count) * wide
        alarms += bool(shown[50:].any())
    assert alarms / runs <= 0.05


def test_the_bounds_of_looks_are_the_published_ones() -> None:
    # Lan and DeMets's spending after O'Brien and Fleming, two-sided 0.05, five equal looks.
    known = [4.8769, 3.3569, 2.6803, 2.2898, 2.0310]
    assert bounds([0.2, 0.4, 0.6, 0.8, 1.0]) == pytest.approx(known, abs=2e-4)
    assert bounds([1.0]) == pytest.approx([1.959964], abs=1e-5)
    # They depend on the looks so far alone.
    assert bounds([0.2, 0.4]) == pytest.approx(known[:2], abs=2e-4)


def test_the_bounds_hold_the_error_over_all_looks() -> None:
    random, runs = np.random.default_rng(8), 40_000
    looks = [0.3, 0.5, 0.9, 1.0]
    steps = np.sqrt(np.diff([0.0, *looks]))
    paths = (random.normal(size=(runs, 4)) * steps).cumsum(axis=1) / np.sqrt(looks)
    alarms = (np.abs(paths) > np.array(bounds(looks))).any(axis=1).mean()
    assert alarms == pytest.approx(0.05, abs=0.004)


@pytest.mark.parametrize("looks", [[], [0.5, 0.5], [0.5, 1.2], [-0.1, 1.0]])
def test_looks_that_do_not_rise_are_refused(looks: list[float]) -> None:
    with pytest.raises(UsageError):
        bounds(looks)


def test_betting_covers_the_mean_from_the_first_value_on() -> None:
    random, missed, runs = np.random.default_rng(9), 0, 120
    for _ in range(runs):
        values = (random.random(80) < 0.9).astype(float)
        missed += any(
            not (interval.low <= 0.9 <= interval.high)
            for interval in (betting(values[:k]) for k in (1, 2, 3, 5, 10, 20, 40, 80))
        )
    assert missed / runs <= 0.05


def test_betting_narrows_and_says_how_far_two_scores_are_apart() -> None:
    good, bad = np.tile([1.0, 1.0, 1.0, 0.5], 100), np.tile([0.0, 0.5, 0.0, 0.0], 100)
    interval = betting(good)
    assert interval.low <= 0.875 <= interval.high
    assert interval.high - interval.low < 0.2
    apart = betting_difference(bad, good)
    assert 0 < apart.low < 0.75 < apart.high
    with pytest.raises(UsageError):
        betting(np.array([0.5, 1.5]))
