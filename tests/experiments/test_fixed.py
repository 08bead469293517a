"""Two variants compared once, against published values and scipy."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.errors import UsageError
from burnish.experiments.estimate import Estimate, Sample, capped, estimate, of_rows
from burnish.experiments.fixed import (
    bootstrap,
    fisher,
    lift_of,
    mann_whitney,
    newcombe,
    two_rates,
    welch,
)

# It has no complete types.
stats: Any = import_module("scipy.stats")

# The first example of Welch's test in the literature on it: two batches of wire.
FIRST = np.array([30.02, 29.99, 30.11, 29.97, 30.01, 29.99])
SECOND = np.array([29.89, 29.93, 29.72, 29.98, 30.02, 29.98])


def test_welch_gives_the_published_values() -> None:
    effect = welch(estimate(Sample("b", SECOND)), estimate(Sample("a", FIRST)))
    assert effect.difference == pytest.approx(0.095)
    assert effect.p == pytest.approx(0.090773, abs=1e-6)
    assert effect.interval.low == pytest.approx(-0.019569, abs=1e-6)
    assert effect.interval.high == pytest.approx(0.209569, abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_welch_agrees_with_scipy(seed: int) -> None:
    random = np.random.default_rng(seed)
    a, b = random.normal(0, 1, 40), random.normal(0.3, 3, 25)
    effect = welch(estimate(Sample("a", a)), estimate(Sample("b", b)))
    known = stats.ttest_ind(b, a, equal_var=False)
    assert effect.p == pytest.approx(known.pvalue)
    interval = known.confidence_interval()
    assert (effect.interval.low, effect.interval.high) == pytest.approx(
        (interval.low, interval.high)
    )


def test_constants_differ_or_do_not() -> None:
    one, other = np.ones(5), np.full(5, 2.0)
    assert welch(estimate(Sample("a", one)), estimate(Sample("b", one))).p == 1.0
    assert welch(estimate(Sample("a", one)), estimate(Sample("b", other))).p == 0.0


def test_two_rates_give_the_published_values() -> None:
    effect = two_rates((120, 1000), (150, 1000))
    assert (effect.method, effect.p) == ("z", pytest.approx(0.04964, abs=1e-5))
    interval = newcombe((48, 80), (56, 70))
    assert (interval.low, interval.high) == pytest.approx((0.052431, 0.333873), abs=1e-6)


def test_few_successes_take_the_exact_test() -> None:
    effect = two_rates((1, 6), (8, 10))
    assert effect.method == "fisher"
    assert effect.p == pytest.approx(0.034965, abs=1e-6)


@given(st.lists(st.integers(0, 30), min_size=4, max_size=4).filter(lambda t: sum(t) > 0))
def test_fisher_agrees_with_scipy(table: list[int]) -> None:
    a, b, c, d = table
    assert fisher(a, b, c, d) == pytest.approx(stats.fisher_exact([[a, b], [c, d]]).pvalue)


def test_the_lift_agrees_with_another_engines_published_case() -> None:
    first = Estimate(*_moments(1396.87, 52377.9767, 3000))
    second = Estimate(*_moments(2422.7, 134698.29, 3461))
    lift, interval = lift_of(first, second)
    assert lift == pytest.approx(0.503361, abs=1e-6)
    assert lift is not None
    assert interval is not None
    assert interval.low < lift < interval.high


def test_a_control_about_zero_has_no_lift() -> None:
    assert lift_of(Estimate(0.01, 1.0, 100), Estimate(1.0, 1.0, 100)) == (None, None)


def _moments(total: float, squares: float, n: int) -> tuple[float, float, int]:
    return total / n, (squares - total**2 / n) / (n - 1) / n, n


def test_ranks_agree_with_published_values() -> None:
    found = mann_whitney(np.array([20.0, 11, 17, 12]), np.array([19.0, 22, 16, 29, 24]))
    assert (found.u, found.p) == (17.0, pytest.approx(1 / 9))
    assert found.superiority == 0.85


@pytest.mark.parametrize(("size", "ties"), [(8, False), (8, True), (200, False), (200, True)])
def test_ranks_agree_with_scipy(size: int, ties: bool) -> None:
    random = np.random.default_rng(size)
    a, b = random.normal(0, 1, size), random.normal(0.4, 1, size + 3)
    if ties:
        a, b = a.round(), b.round()
    exact = len(a) + len(b) <= 20 and not ties
    known = stats.mannwhitneyu(b, a, method="exact" if exact else "asymptotic")
    found = mann_whitney(a, b)
    assert found.u == known.statistic
    assert found.p == pytest.approx(known.pvalue)


def test_a_ratio_has_the_spread_that_the_delta_method_gives() -> None:
    random = np.random.default_rng(1)
    clicks = random.poisson(3, 500).astype(float)
    views = clicks + random.poisson(5, 500).astype(float) + 1
    got = estimate(Sample("a", clicks, views))
    top, bottom = clicks.mean(), views.mean()
    covariance = np.cov(clicks, views)
    whole = (
        covariance[0, 0] / bottom**2
        + covariance[1, 1] * top**2 / bottom**4
        - 2 * covariance[0, 1] * top / bottom**3
    )
    assert got.value == pytest.approx(top / bottom)
    assert got.variance == pytest.approx(whole / 500, rel=1e-9)


def test_rows_of_a_unit_are_not_taken_for_units() -> None:
    units = np.repeat(np.arange(50), 4)
    values = np.repeat(np.random.default_rng(2).normal(size=50), 4)
    by_unit = estimate(of_rows("a", units, values))
    once = estimate(Sample("a", values[::4]))
    assert (by_unit.n, by_unit.value) == (50, pytest.approx(once.value))
    assert by_unit.variance == pytest.approx(once.variance)


def test_single_rows_stay_plain_values() -> None:
    sample = of_rows("a", np.arange(3), np.array([1.0, 0.0, 1.0]))
    assert (sample.denominators, sample.binary) == (None, True)


def test_the_bootstrap_interval_is_about_the_same_as_welchs_for_normal_values() -> None:
    random = np.random.default_rng(3)
    a, b = random.normal(0, 1, 300), random.normal(0.5, 1, 200)
    interval = bootstrap(a, b)
    known = welch(estimate(Sample("a", a)), estimate(Sample("b", b))).interval
    assert (interval.low, interval.high) == pytest.approx((known.low, known.high), abs=0.02)
    assert bootstrap(a, b) == interval


def test_the_bootstrap_agrees_with_scipy_on_skewed_values() -> None:
    random = np.random.default_rng(4)
    a, b = random.exponential(1, 60), random.exponential(1.5, 50)

    def mean_difference(x: np.ndarray, y: np.ndarray, axis: int) -> np.ndarray:
        return y.mean(axis=axis) - x.mean(axis=axis)

    known = stats.bootstrap(
        (a, b), mean_difference, vectorized=True, n_resamples=20_000, rng=5, method="BCa"
    ).confidence_interval
    interval = bootstrap(a, b)
    assert (interval.low, interval.high) == pytest.approx((known.low, known.high), abs=0.03)


def test_a_cap_is_the_same_for_all_variants() -> None:
    first, second = Sample("a", np.array([1.0, 2, 3, 100])), Sample("b", np.array([1.0, 2, 3, 4]))
    low, high = capped([first, second], 0.9)
    assert low.values.max() == pytest.approx(np.quantile([1, 2, 3, 100, 1, 2, 3, 4], 0.9))
    assert high.values.max() == 4
    with pytest.raises(UsageError):
        capped([first], 0.2)


def test_too_few_values_are_refused_by_name() -> None:
    with pytest.raises(UsageError, match="'slow'"):
        estimate(Sample("slow", np.array([1.0])))
    with pytest.raises(UsageError, match="sum up to 0"):
        estimate(Sample("slow", np.ones(3), np.zeros(3)))
