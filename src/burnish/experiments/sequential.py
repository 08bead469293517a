"""Answers that may be looked at after every unit, and acted on when they say enough.

A fixed-horizon p-value that is looked at again and again ends below 0.05 by chance sooner or later.
These do not: over all looks together they are wrong at most as often as their level says.
"""

from __future__ import annotations

import math

from burnish.errors import UsageError
from burnish.evals.statistics import LEVEL, Interval

PLANNED = 5_000
"""For how many units the confidence sequence is narrowest; it holds for any number."""


def confidence_sequence(
    difference: float,
    variance: float,
    n: int,
    *,
    level: float = LEVEL,
    planned: int = PLANNED,
) -> Interval:
    """The asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2021).

    `variance` is that of the difference and `n` the number of units of both variants. It rests on
    the normal curve, so the first looks want some units of each: see `betting` before that.
    """
    half = math.sqrt(variance * n) * reach(n, tuning(planned, 1 - level), 1 - level)
    return Interval(
        low=difference - half,
        high=difference + half,
        method="confidence sequence",
        level=level,
    )


def always_valid_p(
    difference: float,
    variance: float,
    n: int,
    *,
    level: float = LEVEL,
    planned: int = PLANNED,
) -> float:
    """Below 1 - `level` exactly where the confidence sequence leaves 0 out."""
    if variance <= 0:
        return 1.0 if difference == 0 else 0.0
    square = tuning(planned, 1 - level) ** 2
    grown = n * square + 1
    log_evidence = square * n * difference**2 / variance / (2 * grown) - math.log(grown) / 2
    return min(1.0, math.exp(-min(log_evidence, 700.0)))


def msprt_p(difference: float, variance: float, n: int, *, spread: float) -> float:
    """The mixture sequential probability ratio test (Johari, Pekelis and Walsh 2015).

    `variance` is that of one variant's values, alike in both, `n` the units of each variant and
    `spread` the standard deviation of the effects that are thought possible before. Of several
    looks, take the least.
    """
    if variance <= 0:
        return 1.0 if difference == 0 else 0.0
    both, tau = 2 * variance, spread**2
    grown = both + n * tau
    log_evidence = n * n * tau * difference**2 / (2 * both * grown) + math.log(both / grown) / 2
    return min(1.0, math.exp(-min(log_evidence, 700.0)))


def tuning(planned: int, alpha: float) -> float:
    """Narrowest at so many units."""
    if planned < 1:
        raise UsageError(f"{planned} planned units", hint="give 1 or more")
    log = -2 * math.log(alpha)
    return math.sqrt((log + math.log(log + 1)) / planned)


def reach(n: int, rho: float, alpha: float) -> float:
    """Half the width, in standard deviations of a unit."""
    grown = n * rho**2 + 1
    return math.sqrt(2 * grown / (n * rho) ** 2 * math.log(math.sqrt(grown) / alpha))
