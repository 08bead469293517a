"""Intervals against scipy, and how often they hold the truth."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from burnish.evals.statistics import (
    Interval,
    bca,
    clipped,
    equal_values,
    grouped,
    t_clustered,
    t_interval,
    wilson,
    wilson_clustered,
)

# It has no complete types.
stats: Any = import_module("scipy.stats")

STUDIES = 2_000


def bounds(interval: Interval | None) -> tuple[float, float]:
    assert interval is not None
    return interval.low, interval.high


def test_wilson_agrees_with_scipy() -> None:
    random = np.random.default_rng(1)
    for _ in range(1_000):
        n = int(random.integers(1, 2_000))
        k, level = int(random.integers(0, n + 1)), float(random.choice([0.8, 0.95, 0.99]))
        theirs = stats.binomtest(k, n).proportion_ci(level, method="wilson")
        assert bounds(wilson(k, n, level=level)) == pytest.approx(
            (theirs.low, theirs.high), abs=1e-10
        )


def test_wilson_tells_17_of_20_from_850_of_1000() -> None:
    assert bounds(wilson(17, 20)) == pytest.approx((0.640, 0.948), abs=5e-4)
    assert bounds(wilson(850, 1000)) == pytest.approx((0.827, 0.871), abs=5e-4)
    assert bounds(wilson(8, 10)) == pytest.approx((0.490162, 0.943318), abs=5e-7)
    assert bounds(wilson(0, 20)) == pytest.approx((0, 0.161125), abs=5e-7)
    assert wilson(0, 0) is None


def test_students_interval_agrees_with_scipy() -> None:
    random = np.random.default_rng(2)
    for _ in range(500):
        values = random.normal(size=int(random.integers(2, 200)))
        theirs = stats.ttest_1samp(values, 0).confidence_interval(0.95)
        assert bounds(t_interval(values)) == pytest.approx((theirs.low, theirs.high), abs=1e-10)
    assert bounds(t_interval(np.full(5, 0.25))) == (0.25, 0.25)


def test_groups_of_one_are_as_no_groups() -> None:
    values = np.random.default_rng(3).normal(size=40)
    assert bounds(t_clustered(values, np.ones(40))) == pytest.approx(bounds(t_interval(values)))


def test_groups_of_one_size_are_as_their_means() -> None:
    values = np.random.default_rng(4).normal(size=(40, 3))
    ours = t_clustered(values.sum(axis=1), np.full(40, 3.0))
    assert bounds(ours) == pytest.approx(bounds(t_interval(values.mean(axis=1))))


def test_unequal_groups_follow_the_robust_sandwich() -> None:
    """Written as the regression on a constant that it is: bread, meat and the correction."""
    random = np.random.default_rng(5)
    groups = np.sort(random.integers(0, 25, size=120))
    values = random.normal(size=120) + random.normal(size=25)[groups]
    design = np.ones((120, 1))
    bread = np.linalg.inv(design.T @ design)
    left = values - values.mean()
    scores = [design[groups == g].T @ left[groups == g] for g in np.unique(groups)]
    g = len(scores)
    variance = (bread @ sum(np.outer(s, s) for s in scores) @ bread).item() * g / (g - 1)
    half = stats.t.ppf(0.975, g - 1) * variance**0.5
    expected = (values.mean() - half, values.mean() + half)
    assert bounds(t_clustered(*grouped(values, groups))) == pytest.approx(expected)


@pytest.mark.parametrize("skewed", [False, True])
def test_bca_agrees_with_scipy(skewed: bool) -> None:
    """Both draw at random, so they agree as far as two draws do."""
    random = np.random.default_rng(6)
    for n in (12, 40, 300):
        values = random.exponential(size=n) if skewed else random.beta(4, 2, size=n)
        theirs = stats.bootstrap(
            (values,), np.mean, n_resamples=20_000, method="BCa", rng=7
        ).confidence_interval
        ours = bca(values, resamples=20_000)
        width = theirs.high - theirs.low
        assert bounds(ours) == pytest.approx((theirs.low, theirs.high), abs=0.03 * width)


def test_bca_of_ties_agrees_with_scipy_and_with_drawing_each_value() -> None:
    values = np.repeat([0.0, 0.5, 1.0], [5, 11, 24])
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=20_000, method="BCa", rng=7
    ).confidence_interval
    assert bounds(bca(values, resamples=20_000)) == pytest.approx(tuple(theirs), abs=0.02)
    spread = values + np.linspace(0, 1e-6, 40)
    many = np.concatenate([spread] * 2)
    few = np.concatenate([values] * 2)
    assert bounds(bca(many)) == pytest.approx(bounds(bca(few)), abs=0.02)


def test_bca_does_not_depend_on_the_order() -> None:
    values = np.random.default_rng(8).normal(size=500)
    assert bca(values) == bca(values[::-1].copy())
    assert bca(values, seed=1) != bca(values, seed=2)
    low, high = bounds(bca(values + 0.1))
    assert bounds(bca(-values - 0.1)) == pytest.approx((-high, -low))


def test_small_large_and_constant_samples_have_a_sane_interval() -> None:
    nine = np.random.default_rng(9).normal(size=9)
    assert bca(nine) == t_interval(nine)
    large = np.random.default_rng(9).normal(size=3_000)
    assert bca(large) == t_interval(large)
    assert bounds(bca(np.full(30, 0.7))) == pytest.approx((0.7, 0.7))
    one = np.array([0.5])
    assert bca(one) is None
    assert t_interval(one) is None
    assert t_clustered(one, np.ones(1)) is None
    assert wilson_clustered(one, np.ones(1)) is None


def test_clipped_keeps_a_mean_of_scores_within_their_range() -> None:
    interval = t_interval(np.array([1.0, 1.0, 0.4]))
    assert interval is not None
    assert interval.low < 0
    assert interval.high > 1
    assert bounds(clipped(interval, 0, 1)) == (0, 1)
    assert clipped(interval, -1, 2) == interval
    assert clipped(None, 0, 1) is None


def test_repeats_that_agree_tell_no_more_than_one() -> None:
    """20 examples, each five times with the same verdict: as sure as 20 answers, not as 100."""
    passes = np.repeat([1.0, 0.0], [17, 3])
    same = wilson_clustered(passes * 5, np.full(20, 5.0))
    once = wilson(17, 20)
    assert same is not None
    assert once is not None
    assert same.high - same.low >= once.high - once.low
    all_pass = wilson_clustered(np.full(20, 5.0), np.full(20, 5.0))
    assert all_pass is not None
    assert all_pass.low < 0.85 < all_pass.high == 1.0


@pytest.mark.parametrize("groups", [2, 8, 30, 400])
@pytest.mark.parametrize("repeats", [2, 7])
def test_repeats_that_all_agree_are_as_their_groups_asked_once(groups: int, repeats: int) -> None:
    for right in {0, 1, groups // 3, groups}:
        passes = np.repeat([1.0, 0.0], [right, groups - right])
        often = wilson_clustered(passes * repeats, np.full(groups, float(repeats)))
        assert bounds(often) == pytest.approx(bounds(wilson(right, groups)), abs=1e-12)


def test_repeats_never_make_a_rate_less_sure() -> None:
    """However they fall, the interval is at most as wide as that of the same rate by groups."""
    random = np.random.default_rng(10)
    for _ in range(300):
        groups, repeats = int(random.integers(2, 40)), int(random.integers(2, 6))
        sums = random.binomial(repeats, random.random(), size=groups).astype(float)
        low, high = bounds(wilson_clustered(sums, np.full(groups, float(repeats))))
        few = bounds(wilson(sums.sum() / repeats, groups))
        assert high - low <= few[1] - few[0] + 1e-12


def test_equal_values_leave_room_for_others() -> None:
    """The rule of three: after 30 equal values about a tenth may still be others."""
    room = 1 - 0.05 ** (1 / 30)
    assert room == pytest.approx(3 / 30, abs=0.006)
    assert bounds(equal_values(0.7, 30)) == pytest.approx((0.7 - 0.7 * room, 0.7 + 0.3 * room))
    assert bounds(equal_values(0.2, 30, low=-1)) == pytest.approx(
        (0.2 - 1.2 * room, 0.2 + 0.8 * room)
    )
    assert equal_values(0.7, 30).method == "equal values"
    widths = [high - low for low, high in (bounds(equal_values(0.7, n)) for n in range(1, 60))]
    assert widths == sorted(widths, reverse=True)


@pytest.mark.parametrize(("value", "other"), [(0.7, 0.0), (0.7, 1.0), (0.2, 0.9)])
def test_equal_values_hold_the_truth_where_others_are_there(value: float, other: float) -> None:
    """Whatever the share of others: either they show among `n`, or the interval holds the mean in
    all but one study of twenty."""
    for n in (5, 20, 60):
        low, high = bounds(equal_values(value, n))
        for share in np.linspace(0, 1, 101):
            mean = value + share * (other - value)
            missed = (1 - share) ** n if not low <= mean <= high else 0.0
            assert missed <= 0.05 + 1e-9


def coverage(study: Callable[[np.random.Generator], Interval | None], truth: float) -> float:
    random = np.random.default_rng(20_261_121)
    held = 0
    for _ in range(STUDIES):
        low, high = bounds(study(random))
        held += low <= truth <= high
    return held / STUDIES


def rates(random: np.random.Generator) -> Interval | None:
    return wilson(random.binomial(120, 0.8), 120)


def means(random: np.random.Generator) -> Interval | None:
    return t_interval(random.beta(4, 2, size=30))


def resampled(random: np.random.Generator) -> Interval | None:
    return bca(random.beta(4, 2, size=80), resamples=1_000)


def resampled_ties(random: np.random.Generator) -> Interval | None:
    return bca(random.choice([0.0, 0.5, 1.0], p=[0.2, 0.2, 0.6], size=80), resamples=2_000)


def clustered_means(random: np.random.Generator) -> Interval | None:
    sizes = random.integers(1, 6, size=50)
    groups = np.repeat(np.arange(50), sizes)
    values = random.normal(size=50)[groups] + random.normal(size=len(groups))
    return t_clustered(*grouped(values, groups))


def clustered_rates(random: np.random.Generator) -> Interval | None:
    chances = random.beta(2.4, 0.6, size=60)
    return wilson_clustered(random.binomial(5, chances).astype(float), np.full(60, 5.0))


def repeats(
    examples: int, times: int, rate: float, agreement: float
) -> Callable[[np.random.Generator], Interval | None]:
    """Examples differ in how often they are answered rightly: their repeats correlate so much."""
    size = 1 / agreement - 1

    def study(random: np.random.Generator) -> Interval | None:
        chances = random.beta(rate * size, (1 - rate) * size, size=examples)
        sums = random.binomial(times, chances).astype(float)
        return wilson_clustered(sums, np.full(examples, float(times)))

    return study


@pytest.mark.slow
@pytest.mark.parametrize(("examples", "times"), [(8, 2), (20, 5), (60, 3)])
@pytest.mark.parametrize("rate", [0.6, 0.9])
@pytest.mark.parametrize("agreement", [0.01, 0.4, 0.9])
def test_clustered_rates_hold_the_truth_at_least_as_often_as_they_say(
    examples: int, times: int, rate: float, agreement: float
) -> None:
    """Above 0.965 where few examples give few different rates."""
    assert coverage(repeats(examples, times, rate, agreement), rate) >= 0.935


@pytest.mark.slow
@pytest.mark.parametrize(
    ("study", "truth"),
    [
        (rates, 0.8), (means, 4 / 6), (resampled, 4 / 6), (resampled_ties, 0.7),
        (clustered_means, 0.0), (clustered_rates, 0.8),
    ],
)  # fmt: skip
def test_intervals_hold_the_truth_as_often_as_they_say(
    study: Callable[[np.random.Generator], Interval | None], truth: float
) -> None:
    assert 0.935 <= coverage(study, truth) <= 0.965
