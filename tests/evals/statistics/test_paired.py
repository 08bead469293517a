"""Paired tests and corrections against scipy."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pytest

from burnish.evals.statistics import (
    benjamini_hochberg,
    cohens_dz,
    examples_needed,
    holm,
    least_examples,
    mcnemar,
    paired_rates,
    wilcoxon,
)

# It has no complete types.
stats: Any = import_module("scipy.stats")


def test_mcnemar_agrees_with_the_binomial_test_of_scipy() -> None:
    for gained in range(30):
        for lost in range(30):
            expected = stats.binomtest(gained, gained + lost).pvalue if gained + lost else 1
            assert mcnemar(gained, lost).p == pytest.approx(expected, abs=1e-10)
    assert mcnemar(6, 16).p == pytest.approx(0.052479, abs=5e-7)


def test_odds_ratio_is_finite_where_nothing_was_lost() -> None:
    assert mcnemar(12, 4).odds_ratio == 3
    assert mcnemar(7, 0).odds_ratio == 15
    assert mcnemar(0, 0).odds_ratio is None


def test_wilcoxon_without_ties_is_exact_as_in_scipy() -> None:
    random = np.random.default_rng(1)
    for _ in range(300):
        differences = random.normal(0.3, 1, size=int(random.integers(1, 51)))
        theirs = stats.wilcoxon(differences, method="exact")
        ours = wilcoxon(differences)
        assert (ours.statistic, ours.p) == pytest.approx((theirs.statistic, theirs.pvalue))


def test_wilcoxon_with_ties_and_zeros_is_exact_as_the_permutation_test_of_scipy() -> None:
    random = np.random.default_rng(2)
    for _ in range(40):
        differences = random.choice(
            [-0.5, -0.25, 0, 0.25, 0.5, 1], size=int(random.integers(2, 12))
        )
        if differences.any():
            theirs = stats.wilcoxon(differences, method=stats.PermutationMethod())
            ours = wilcoxon(differences)
            assert (ours.statistic, ours.p) == pytest.approx((theirs.statistic, theirs.pvalue))


def test_wilcoxon_of_many_differences_agrees_with_scipy() -> None:
    random = np.random.default_rng(3)
    for _ in range(200):
        size = int(random.integers(80, 400))
        differences = random.choice([-1, -0.5, 0, 0.25, 0.5, 1], size=size) + 0.0
        if np.count_nonzero(differences) > 50:
            theirs = stats.wilcoxon(differences, method="asymptotic")
            ours = wilcoxon(differences)
            assert (ours.statistic, ours.p) == pytest.approx((theirs.statistic, theirs.pvalue))


def test_wilcoxon_of_published_data() -> None:
    """Hollander and Wolfe's nine patients before and after."""
    before = np.array([1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30])
    after = np.array([0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29])
    found = wilcoxon(before - after)
    assert (found.statistic, found.p) == (5, 0.0390625)
    assert found.rank_biserial == pytest.approx((40 - 5) / 45)


def test_equal_scores_are_no_difference_whatever_their_last_bit() -> None:
    differences = np.array([0.1 + 0.2 - 0.3] * 12)
    assert differences.any()
    assert wilcoxon(differences).p == 1.0
    assert cohens_dz(differences) is None


def test_effect_in_standard_deviations() -> None:
    assert cohens_dz(np.array([1.0, 2.0, 3.0])) == 2.0
    assert cohens_dz(np.array([1.0])) is None


def test_interval_of_paired_rates() -> None:
    """The published formula, by hand for 6 gained and 16 lost of 100."""
    interval = paired_rates(6, 16, 100)
    assert interval is not None
    half = 1.959963984540054 * ((24 / 102 - (10 / 102) ** 2) / 102) ** 0.5
    assert (interval.low, interval.high) == pytest.approx((-10 / 102 - half, -10 / 102 + half))
    agreed = paired_rates(0, 0, 20)
    assert agreed is not None
    assert agreed.low < 0 < agreed.high
    assert paired_rates(1, 0, 1) is None


def test_the_fewest_examples_that_can_show_anything() -> None:
    """The first number at which examples that all point one way are below 0.05, corrected."""
    for tests in (1, 3, 10, 66):
        least = least_examples(tests)
        assert mcnemar(least, 0).p * tests < 0.05 <= mcnemar(least - 1, 0).p * tests
        assert wilcoxon(np.arange(1.0, least + 1)).p * tests < 0.05
    assert least_examples() == 6


def test_examples_needed_are_those_of_the_published_formula() -> None:
    """Of a standard deviation of 1 and a difference of a half, 32 pairs (normal approximation)."""
    assert examples_needed(0.5, 1.0) == 32
    assert examples_needed(-0.5, 1.0) == 32
    assert examples_needed(0.5, 0.0) == least_examples()
    assert examples_needed(0.0, 1.0) is None
    more = examples_needed(0.5, 1.0, tests=10)
    assert more is not None
    assert more > 32


@pytest.mark.slow
def test_interval_of_paired_rates_holds_the_truth_as_often_as_it_says() -> None:
    random = np.random.default_rng(20_261_121)
    held = 0
    for gained, lost, _ in random.multinomial(100, [0.15, 0.05, 0.8], size=2_000):
        interval = paired_rates(int(gained), int(lost), 100)
        assert interval is not None
        held += interval.low <= 0.1 <= interval.high
    assert 0.935 <= held / 2_000 <= 0.965


def test_corrections_of_published_p_values() -> None:
    p_values = [0.01, 0.02, 0.03, 0.04, 0.05, 0.001, 0.2, 0.5]
    assert holm(p_values) == pytest.approx([0.07, 0.12, 0.15, 0.16, 0.16, 0.008, 0.4, 0.5])
    expected = [0.04, 0.053333, 0.06, 0.064, 0.066667, 0.008, 0.228571, 0.5]
    assert benjamini_hochberg(p_values) == pytest.approx(expected, abs=5e-7)
    assert holm([]) == benjamini_hochberg([]) == []


def test_corrections_of_random_p_values() -> None:
    """Against scipy for Benjamini-Hochberg; Holm rejects at each level what his steps reject."""
    random = np.random.default_rng(4)
    for _ in range(200):
        p_values = (random.random(int(random.integers(1, 30))) ** 3).tolist()
        theirs = stats.false_discovery_control(p_values)
        assert benjamini_hochberg(p_values) == pytest.approx(theirs.tolist())
        for level in (0.01, 0.05, 0.2):
            rejected: set[int] = set()
            for left, at in zip(range(len(p_values), 0, -1), np.argsort(p_values), strict=True):
                if p_values[at] > level / left:
                    break
                rejected.add(int(at))
            assert {i for i, p in enumerate(holm(p_values)) if p <= level} == rejected
