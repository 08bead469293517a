"""What must be in order before a difference means anything."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pytest

from burnish.errors import UsageError
from burnish.experiments.estimate import Sample, estimate
from burnish.experiments.guards import adjusted, drift, ratio_power, reversal, sample_ratio

# It has no complete types.
stats: Any = import_module("scipy.stats")

EVEN = {"a": 1.0, "b": 1.0}


def test_sample_ratios_give_the_published_values() -> None:
    assert sample_ratio({"a": 10_100, "b": 9_900}, EVEN).p == pytest.approx(0.157299, abs=1e-6)
    broken = sample_ratio({"a": 821_588, "b": 815_482}, EVEN)
    assert broken.chi_square == pytest.approx(22.774, abs=1e-3)
    assert broken.p == pytest.approx(1.8e-6, rel=0.02)
    assert broken.broken
    three = sample_ratio({"a": 3300, "b": 3400, "c": 3300}, EVEN | {"c": 1.0})
    assert three.p == pytest.approx(0.367879, abs=1e-6)


def test_sample_ratios_follow_the_weights() -> None:
    found = sample_ratio({"a": 900, "b": 110}, {"a": 0.9, "b": 0.1})
    known = stats.chisquare([900, 110], [909, 101])
    assert (found.chi_square, found.p) == pytest.approx((known.statistic, known.pvalue))
    assert sample_ratio({"a": 0, "b": 0}, EVEN).p == 1.0


@pytest.mark.parametrize("weights", [{"a": 1.0}, {"a": 1.0, "b": 0.0}, {"a": 1.0, "c": 1.0}])
def test_weights_that_fit_no_counts_are_refused(weights: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        sample_ratio({"a": 5, "b": 5}, weights)


def test_a_covariate_takes_its_share_of_the_variance_away() -> None:
    random = np.random.default_rng(42)
    before = random.normal(10, 2, 2_000)
    treated = np.arange(2_000) % 2 == 1
    values = 0.8 * before + random.normal(0, 1, 2_000) + 0.1 * treated
    samples = [
        Sample("a", values[~treated], covariates=before[~treated]),
        Sample("b", values[treated], covariates=before[treated]),
    ]
    after, left = adjusted(samples)
    assert left == pytest.approx(1 - np.corrcoef(before, values)[0, 1] ** 2)
    assert left < 0.3
    for old, new in zip(samples, after, strict=True):
        assert estimate(new).variance == pytest.approx(left * estimate(old).variance, rel=0.1)
    gap = estimate(after[1]).value - estimate(after[0]).value
    assert gap == pytest.approx(0.1, abs=0.1)


def test_without_covariates_nothing_changes() -> None:
    samples = [Sample("a", np.ones(3)), Sample("b", np.ones(3))]
    assert adjusted(samples) == (samples, 1.0)
    flat = [Sample(name, np.arange(3.0), covariates=np.ones(3)) for name in "ab"]
    assert adjusted(flat) == (flat, 1.0)


def test_a_whole_that_every_slice_contradicts_is_told() -> None:
    # Better in both slices, worse in the whole: it saw more of the hard ones.
    easy, hard = ["easy"], ["hard"]
    control = np.array([1.0] * 80 + [0.0] * 10 + [1.0] * 2 + [0.0] * 8)
    treatment = np.array([1.0] * 10 + [1.0] * 30 + [0.0] * 60)
    found = reversal(control, treatment, (easy * 90 + hard * 10, easy * 10 + hard * 90))
    assert found is not None
    assert found.whole < 0
    assert all(each > 0 for each in found.slices.values())
    assert reversal(control, control, (easy * 90 + hard * 10, easy * 90 + hard * 10)) is None


def test_an_effect_that_wears_off_is_told() -> None:
    random = np.random.default_rng(1)
    times = np.arange(4_000.0)
    flat = Sample("a", random.normal(0, 1, 4_000), times=times)
    fading = Sample("b", random.normal(0.5, 1, 4_000) - 0.5 * (times >= 2_000), times=times)
    found = drift(flat, fading)
    assert found is not None
    assert found.first > 0.4 > found.second
    assert found.p < 0.001
    steady = drift(flat, Sample("b", random.normal(0.5, 1, 4_000), times=times))
    assert steady is not None
    assert steady.p > 0.05
    assert drift(Sample("a", np.ones(3)), flat) is None
    assert drift(Sample("a", np.ones(3), times=np.zeros(3)), flat) is None


def test_the_check_of_shares_says_what_it_can_find() -> None:
    assert ratio_power(100_000, 0.5, 0.01) == pytest.approx(0.9988, abs=1e-3)
    assert ratio_power(100_000, 0.5, 0.0) == pytest.approx(0.001, abs=1e-4)
    assert ratio_power(1_000, 0.5, 0.01) < 0.02
    assert ratio_power(100, 0.5, 0.5) == 1.0
    with pytest.raises(UsageError):
        ratio_power(100, 0.5, 0.6)
