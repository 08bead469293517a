"""Tests of two treatments that were tried on the same examples."""

from __future__ import annotations

import math

import msgspec
import numpy as np

from burnish.evals.statistics.intervals import LEVEL, Floats, Interval
from burnish.evals.statistics.ranks import mid_ranks
from burnish.evals.statistics.special import binomial_cdf, normal_cdf, normal_quantile

# Up to so many differences the chances are counted, not approximated.
_EXACT = 50
_DECIMALS = 12


class McNemar(msgspec.Struct, frozen=True, kw_only=True):
    """Of pairs of pass and fail: `gained` pass with the second alone, `lost` with the first alone.
    `odds_ratio` is gained to lost; with a 0 among them, half a pair is added to each. None
    where nothing changed."""

    gained: int
    lost: int
    p: float
    odds_ratio: float | None


class Wilcoxon(msgspec.Struct, frozen=True, kw_only=True):
    """`statistic` is the smaller sum of signed ranks, `n` the differences that are not 0, and
    `rank_biserial` the effect: from -1, where each is below 0, to 1, where each is above."""

    statistic: float
    n: int
    p: float
    rank_biserial: float


def mcnemar(gained: int, lost: int) -> McNemar:
    """The exact test (two-sided): did as many get better as got worse?"""
    changed = gained + lost
    p = min(1.0, 2 * binomial_cdf(min(gained, lost), changed, 0.5)) if changed else 1.0
    more = 0.0 if gained and lost else 0.5
    ratio = (gained + more) / (lost + more) if changed else None
    return McNemar(gained=gained, lost=lost, p=p, odds_ratio=ratio)


def paired_rates(gained: int, lost: int, n: int, *, level: float = LEVEL) -> Interval | None:
    """Of the difference of two rates over the same `n` examples (Bonett and Price 2012). Unlike a
    bootstrap it stays open where all pairs agree. None below two pairs."""
    if n < 2:
        return None
    up, down = (gained + 1) / (n + 2), (lost + 1) / (n + 2)
    half = normal_quantile((1 + level) / 2) * math.sqrt((up + down - (up - down) ** 2) / (n + 2))
    low, high = max(up - down - half, -1.0), min(up - down + half, 1.0)
    return Interval(low=low, high=high, method="paired rates", level=level)


def wilcoxon(differences: Floats) -> Wilcoxon:
    """The signed-rank test (two-sided). Differences of 0 are left out, ties share their ranks. Up
    to 50 differences the chance is exact, ties or not; above, normal with the correction for
    ties."""
    kept = differences.round(_DECIMALS)
    kept = kept[kept != 0]
    n = len(kept)
    if not n:
        return Wilcoxon(statistic=0.0, n=0, p=1.0, rank_biserial=0.0)
    ranks, ties = mid_ranks(np.abs(kept))
    up, total = float(ranks[kept > 0].sum()), n * (n + 1) / 2
    least = min(up, total - up)
    p = _exact(ranks, least) if n <= _EXACT else _approximate(n, ties, least)
    return Wilcoxon(statistic=least, n=n, p=p, rank_biserial=(2 * up - total) / total)


def cohens_dz(differences: Floats) -> float | None:
    """The mean difference in standard deviations of the differences; None where these do not
    spread."""
    if len(differences) < 2:
        return None
    spread = float(differences.round(_DECIMALS).std(ddof=1))
    return float(differences.mean()) / spread if spread > 0 else None


def _exact(ranks: Floats, least: float) -> float:
    """Counts the signs that give each sum. Mean ranks are halves, so twice them are whole."""
    doubled = np.rint(2 * ranks).astype(int)
    ways = np.zeros(int(doubled.sum()) + 1)
    ways[0] = 1.0
    for rank in doubled:
        shifted = np.zeros_like(ways)
        shifted[rank:] = ways[: len(ways) - rank]
        ways += shifted
    below = float(ways[: round(2 * least) + 1].sum())
    return min(1.0, 2 * below / 2.0 ** len(ranks))


def _approximate(n: int, ties: np.ndarray, least: float) -> float:
    size = ties.astype(np.float64)
    variance = n * (n + 1) * (2 * n + 1) / 24 - float((size**3 - size).sum()) / 48
    return min(1.0, 2 * normal_cdf((least - n * (n + 1) / 4) / math.sqrt(variance)))
