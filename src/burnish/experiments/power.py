"""How many units an experiment needs, before it begins."""

from __future__ import annotations

import math
from typing import Literal, get_args

import msgspec
import numpy as np

from burnish.errors import UsageError
from burnish.evals.statistics.special import normal_cdf, normal_quantile
from burnish.experiments import spending
from burnish.experiments.estimate import Floats
from burnish.experiments.sequential import reach, tuning

Method = Literal["sequential", "fixed", "group"]
_PATHS, _LOOKS = 4_000, 400
_MOST = 10**9
_MOST_SPREAD = 1e100
_MOST_VARIANTS = 100
_SUREST = 1e-9
_MOST_LOOKS = 50


class Needed(msgspec.Struct, frozen=True, kw_only=True):
    """`n` is for each variant. `usual` is how many units of each a plan is expected to take until
    it stops, when the effect is the least one; `days` at the given traffic, if it takes all `n`.
    `looks` are those of a `group` plan."""

    n: int
    total: int
    usual: int
    days: float | None
    effect: float
    power: float
    alpha: float
    method: Method
    looks: int | None = None


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """The least difference that matters, with the variance of a unit's value under control and
    under treatment."""

    difference: float
    control: float
    treatment: float


def of_rates(baseline: float, least: float) -> Effect:
    """Raises UsageError for rates that are none."""
    treated = baseline + least
    if not (0 < baseline < 1 and 0 <= treated <= 1):
        raise UsageError(
            f"a rate of {baseline:g} that becomes {treated:g}", hint="rates are between 0 and 1"
        )
    return Effect(
        difference=least,
        control=baseline * (1 - baseline),
        treatment=treated * (1 - treated),
    )


def of_means(spread: float, least: float) -> Effect:
    """`spread` is the standard deviation of a unit's value."""
    if not 0 < spread <= _MOST_SPREAD:
        raise UsageError(
            f"a standard deviation of {spread:g}", hint="give one above 0, in a unit that suits it"
        )
    return Effect(difference=least, control=spread**2, treatment=spread**2)


def needed(
    effect: Effect,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    variants: int = 2,
    method: Method = "sequential",
    looks: int = 5,
    a_day: float | None = None,
) -> Needed:
    """With more than two variants each is compared with the control, and alpha is shared out among
    them. `a_day` is how many units come in a day, all variants together."""
    _check(effect, power, alpha, variants, a_day)
    check_method(method)
    each = alpha / (variants - 1)
    n = fixed_size(effect, power=power, alpha=each)
    usual = n
    if method == "sequential":
        n, usual = _sequential_size(effect, n, power=power, alpha=each)
    if method == "group":
        n, usual = _group_size(n, looks, power=power, alpha=each)
    total = n * variants
    return Needed(
        n=n,
        total=total,
        usual=usual,
        days=total / a_day if a_day else None,
        effect=effect.difference,
        power=power,
        alpha=alpha,
        method=method,
        looks=looks if method == "group" else None,
    )


def check_method(method: str) -> None:
    """Raises UsageError for one whose size cannot be told."""
    if method == "bayes":
        raise UsageError(
            "a bayes plan has no size that is known before",
            hint="plan with sequential; a bayes experiment ends with --loss, --units or --days",
        )
    if method not in get_args(Method):
        raise UsageError(
            f"there is no plan for the method {method!r}", hint=f"use {', '.join(get_args(Method))}"
        )


def fixed_size(effect: Effect, *, power: float, alpha: float) -> int:
    """(z of alpha/2 + z of the power)² times both variances over the difference squared."""
    z = normal_quantile(1 - alpha / 2) + normal_quantile(power)
    root = z * math.sqrt(effect.control + effect.treatment) / abs(effect.difference)
    if root > math.sqrt(_MOST):
        raise UsageError(
            f"more than {_MOST:,} units for each variant would be needed",
            hint="look for a larger effect",
        )
    return max(math.ceil(root * root - 1e-9), 2)


def power_of(effect: Effect, n: int, *, alpha: float = 0.05) -> float:
    """The chance that `n` units of each variant show the effect at the end."""
    error = math.sqrt((effect.control + effect.treatment) / n)
    z, bound = abs(effect.difference) / error, normal_quantile(1 - alpha / 2)
    return normal_cdf(z - bound) + normal_cdf(-z - bound)


def least_effect(
    control: float, treatment: float, n: int, *, power: float = 0.8, alpha: float = 0.05
) -> float:
    """What difference `n` units of each variant can show; variances are those of a unit."""
    z = normal_quantile(1 - alpha / 2) + normal_quantile(power)
    return z * math.sqrt((control + treatment) / n)


def _sequential_size(effect: Effect, fixed: int, *, power: float, alpha: float) -> tuple[int, int]:
    """By simulation with a fixed seed: the confidence sequence, narrowest at the size sought, is
    looked at often, and must leave 0 out by then as often as the power says. The usual size is
    where it does so on average."""
    low, high = fixed, fixed
    drawn = np.random.default_rng(0).standard_normal((_PATHS, _LOOKS))
    while _stops(effect, high, alpha, drawn)[0] < power:
        low, high = high, 2 * high
    while high - low > max(low // 200, 1):
        middle = (low + high) // 2
        enough = _stops(effect, middle, alpha, drawn)[0] >= power
        low, high = (low, middle) if enough else (middle, high)
    return high, round(_stops(effect, high, alpha, drawn)[1])


def _group_size(fixed: int, looks: int, *, power: float, alpha: float) -> tuple[int, int]:
    """As many times more as the drift must be larger, squared, for the same power at so many looks
    as at one (Jennison and Turnbull 2000); and how many are usual."""
    if not 2 <= looks <= _MOST_LOOKS:
        raise UsageError(f"looks is {looks}", hint=f"give 2 to {_MOST_LOOKS}", subject="looks")
    shares = [(at + 1) / looks for at in range(looks)]
    bounds = spending.bounds(shares, level=1 - alpha)
    one = normal_quantile(1 - alpha / 2) + normal_quantile(power)
    low, high = one, 2 * one
    while high - low > 1e-5 * one:
        middle = (low + high) / 2
        shown = sum(spending.chances(shares, bounds, middle))
        low, high = (low, middle) if shown >= power else (middle, high)
    n = math.ceil(fixed * (high / one) ** 2)
    at_look = spending.chances(shares, bounds, high)
    usual = sum(share * chance for share, chance in zip(shares, at_look, strict=True))
    return n, round(n * (usual + 1 - sum(at_look)))


def _stops(effect: Effect, n: int, alpha: float, drawn: Floats) -> tuple[float, float]:
    """How often a difference is shown by `n` units of each, and after how many on average."""
    looks = np.unique(np.linspace(max(n / _LOOKS, 2), n, min(_LOOKS, n)).astype(int))
    variance = effect.control + effect.treatment
    steps = np.diff(looks, prepend=0)
    noise = drawn[:, : len(looks)] * np.sqrt(variance * steps)
    sums = (noise + effect.difference * steps).cumsum(axis=1)
    rho = tuning(2 * n, alpha)
    # In units of both variants: n of the sequence is twice that of each, so is a unit's variance.
    most = np.array([reach(2 * int(k), rho, alpha) for k in looks]) * math.sqrt(2 * variance)
    shown = np.abs(sums / looks) > most
    at = np.where(shown.any(axis=1), looks[shown.argmax(axis=1)], n)
    return float(shown.any(axis=1).mean()), float(at.mean())


def _check(effect: Effect, power: float, alpha: float, variants: int, a_day: float | None) -> None:
    for name, value in (("power", power), ("alpha", alpha)):
        if not _SUREST <= value <= 1 - _SUREST:
            raise UsageError(f"{name} is {value:g}", hint="give a number between 0 and 1")
    if power <= alpha:
        raise UsageError(
            f"a power of {power:g} is no more than alpha, {alpha:g}", hint="0.8 is usual"
        )
    if not effect.difference or not math.isfinite(effect.difference):
        raise UsageError("the least effect is 0", hint="say what difference would matter")
    if not 2 <= variants <= _MOST_VARIANTS:
        raise UsageError(
            f"{variants} variants are no experiment", hint=f"give 2 to {_MOST_VARIANTS}"
        )
    if a_day is not None and not 0 < a_day < math.inf:
        raise UsageError(f"{a_day:g} units a day", hint="give a number above 0")
