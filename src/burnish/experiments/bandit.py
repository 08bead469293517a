"""Shares that follow what was seen so far: more units for what seems better. Effects that are then
estimated as plain means are biased, so each unit is weighed by the chance that it had."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from burnish.errors import UsageError
from burnish.experiments.estimate import Estimate, Floats

FLOOR = 0.05
"""The least share of a variant: below, its units weigh so much that nothing can be told of it."""
_DRAWS = 10_000


@dataclass(frozen=True)
class Arm:
    """Successes and failures of a rate, or the estimate of a mean."""

    name: str
    posterior: tuple[float, float]
    binary: bool


def of_rate(name: str, successes: int, n: int) -> Arm:
    """Under a flat prior."""
    return Arm(name, (1.0 + successes, 1.0 + n - successes), True)


def of_mean(name: str, estimate: Estimate) -> Arm:
    return Arm(name, (estimate.value, math.sqrt(estimate.variance)), False)


def thompson(
    arms: Sequence[Arm], *, floor: float = FLOOR, top_two: bool = False, seed: int = 0
) -> dict[str, float]:
    """Shares that sum up to 1: how likely each arm is the best (Thompson 1933), or one of the two
    best (Russo 2016), which tells apart the best sooner. Each gets at least `floor`."""
    if len(arms) < 2:
        raise UsageError("one variant needs no shares", hint="give two or more")
    if not 0 <= floor * len(arms) <= 1:
        raise UsageError(
            f"a floor of {floor:g} for {len(arms)} variants", hint="give a smaller one"
        )
    random = np.random.default_rng(seed)
    draws = np.array([_drawn(arm, random) for arm in arms])
    order = np.argsort(-draws, axis=0)
    counts = np.bincount(order[0], minlength=len(arms)).astype(np.float64)
    if top_two:
        counts += np.bincount(order[1], minlength=len(arms))
    shares = counts / counts.sum()
    free = 1 - floor * len(arms)
    return {
        arm.name: floor + free * share for arm, share in zip(arms, shares.tolist(), strict=True)
    }


def _drawn(arm: Arm, random: np.random.Generator) -> Floats:
    first, second = arm.posterior
    return (
        random.beta(first, second, _DRAWS) if arm.binary else random.normal(first, second, _DRAWS)
    )


def weighed(values: Floats, mine: Floats, chances: Floats) -> Estimate:
    """A variant's mean over all `n` units, from `scores`."""
    found = scores(values, mine, chances)
    n = len(found)
    return Estimate(float(found.mean()), float(found.var(ddof=1)) / n, n)


def scores(values: Floats, mine: Floats, chances: Floats) -> Floats:
    """A number for each unit, whose mean is that of a variant which had those where `mine` is true,
    each with the chance that it had then: augmented inverse-propensity weighting (Robins, Rotnitzky
    and Zhao 1994), with the mean seen before each unit as the guess, so that it is unbiased however
    the chances followed the values. `values` and `chances` of the others are not looked at."""
    chances = np.where(mine, chances, 1.0)
    if len(values) < 2 or not ((chances > 0) & (chances <= 1)).all():
        raise UsageError(
            "chances are not between 0 and 1", hint="give that of each unit, as it was"
        )
    taken = mine.astype(np.float64)
    seen = np.where(mine, values, 0.0)
    sums, counts = np.cumsum(seen), np.cumsum(taken)
    before = np.concatenate([[0.0], (sums / np.maximum(counts, 1))[:-1]])
    return before + taken / chances * (seen - before)
