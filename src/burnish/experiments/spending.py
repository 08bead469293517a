"""Bounds for a fixed number of looks: group-sequential design with the error spent as O'Brien and
Fleming would (Lan and DeMets 1983): little early, nearly all of it at the end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np

from burnish.errors import UsageError
from burnish.evals.statistics import LEVEL
from burnish.evals.statistics.special import normal_cdf, normal_quantile
from burnish.experiments.estimate import Floats

_NODES = 160
_STEPS = 80
_BEYOND = 12.0


def bounds(looks: Sequence[float], *, level: float = LEVEL) -> list[float]:
    """How many standard errors the effect must be from 0 at each look to stop there.

    `looks` are the shares of the planned units that are in, rising to 1 (or less, so far): they
    need not be those that were planned. Raises UsageError for shares that do not rise.
    """
    _check(looks)
    alpha = (1 - level) / 2
    found: list[float] = []
    density: Floats = np.ones(1)
    nodes, weights = np.zeros(1), np.ones(1)
    spent = before = 0.0
    for share in looks:
        spend = _spent(share, alpha) - spent
        step = math.sqrt(share - before)
        bound = _solve(nodes, weights * density, step, spend) / math.sqrt(share)
        found.append(bound)
        spent, before = spent + spend, share
        reach = bound * math.sqrt(share)
        ahead, widths = _quadrature(reach)
        steps = (ahead[:, None] - nodes[None, :]) / step
        density = np.exp(-(steps**2) / 2) @ (weights * density) / (step * math.sqrt(math.tau))
        nodes, weights = ahead, widths
    return found


def chances(looks: Sequence[float], at: Sequence[float], drift: float) -> list[float]:
    """How likely an effect is first shown at each of the `looks`, in either direction, by the
    `bounds` that are `at` them. `drift` is the effect over its standard error when all of the
    planned units are in."""
    found: list[float] = []
    density: Floats = np.ones(1)
    nodes, weights = np.zeros(1), np.ones(1)
    before, inside = 0.0, 1.0
    for share, bound in zip(looks, at, strict=True):
        step, moved = math.sqrt(share - before), drift * (share - before)
        ahead, widths = _quadrature(bound * math.sqrt(share))
        steps = (ahead[:, None] - nodes[None, :] - moved) / step
        density = np.exp(-(steps**2) / 2) @ (weights * density) / (step * math.sqrt(math.tau))
        nodes, weights, before = ahead, widths, share
        left = float(weights @ density)
        found.append(inside - left)
        inside = left
    return found


def _check(looks: Sequence[float]) -> None:
    shares = [0.0, *looks]
    if not looks or looks[-1] > 1 or any(b <= a for a, b in zip(shares, looks, strict=False)):
        raise UsageError("looks must rise from above 0 to at most 1", hint="such as 0.25 0.5 1")


def _spent(share: float, alpha: float) -> float:
    """Of the error `alpha` on one side, how much may be gone by then."""
    return 2 * normal_cdf(-normal_quantile(1 - alpha / 2) / math.sqrt(share))


def _solve(nodes: Floats, mass: Floats, step: float, spend: float) -> float:
    """The bound that is passed upwards with the chance `spend`, by halving."""
    low, high = 0.0, _BEYOND
    for _ in range(_STEPS):
        middle = (low + high) / 2
        passed = sum(
            m * normal_cdf(-(middle - node) / step)
            for node, m in zip(nodes.tolist(), mass.tolist(), strict=True)
        )
        low, high = (middle, high) if passed > spend else (low, middle)
    return (low + high) / 2


def _quadrature(reach: float) -> tuple[Floats, Floats]:
    """Gauss and Legendre's nodes and weights from -reach to reach."""
    nodes, weights = _legendre()
    return nodes * reach, weights * reach


@cache
def _legendre() -> tuple[Floats, Floats]:
    """From -1 to 1: to find them takes longer than all the rest."""
    return np.polynomial.legendre.leggauss(_NODES)
