"""Bootstrap interval of a mean: bias-corrected and accelerated (Efron 1987)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from burnish.evals.statistics.intervals import LEVEL, Floats, Interval, t_interval
from burnish.evals.statistics.special import normal_cdf, normal_quantile

RESAMPLES = 10_000
# Of many values fewer are needed, for their means differ less from a normal curve.
_DRAWS, _LEAST = 4_000_000, 2_000
# Below, a resample has too few different means, and Student's interval is nearer the truth;
# above, both are the same and this one costs more.
_FROM, _TO = 10, 2_000
# Few different values are drawn as counts, which is the same draw and takes a fraction of the time.
_FEW = 64
_AT_ONCE = 2_000_000
_DECIMALS = 12


def bca(
    values: Floats, *, level: float = LEVEL, resamples: int | None = None, seed: int = 0
) -> Interval | None:
    """Of the mean of values that are independent: one for each example, a mean over its repeats
    where it has several. The same values give the same interval in any order, and turned around
    where all their signs are. None below two values; Student's interval for fewer than 10 and,
    unless there are few different values, for more than 2,000."""
    n = len(values)
    # Differences of equal scores are not always equal to the last bit.
    distinct, counts = np.unique(values.round(_DECIMALS), return_counts=True)
    if n < _FROM or (n > _TO and len(distinct) > _FEW):
        return t_interval(values, level=level)
    mean = float(distinct @ counts) / n
    if len(distinct) == 1:
        return Interval(low=mean, high=mean, method="bca", level=level)
    if resamples is None:
        resamples = max(min(RESAMPLES, _DRAWS // n), _LEAST)
    # Differences the other way round give the same draws, turned around.
    turned = mean < 0
    if turned:
        distinct, counts, mean = -distinct[::-1], counts[::-1], -mean
    means = _means(distinct, counts, resamples, np.random.default_rng(seed))
    low, high = bca_ends(means, mean, distinct - mean, counts=counts, level=level)
    if turned:
        low, high = -high, -low
    return Interval(low=low, high=high, method="bca", level=level)


def bca_ends(
    resampled: Floats,
    observed: float,
    influence: Floats,
    *,
    counts: NDArray[Any] | int = 1,
    level: float = LEVEL,
) -> tuple[float, float]:
    """The ends of the interval of a figure out of its resampled values. `influence` is how far each
    value moves the figure, in any unit, `counts` how many there are of each."""
    bias, acceleration = _bias(resampled, observed), _acceleration(influence, counts)
    tails = ((1 - level) / 2, (1 + level) / 2)
    low, high = np.quantile(resampled, [_adjusted(tail, bias, acceleration) for tail in tails])
    return float(low), float(high)


def _means(
    distinct: Floats, counts: np.ndarray, resamples: int, random: np.random.Generator
) -> Floats:
    n = int(counts.sum())
    if len(distinct) <= _FEW:
        return random.multinomial(n, counts / n, size=resamples) @ distinct / n
    values = np.repeat(distinct, counts)
    means = np.empty(resamples)
    step = max(_AT_ONCE // n, 1)
    for start in range(0, resamples, step):
        drawn = random.integers(0, n, size=(min(step, resamples - start), n))
        means[start : start + step] = values[drawn].mean(axis=1)
    return means


def _bias(means: Floats, mean: float) -> float:
    """How far the mean is from the middle of the resampled ones; a tie counts half. A share of 0
    or 1 has no finite place, so it is kept half a resample away."""
    near = np.abs(means - mean) <= 10**-_DECIMALS
    below = float(((means < mean) & ~near).sum() + near.sum() / 2)
    half = 0.5 / len(means)
    return normal_quantile(min(max(below / len(means), half), 1 - half))


def _acceleration(influence: Floats, counts: NDArray[Any] | int) -> float:
    """The jackknife's value: of a mean, a sixth of the skewness over the root of n."""
    square = float((counts * influence**2).sum())
    return float((counts * influence**3).sum()) / (6 * square**1.5) if square else 0.0


def _adjusted(tail: float, bias: float, acceleration: float) -> float:
    z = bias + normal_quantile(tail)
    return normal_cdf(bias + z / (1 - acceleration * z))
