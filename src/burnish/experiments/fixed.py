"""Two variants compared once, when all planned units are in. Looking earlier and stopping at a
difference finds differences that are not there; see `sequential` for that."""

from __future__ import annotations

import math

import msgspec
import numpy as np

from burnish.evals.statistics import LEVEL, Interval, bca_ends, mid_ranks, wilson
from burnish.evals.statistics.special import (
    normal_cdf,
    normal_quantile,
    t_cdf,
    t_quantile,
)
from burnish.experiments.estimate import Estimate, Floats

# Below so many expected counts in a cell the exact test replaces the normal curve.
_LEAST_EXPECTED = 5.0
# Up to so many values without ties the chances of rank sums are counted.
_EXACT = 20
_RESAMPLES = 10_000
_AT_ONCE = 2_000_000
_ROUNDING = 1 + 1e-7


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """The treatment less the control, in the metric's unit. `lift` is relative to the control (0.1
    is 10 %), None where that is 0 or its sign is in doubt; `p` is None where only the interval is
    known."""

    difference: float
    interval: Interval
    p: float | None
    method: str
    lift: float | None = None
    lift_interval: Interval | None = None


def welch(control: Estimate, treatment: Estimate, *, level: float = LEVEL) -> Effect:
    """Of two means or ratios, of unequal spread (Welch 1947)."""
    variance = control.variance + treatment.variance
    difference, error = treatment.value - control.value, math.sqrt(variance)
    half = quantile(level, degrees_of(control, treatment)) * error
    lift, lift_interval = lift_of(control, treatment, level=level)
    return Effect(
        difference=difference,
        interval=Interval(
            low=difference - half, high=difference + half, method="welch", level=level
        ),
        p=welch_p(control, treatment),
        method="welch",
        lift=lift,
        lift_interval=lift_interval,
    )


def welch_p(control: Estimate, treatment: Estimate) -> float:
    difference = treatment.value - control.value
    error = math.sqrt(control.variance + treatment.variance)
    if not error:
        # No value differs from another: between two constants nothing is left to chance.
        return 1.0 if difference == 0 else 0.0
    return 2 * t_cdf(-abs(difference) / error, degrees_of(control, treatment))


def degrees_of(control: Estimate, treatment: Estimate) -> float:
    """Welch and Satterthwaite's. By shares of the variance, whose squares are never too large."""
    both = control.variance + treatment.variance
    if not both:
        return math.inf
    one, other = control.variance / both, treatment.variance / both
    return 1 / (one**2 / (control.n - 1) + other**2 / (treatment.n - 1))


def quantile(level: float, degrees: float = math.inf) -> float:
    """How many standard errors an interval reaches to each side."""
    p = (1 + level) / 2
    return normal_quantile(p) if math.isinf(degrees) else t_quantile(p, degrees)


def lift_of(
    control: Estimate, treatment: Estimate, *, level: float = LEVEL
) -> tuple[float | None, Interval | None]:
    """The relative difference with its interval by the delta method; None where the control is
    not surely apart from 0, for then it has no finite variance."""
    base = control.value
    if base == 0 or abs(base) <= quantile(level) * math.sqrt(control.variance):
        return None, None
    times = treatment.value / base
    lift = times - 1
    errors = math.sqrt(treatment.variance) / base, math.sqrt(control.variance) / base * times
    half = quantile(level) * math.hypot(*errors)
    return lift, Interval(low=lift - half, high=lift + half, method="delta", level=level)


def two_rates(
    control: tuple[int, int], treatment: tuple[int, int], *, level: float = LEVEL
) -> Effect:
    """Of two rates, each given as successes and tries: Newcombe's interval (1998, method 10), the
    p-value of the pooled z test, or of Fisher's exact test where a cell expects fewer than 5."""
    (a, m), (b, n) = control, treatment
    pooled = (a + b) / (m + n)
    small = min(pooled, 1 - pooled) * min(m, n) < _LEAST_EXPECTED
    if small:
        p, method = fisher(a, m - a, b, n - b), "fisher"
    else:
        error = math.sqrt(pooled * (1 - pooled) * (1 / m + 1 / n))
        p, method = 2 * normal_cdf(-abs(b / n - a / m) / error), "z"
    one, other = rate(a, m), rate(b, n)
    lift, lift_interval = lift_of(one, other, level=level)
    return Effect(
        difference=other.value - one.value,
        interval=newcombe(control, treatment, level=level),
        p=p,
        method=method,
        lift=lift,
        lift_interval=lift_interval,
    )


def rate(successes: int, n: int) -> Estimate:
    share = successes / n
    return Estimate(share, share * (1 - share) / n, n)


def newcombe(
    control: tuple[int, int], treatment: tuple[int, int], *, level: float = LEVEL
) -> Interval:
    (a, m), (b, n) = control, treatment
    first, second = wilson(a, m, level=level), wilson(b, n, level=level)
    assert first is not None
    assert second is not None
    p, q = a / m, b / n
    low = q - p - math.hypot(q - second.low, first.high - p)
    high = q - p + math.hypot(second.high - q, p - first.low)
    return Interval(low=low, high=high, method="newcombe", level=level)


def fisher(a: int, b: int, c: int, d: int) -> float:
    """The exact test of a table of two rows (two-sided): the chance, margins given, of all tables
    that are no likelier than this one."""
    row, column, total = a + b, a + c, a + b + c + d
    lowest, highest = max(0, column - (total - row)), min(row, column)
    logs = np.array(
        [
            _log_choose(row, x) + _log_choose(total - row, column - x)
            for x in range(lowest, highest + 1)
        ]
    )
    chances = np.exp(logs - logs.max())
    own = chances[a - lowest]
    return min(1.0, float(chances[chances <= own * _ROUNDING].sum() / chances.sum()))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


class RankSum(msgspec.Struct, frozen=True, kw_only=True):
    """`u` counts the pairs in which the treatment's value is greater, ties half; `superiority` is
    their share: 0.5 where neither tends to be greater."""

    u: float
    p: float
    superiority: float


def mann_whitney(control: Floats, treatment: Floats) -> RankSum:
    """The rank-sum test (two-sided): exact up to 20 values without ties, else normal with the
    corrections for ties and continuity. For skewed values whose mean tells little."""
    m, n = len(control), len(treatment)
    ranks, counts = mid_ranks(np.concatenate([control, treatment]))
    u = float(ranks[m:].sum()) - n * (n + 1) / 2
    if m + n <= _EXACT and counts.max() == 1:
        p = _exact_ranks(m, n, u)
    else:
        size = counts.astype(np.float64)
        ties = float((size**3 - size).sum()) / ((m + n) * (m + n - 1))
        spread = math.sqrt(m * n / 12 * (m + n + 1 - ties))
        off = max(abs(u - m * n / 2) - 0.5, 0.0)
        p = 2 * normal_cdf(-off / spread) if spread else 1.0
    return RankSum(u=u, p=min(1.0, p), superiority=u / (m * n))


def _exact_ranks(m: int, n: int, u: float) -> float:
    """Counts the orders that give each u, by adding one value after the other."""
    ways = np.zeros((m + 1, n + 1, m * n + 1))
    ways[0, :, 0] = ways[:, 0, 0] = 1.0
    for i in range(1, m + 1):
        for j in range(1, n + 1):
            # The greatest of all is the control's, or the treatment's: above all i of the control.
            above = np.concatenate([np.zeros(i), ways[i, j - 1][: m * n + 1 - i]])
            ways[i, j] = ways[i - 1, j] + above
    chances = ways[m, n] / ways[m, n].sum()
    least = int(min(u, m * n - u))
    return min(1.0, 2 * float(chances[: least + 1].sum()))


def bootstrap(
    control: Floats, treatment: Floats, *, level: float = LEVEL, seed: int = 0
) -> Interval:
    """Of the difference of means, bias-corrected and accelerated (Efron 1987), each variant drawn
    from by itself."""
    random = np.random.default_rng(seed)
    means = _means(treatment, random) - _means(control, random)
    observed = float(treatment.mean() - control.mean())
    # Of each value on the difference, which for a mean is its deviation over the number of values.
    influence = np.concatenate(
        [
            -(control - control.mean()) / len(control),
            (treatment - treatment.mean()) / len(treatment),
        ]
    )
    low, high = bca_ends(means, observed, influence, level=level)
    return Interval(low=low, high=high, method="bca", level=level)


def _means(values: Floats, random: np.random.Generator) -> Floats:
    n = len(values)
    means = np.empty(_RESAMPLES)
    step = max(_AT_ONCE // n, 1)
    for start in range(0, _RESAMPLES, step):
        drawn = random.integers(0, n, size=(min(step, _RESAMPLES - start), n))
        means[start : start + step] = values[drawn].mean(axis=1)
    return means
