"""Special functions against scipy."""

from __future__ import annotations

import math
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from burnish.evals.statistics import special

# It has no complete types.
functions: Any = import_module("scipy.special")
stats: Any = import_module("scipy.stats")

CASES = 3_000


def close(ours: float, theirs: float) -> bool:
    return abs(ours - theirs) <= 1e-10 * (1 + abs(theirs))


def test_incomplete_beta_agrees_with_scipy() -> None:
    random = np.random.default_rng(1)
    for _ in range(CASES):
        a, b = (math.pow(10, random.uniform(-1, 5)) for _ in range(2))
        middle = a / (a + b)
        near = float(random.normal(middle, 3 * math.sqrt(middle * (1 - middle) / (a + b + 1))))
        x = float(np.clip(random.choice([near, random.random()]), 0, 1))
        assert close(special.beta_cdf(a, b, x), functions.betainc(a, b, x)), (a, b, x)


def test_incomplete_gamma_and_chi_square_agree_with_scipy() -> None:
    random = np.random.default_rng(2)
    for _ in range(CASES):
        a = math.pow(10, random.uniform(-1, 5))
        x = abs(float(random.normal(a, 3 * math.sqrt(a))))
        assert close(special.gamma_cdf(a, x), functions.gammainc(a, x)), (a, x)
        assert close(special.chi_square_sf(x, a), stats.chi2.sf(x, a)), (a, x)
    assert special.gamma_cdf(2.0, 0.0) == 0.0


def test_student_agrees_with_scipy() -> None:
    random = np.random.default_rng(3)
    for _ in range(CASES):
        degrees, t = math.pow(10, random.uniform(0, 5.5)), float(random.normal(0, 4))
        p = float(random.choice([0.975, 0.995, random.uniform(1e-6, 1 - 1e-6)]))
        assert close(special.t_cdf(t, degrees), stats.t.cdf(t, degrees)), (t, degrees)
        assert close(special.t_quantile(p, degrees), stats.t.ppf(p, degrees)), (p, degrees)
    assert special.t_quantile(0.5, 7) == 0.0


def test_normal_and_binomial_agree_with_scipy() -> None:
    random = np.random.default_rng(4)
    for _ in range(CASES):
        z, p = float(random.normal(0, 3)), float(random.uniform(1e-9, 1 - 1e-9))
        assert close(special.normal_cdf(z), stats.norm.cdf(z))
        assert close(special.normal_quantile(p), stats.norm.ppf(p))
        n = int(random.integers(1, 3_000))
        k = int(random.integers(0, n + 1))
        assert close(special.binomial_cdf(k, n, p), stats.binom.cdf(k, n, p)), (k, n, p)


@pytest.mark.parametrize("x", [0.0, 1.0])
def test_the_ends_are_exact(x: float) -> None:
    assert special.beta_cdf(2.5, 0.5, x) == x
