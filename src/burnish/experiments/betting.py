"""Confidence sequences for values between 0 and 1 that hold from the first value on, whatever
their distribution: by betting (Waudby-Smith and Ramdas 2023).

If a mean were the true one, nobody could get rich by betting against it. Means against which a
gambler with a sound strategy has won 1/alpha times the stake are therefore left out.
"""

from __future__ import annotations

import math

import numpy as np

from burnish.errors import UsageError
from burnish.evals.statistics import LEVEL, Interval
from burnish.experiments.estimate import Floats

_GRID = 1_001
_LARGEST_BET = 0.5
# Each value takes a look at the whole grid. What is known after so many holds afterwards too.
_MOST_VALUES = 2_000


def betting(values: Floats, *, level: float = LEVEL) -> Interval:
    """Of the mean of values in their order, each 0 to 1; valid at every look. It learns from the
    first 2,000. Raises UsageError for a value outside."""
    if len(values) and not (values.min() >= 0 and values.max() <= 1):
        raise UsageError(
            "a value is not between 0 and 1", hint="this interval wants scores or rates"
        )
    values = values[:_MOST_VALUES]
    means = np.linspace(0.0, 1.0, _GRID)
    gained = lost = np.zeros(_GRID)
    excluded = np.zeros(_GRID, dtype=bool)
    limit = math.log(1 / (1 - level)) + math.log(2)
    for value, bet in zip(values.tolist(), _bets(values, 1 - level).tolist(), strict=True):
        up = np.minimum(bet, _LARGEST_BET / np.maximum(means, 1e-12))
        down = np.minimum(bet, _LARGEST_BET / np.maximum(1 - means, 1e-12))
        gained = gained + np.log1p(up * (value - means))
        lost = lost + np.log1p(-down * (value - means))
        excluded |= np.maximum(gained, lost) >= limit
    kept = means[~excluded]
    if not len(kept):  # between two points of the grid
        middle = float(values.mean())
        kept = np.array([middle])
    step = 1 / (_GRID - 1)
    low, high = max(float(kept[0]) - step, 0.0), min(float(kept[-1]) + step, 1.0)
    return Interval(low=low, high=high, method="betting", level=level)


def betting_difference(control: Floats, treatment: Floats, *, level: float = LEVEL) -> Interval:
    """Of the difference of two means: each within its own sequence at half the error."""
    half = 1 - (1 - level) / 2
    one, other = betting(control, level=half), betting(treatment, level=half)
    return Interval(
        low=other.low - one.high, high=other.high - one.low, method="betting", level=level
    )


def _bets(values: Floats, alpha: float) -> Floats:
    """Predictable: each from the values before it alone. Their sizes are those that suit a mean
    known as well as it is by then."""
    n = len(values)
    at = np.arange(1, n + 1)
    means = (0.5 + np.cumsum(values)) / (at + 1)
    spread = (0.25 + np.cumsum((values - means) ** 2)) / (at + 1)
    before = np.concatenate([[0.25], spread[:-1]]) if n else spread
    bets = np.sqrt(2 * math.log(2 / alpha) / (before * at * np.log1p(at)))
    return np.minimum(bets, 1.0)
