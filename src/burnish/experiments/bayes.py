"""What is believed after the data: how likely each variant is the best, and what choosing it would
lose if it is not. Priors are flat unless given. Looking often does not change what is believed, but
a rule that stops at a belief is wrong more often than a sequential test at the same level."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np

from burnish.errors import UsageError
from burnish.evals.statistics import LEVEL, Interval
from burnish.evals.statistics.special import normal_cdf, t_cdf
from burnish.experiments.estimate import Estimate, Floats
from burnish.experiments.fixed import quantile

_DRAWS = 200_000
# Of many variants fewer each, for all are in memory at once.
_MOST_DRAWS = 4_000_000
# Above, the exact sum is long and the draws are as good.
_EXACT = 20_000


class Belief(msgspec.Struct, frozen=True, kw_only=True):
    """Of one variant among all. `loss` is what choosing it is expected to give away, in the
    metric's unit; `interval` holds its value with the level's probability."""

    best: float
    loss: float
    interval: Interval


def rates(
    counts: Sequence[tuple[int, int]],
    *,
    prior: tuple[float, float] = (1.0, 1.0),
    level: float = LEVEL,
    seed: int = 0,
) -> list[Belief]:
    """Of variants given as successes and tries, under a beta prior."""
    a0, b0 = prior
    if a0 <= 0 or b0 <= 0:
        raise UsageError(f"a beta prior of {a0:g} and {b0:g}", hint="give two numbers above 0")
    random = np.random.default_rng(seed)
    size = _draws(len(counts))
    draws = np.array([random.beta(a0 + s, b0 + n - s, size) for s, n in counts])
    beliefs = _believed(draws, level, "beta")
    if len(counts) == 2 and all(a0 == int(a0) and s + a0 <= _EXACT for s, _ in counts):
        first, second = ((a0 + s, b0 + n - s) for s, n in counts)
        beliefs = [
            msgspec.structs.replace(
                beliefs[0], best=beats(first, second), loss=loss(first, second)
            ),
            msgspec.structs.replace(
                beliefs[1], best=beats(second, first), loss=loss(second, first)
            ),
        ]
    return beliefs


def means(
    estimates: Sequence[Estimate],
    *,
    prior: tuple[float, float] | None = None,
    level: float = LEVEL,
    seed: int = 0,
) -> list[Belief]:
    """Of variants whose values are normal around their estimates; `prior` is the mean and standard
    deviation that each variant's value is thought to have before any data."""
    random = np.random.default_rng(seed)
    size = _draws(len(estimates))
    draws = [random.normal(*_posterior(each, prior), size) for each in estimates]
    return _believed(np.array(draws), level, "normal")


def beats(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The chance that a beta variable is above another: the exact sum (Evan Miller 2014). The
    first parameter of `one` must be a whole number."""
    (a, b), (c, d) = one, other
    total = 0.0
    for i in range(int(a)):
        total += math.exp(
            _log_beta(c + i, b + d) - math.log(b + i) - _log_beta(1 + i, b) - _log_beta(c, d)
        )
    return min(1.0, total)


def loss(chosen: tuple[float, float], other: tuple[float, float]) -> float:
    """What is given away on average by choosing one of two: E max(other - chosen, 0)."""
    (a, b), (c, d) = chosen, other
    up = c / (c + d) * beats((c + 1, d), (a, b))
    down = a / (a + b) * (1 - beats((a + 1, b), (c, d)))
    return max(up - down, 0.0)


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Of a treatment less the control. `same` is the chance that they differ by less than matters
    (the region of practical equivalence), None where no such region is given."""

    above: float
    interval: Interval
    same: float | None


def of_rate(successes: int, n: int) -> Estimate:
    """What is believed of a rate under a flat prior: unlike the rate itself it is never without
    doubt, not even after two successes of two."""
    a, b = 1 + successes, 1 + n - successes
    return Estimate(a / (a + b), a * b / ((a + b) ** 2 * (a + b + 1)), n)


def difference(
    control: Estimate,
    treatment: Estimate,
    *,
    matters: float | None = None,
    level: float = LEVEL,
    degrees: float = math.inf,
) -> Difference:
    """Under a flat prior by the normal curve, or by Student's with the `degrees` of freedom where
    the variances are themselves known from few values. `matters` is the least difference that
    does."""
    mean = treatment.value - control.value
    error = math.sqrt(control.variance + treatment.variance)
    half = quantile(level, degrees) * error
    interval = Interval(low=mean - half, high=mean + half, method="normal", level=level)
    if error == 0:
        same = None if matters is None else float(abs(mean) < matters)
        return Difference(above=float(mean > 0) + (mean == 0) / 2, interval=interval, same=same)
    same = None
    if matters is not None:
        same = _cdf((matters - mean) / error, degrees) - _cdf((-matters - mean) / error, degrees)
    return Difference(above=_cdf(mean / error, degrees), interval=interval, same=same)


def _cdf(z: float, degrees: float) -> float:
    return normal_cdf(z) if math.isinf(degrees) else t_cdf(z, degrees)


def _draws(variants: int) -> int:
    return min(_DRAWS, _MOST_DRAWS // max(variants, 1))


def _posterior(each: Estimate, prior: tuple[float, float] | None) -> tuple[float, float]:
    if prior is None:
        return each.value, math.sqrt(each.variance)
    mean, spread = prior
    if spread <= 0:
        raise UsageError(f"a prior with the deviation {spread:g}", hint="give one above 0")
    if each.variance <= 0:
        return each.value, 0.0
    sure, known = 1 / spread**2, 1 / each.variance
    return (mean * sure + each.value * known) / (sure + known), math.sqrt(1 / (sure + known))


def _believed(draws: Floats, level: float, method: str) -> list[Belief]:
    """`draws` has a row for each variant."""
    best = draws.max(axis=0)
    first = np.bincount(draws.argmax(axis=0), minlength=len(draws)) / draws.shape[1]
    found: list[Belief] = []
    for row, share in zip(draws, first.tolist(), strict=True):
        low, high = np.quantile(row, [(1 - level) / 2, (1 + level) / 2])
        interval = Interval(low=float(low), high=float(high), method=method, level=level)
        found.append(Belief(best=share, loss=float((best - row).mean()), interval=interval))
    return found


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
