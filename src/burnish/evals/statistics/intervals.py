"""How sure a rate or a mean is. Each interval holds the true value in `level` of all studies."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from burnish.evals.statistics.special import normal_quantile, t_quantile

Floats = NDArray[np.float64]

LEVEL = 0.95


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """`method` is how it was made: `wilson`, `wilson clustered`, `t`, `t clustered`, `bca`,
    `paired rates`, `equal values`."""

    low: float
    high: float
    method: str
    level: float = LEVEL


def wilson(successes: float, n: float, *, level: float = LEVEL) -> Interval | None:
    """Of a rate (Wilson 1927); None without any observation."""
    if n <= 0:
        return None
    return _wilson(successes / n, n, normal_quantile((1 + level) / 2), level, "wilson")


class Clusters(NamedTuple):
    """What is to be known of tries that come in groups, such as repeats of one example: `squares`
    of the successes and of the tries by group, and `products` of both, are summed up."""

    groups: int
    successes: float
    tries: float
    success_squares: float
    try_squares: float
    products: float


def wilson_clustered(sums: Floats, counts: Floats, *, level: float = LEVEL) -> Interval | None:
    """`wilson_of_clusters` of successes (`sums`) and tries (`counts`) by group."""
    clusters = Clusters(
        groups=len(sums),
        successes=float(sums.sum()),
        tries=float(counts.sum()),
        success_squares=float((sums * sums).sum()),
        try_squares=float((counts * counts).sum()),
        products=float((sums * counts).sum()),
    )
    return wilson_of_clusters(clusters, level=level)


def wilson_of_clusters(of: Clusters, *, level: float = LEVEL) -> Interval | None:
    """Of a rate whose observations come in groups (repeats of one example): Wilson's interval for
    the number of independent observations that tell as much (Kish 1965). That is at most the
    number of all, and at least that of the groups: repeats that all agree tell as much as each
    group asked once. None below two groups."""
    if of.groups < 2:
        return None
    rate = of.successes / of.tries
    least = of.tries * of.tries / of.try_squares
    worth = min(max(_worth(of), least), of.tries)
    return _wilson(rate, worth, normal_quantile((1 + level) / 2), level, "wilson clustered")


def _worth(of: Clusters) -> float:
    """The variance of one observation over that of the rate. Few failures tell little of how much
    repeats agree, so half a group that is all right and half a group that is all wrong are added:
    without them the interval is too short where a rate is near 0 or 1."""
    size = of.tries / of.groups
    rate = (of.successes + size / 2) / (of.tries + size)
    off = of.success_squares - 2 * rate * of.products + rate * rate * of.try_squares
    squares = off + size * size * (rate * rate + (1 - rate) ** 2) / 2
    spread = squares / (of.tries * of.tries)
    return rate * (1 - rate) / spread


def t_interval(values: Floats, *, level: float = LEVEL) -> Interval | None:
    """Of a mean (Student); None below two values."""
    n = len(values)
    if n < 2:
        return None
    mean, error = float(values.mean()), float(values.std(ddof=1)) / math.sqrt(n)
    return _around(mean, error, n - 1, level, "t")


def t_clustered(sums: Floats, counts: Floats, *, level: float = LEVEL) -> Interval | None:
    """Of a mean whose values come in groups: Student's interval with the standard error that is
    robust to what the values of one group have in common (Liang and Zeger 1986, with their
    correction for few groups). `sums` are of the values, `counts` their number by group. None
    below two groups."""
    groups = len(sums)
    if groups < 2:
        return None
    mean = float(sums.sum() / counts.sum())
    return _around(mean, _clustered_error(sums, counts), groups - 1, level, "t clustered")


def equal_values(
    value: float, n: int, *, low: float = 0.0, high: float = 1.0, level: float = LEVEL
) -> Interval:
    """Of a mean where all `n` values seen are `value` and none can lie outside of `low` to `high`.
    If more than a share of 1 - (1 - level)^(1/n) were others (about 3/n: the rule of three), `n`
    equal ones in a row would be too rare; the mean lies where that share can move it."""
    others = -math.expm1(math.log1p(-level) / n)
    return Interval(
        low=value - others * (value - low),
        high=value + others * (high - value),
        method="equal values",
        level=level,
    )


def clipped(interval: Interval | None, low: float, high: float) -> Interval | None:
    """Where no value can lie outside of `low` to `high`, no mean can."""
    if interval is None:
        return None
    return msgspec.structs.replace(
        interval, low=max(interval.low, low), high=min(interval.high, high)
    )


def _wilson(rate: float, n: float, z: float, level: float, method: str) -> Interval:
    square = z * z / n
    centre = (rate + square / 2) / (1 + square)
    half = z / (1 + square) * math.sqrt(rate * (1 - rate) / n + square / (4 * n))
    # At the ends rounding would leave a hair between the rate and its bound.
    low = 0.0 if rate == 0 else max(centre - half, 0.0)
    high = 1.0 if rate == 1 else min(centre + half, 1.0)
    return Interval(low=low, high=high, method=method, level=level)


def _around(mean: float, error: float, degrees: int, level: float, method: str) -> Interval:
    half = t_quantile((1 + level) / 2, degrees) * error
    return Interval(low=mean - half, high=mean + half, method=method, level=level)


def _clustered_error(sums: Floats, counts: Floats) -> float:
    groups, total = len(sums), counts.sum()
    off = sums - counts * (sums.sum() / total)
    return math.sqrt(groups / (groups - 1) * float((off * off).sum())) / float(total)


def grouped(values: Floats, groups: NDArray[Any]) -> tuple[Floats, Floats]:
    """Sum and number of the values of each group that has any; `groups` are whole numbers."""
    counts = np.bincount(groups).astype(np.float64)
    sums = np.bincount(groups, weights=values).astype(np.float64)
    there = counts > 0
    return sums[there], counts[there]
