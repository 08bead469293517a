"""Beliefs after the data, against published values and numerical integration."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pytest

from burnish.errors import UsageError
from burnish.experiments.bayes import beats, difference, loss, means, rates
from burnish.experiments.estimate import Estimate

# It has no complete types.
stats: Any = import_module("scipy.stats")


def test_two_rates_give_the_published_values() -> None:
    control, treatment = rates([(120, 1000), (150, 1000)])
    assert treatment.best == pytest.approx(0.975068, abs=1e-6)
    assert treatment.loss == pytest.approx(0.000144, abs=1e-6)
    assert control.loss == pytest.approx(0.030084, abs=1e-6)
    assert control.best + treatment.best == pytest.approx(1.0)
    assert rates([(1, 10), (3, 10)])[1].best == pytest.approx(0.844612, abs=1e-6)


def test_the_exact_sums_agree_with_integration() -> None:
    one, other = stats.beta(4, 9), stats.beta(7, 8)
    at = np.linspace(0, 1, 20_001)
    chance = np.trapezoid(one.pdf(at) * other.cdf(at), at)
    assert beats((4, 9), (7, 8)) == pytest.approx(chance, abs=1e-7)
    # E max(other - one, 0): for each point, the chance that one is below and the other above it.
    lost = np.trapezoid(one.cdf(at) * other.sf(at), at)
    assert loss((4, 9), (7, 8)) == pytest.approx(lost, abs=1e-7)


def test_many_variants_share_the_chance_to_be_the_best() -> None:
    beliefs = rates([(50, 500), (60, 500), (90, 500)])
    assert sum(each.best for each in beliefs) == pytest.approx(1.0)
    assert beliefs[2].best > 0.98
    assert beliefs[2].loss < beliefs[1].loss < beliefs[0].loss
    assert beliefs[2].interval.low < 91 / 502 < beliefs[2].interval.high


def test_a_prior_pulls_a_mean_towards_it() -> None:
    seen = Estimate(1.0, 0.04, 100)
    flat, pulled = means([seen, seen]), means([seen, seen], prior=(0.0, 0.2))
    assert (flat[0].interval.low + flat[0].interval.high) / 2 == pytest.approx(1.0, abs=0.01)
    assert (pulled[0].interval.low + pulled[0].interval.high) / 2 == pytest.approx(0.5, abs=0.01)


def test_the_difference_of_two_means_is_normal() -> None:
    found = difference(Estimate(1.0, 0.01, 50), Estimate(1.2, 0.01, 50), matters=0.1)
    curve = stats.norm(0.2, np.sqrt(0.02))
    assert found.above == pytest.approx(curve.sf(0))
    assert found.same == pytest.approx(curve.cdf(0.1) - curve.cdf(-0.1))
    assert (found.interval.low, found.interval.high) == pytest.approx(curve.interval(0.95))


def test_constants_leave_no_doubt() -> None:
    same = difference(Estimate(1.0, 0.0, 5), Estimate(1.0, 0.0, 5), matters=0.1)
    assert (same.above, same.same) == (0.5, 1.0)
    more = difference(Estimate(1.0, 0.0, 5), Estimate(2.0, 0.0, 5), matters=0.1)
    assert (more.above, more.same) == (1.0, 0.0)


def test_impossible_priors_are_refused() -> None:
    with pytest.raises(UsageError):
        rates([(1, 2), (1, 2)], prior=(0.0, 1.0))
    with pytest.raises(UsageError):
        means([Estimate(1, 1, 5), Estimate(1, 1, 5)], prior=(0.0, 0.0))
