"""How many examples it takes to tell two treatments apart that are tried on the same ones."""

from __future__ import annotations

import math

from burnish.evals.statistics.special import normal_quantile

ALPHA = 0.05
# How often so many examples show a difference that is there.
POWER = 0.8


def least_examples(tests: int = 1) -> int:
    """With fewer, not even examples that all point the same way are below 0.05 after correction
    for `tests` comparisons: the chance of that by two fair coins is 2 / 2^n."""
    return math.floor(1 + math.log2(max(tests, 1) / ALPHA)) + 1


def examples_needed(difference: float, variance: float, tests: int = 1) -> int | None:
    """About how many examples show a mean difference of that size four times of five, where the
    differences vary so much (the normal approximation; Bonferroni for `tests` comparisons). None
    where there is no difference."""
    if not difference:
        return None
    z = normal_quantile(1 - ALPHA / max(tests, 1) / 2) + normal_quantile(POWER)
    return max(math.ceil(z * z * variance / (difference * difference)), least_examples(tests))
