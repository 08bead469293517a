"""Two treatments that were tried on the same examples, compared in one go."""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np

from burnish.evals.statistics.bootstrap import bca
from burnish.evals.statistics.intervals import LEVEL, Floats, Interval, equal_values
from burnish.evals.statistics.paired import Wilcoxon, mcnemar, paired_rates, wilcoxon

# Equal differences are not always equal to the last bit.
_EQUAL = 1e-12


class Paired(msgspec.Struct, frozen=True, kw_only=True):
    """The first of each pair less the second. `difference` and `interval` are None below two
    pairs; `variance` is that of one difference. Of yes and no the test is McNemar's, exact, else
    Wilcoxon's, and the interval that of the mean by the bootstrap (Student's for few pairs)."""

    n: int
    difference: float | None
    interval: Interval | None
    test: Literal["mcnemar", "wilcoxon"]
    p: float
    ranks: Wilcoxon
    variance: float

    @property
    def agree(self) -> bool:
        """Whether mean and ranks point the same way: a few large losses can outweigh many small
        gains."""
        return (self.difference or 0.0) * self.ranks.rank_biserial > 0

    @property
    def beyond(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.interval is not None and (self.interval.low > 0 or self.interval.high < 0)


def paired(
    ours: Floats, theirs: Floats, *, binary: bool, level: float = LEVEL, reach: float = 1.0
) -> Paired:
    """`binary` says that the values are 0 and 1, each of one answer. A difference can be as large
    as `reach`, which is 1 for scores, or as the largest one here."""
    differences = ours - theirs
    n = len(differences)
    ranks = wilcoxon(differences)
    if binary:
        up, down = int((differences > 0).sum()), int((differences < 0).sum())
        interval, p = paired_rates(up, down, n, level=level), mcnemar(up, down).p
        variance = _variance(up, down, n)
    else:
        interval, p = _mean(differences, level, reach), ranks.p
        variance = float(differences.var(ddof=1)) if n >= 2 else 0.0
    return Paired(
        n=n,
        difference=float(np.sort(differences).mean()) if n >= 2 else None,
        interval=interval,
        test="mcnemar" if binary else "wilcoxon",
        p=p,
        ranks=ranks,
        variance=variance,
    )


def _variance(up: int, down: int, n: int) -> float:
    """Of differences that are -1, 0 or 1, with one of each added as in their interval."""
    up_share, down_share = (up + 1) / (n + 2), (down + 1) / (n + 2)
    return up_share + down_share - (up_share - down_share) ** 2


def _mean(differences: Floats, level: float, reach: float) -> Interval | None:
    n = len(differences)
    if n >= 2 and np.ptp(differences) <= _EQUAL:
        reach = max(reach, float(np.abs(differences).max()))
        value = float(np.median(differences))
        return equal_values(value, n, low=-reach, high=reach, level=level)
    return bca(differences, level=level)
