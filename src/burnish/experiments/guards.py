"""What must be in order before a difference means anything."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec
import numpy as np

from burnish.errors import UsageError
from burnish.evals.statistics.special import chi_square_sf, normal_cdf, normal_quantile
from burnish.experiments.estimate import Estimate, Floats, Sample, estimate
from burnish.experiments.fixed import welch_p

BROKEN = 0.001
"""Below this p-value the units did not come in the shares that were planned, and no verdict is
given: what kept some away may have kept away those that would have failed."""


class Ratio(msgspec.Struct, frozen=True, kw_only=True):
    """Whether units came in the planned shares: a chi-square test."""

    counts: dict[str, int]
    expected: dict[str, float]
    chi_square: float
    p: float

    @property
    def broken(self) -> bool:
        return self.p < BROKEN


def sample_ratio(counts: Mapping[str, int], weights: Mapping[str, float]) -> Ratio:
    """`weights` are those that units were assigned by. Raises UsageError for weights that are not
    above 0, or that name other variants."""
    _check_names(counts, weights)
    if any(not (0 < weight < math.inf) for weight in weights.values()):
        raise UsageError("a weight is not above 0", hint="leave out what gets no units")
    total, whole = sum(counts.values()), sum(weights.values())
    expected = {name: total * weight / whole for name, weight in weights.items()}
    if not total:
        return Ratio(counts=dict(counts), expected=expected, chi_square=0.0, p=1.0)
    square = sum((counts[name] - due) ** 2 / due for name, due in expected.items())
    p = chi_square_sf(square, len(counts) - 1)
    return Ratio(counts=dict(counts), expected=expected, chi_square=square, p=p)


def _check_names(counts: Mapping[str, int], weights: Mapping[str, float]) -> None:
    if unseen := sorted(set(weights) - set(counts)):
        raise UsageError(
            f"nobody saw {unseen[0]!r}, which has a weight",
            hint="find out why, or leave it out of the weights",
            subject=unseen[0],
        )
    if unplanned := sorted(set(counts) - set(weights)):
        raise UsageError(
            f"variant {unplanned[0]!r} has no weight", hint="give one to each", subject=unplanned[0]
        )
    if len(counts) < 2:
        raise UsageError("one variant has no shares", hint="give two or more")


def adjusted(samples: Sequence[Sample]) -> tuple[list[Sample], float]:
    """CUPED (Deng, Xu, Kohavi and Walker 2013): values less what their covariate foretold, the
    same for all variants. Also gives the share of the variance that is left (1: nothing gained).
    Samples without covariates, and ratios, are returned as they are."""
    if any(each.covariates is None or each.denominators is not None for each in samples):
        return list(samples), 1.0
    known = [each.covariates for each in samples if each.covariates is not None]
    x, y = np.concatenate(known), np.concatenate([each.values for each in samples])
    centre = float(x.mean())
    x, y = x - centre, y - y.mean()
    square, whole = float((x * x).sum()), float((y * y).sum())
    if not square or not whole:
        return list(samples), 1.0
    product = float((x * y).sum())
    theta = product / square
    after = [
        replace(each, values=each.values - theta * (own - centre), covariates=None)
        for each, own in zip(samples, known, strict=True)
    ]
    return after, 1 - (product / math.sqrt(square) / math.sqrt(whole)) ** 2


class Reversal(msgspec.Struct, frozen=True, kw_only=True):
    """The treatment is better in the whole and worse in each slice, or the other way round
    (Simpson's paradox): the slices are differently shared out among the variants."""

    whole: float
    slices: dict[str, float]


def reversal(
    control: Floats, treatment: Floats, slices: tuple[Sequence[str], Sequence[str]]
) -> Reversal | None:
    """`slices` name each unit's slice. None where the whole and some slice agree, or fewer than
    two slices have units of both variants."""
    ours, theirs = np.array(slices[0], dtype=object), np.array(slices[1], dtype=object)
    whole = float(treatment.mean() - control.mean())
    found = {
        str(name): float(treatment[theirs == name].mean() - control[ours == name].mean())
        for name in sorted(set(ours) & set(theirs))
    }
    against = [each * whole < 0 for each in found.values()]
    return Reversal(whole=whole, slices=found) if len(found) >= 2 and all(against) else None


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """The effect in the first and in the second half of the time, and how likely a gap this wide
    is by chance: a novelty that wears off, or one that users must get used to."""

    first: float
    second: float
    p: float


def drift(control: Sample, treatment: Sample) -> Drift | None:
    """Both halves are those of the time in which all units came. None where times are not known,
    or a half has fewer than two units of a variant, or nothing that its values are divided by."""
    if control.times is None or treatment.times is None:
        return None
    middle = float(np.median(np.concatenate([control.times, treatment.times])))
    effects: list[Estimate] = []
    for late in (False, True):
        halves = [_half(each, middle, late=late) for each in (control, treatment)]
        if any(each.n < 2 or _is_empty(each) for each in halves):
            return None
        a, b = map(estimate, halves)
        effects.append(Estimate(b.value - a.value, a.variance + b.variance, a.n + b.n - 1))
    return Drift(first=effects[0].value, second=effects[1].value, p=welch_p(*effects))


def _half(sample: Sample, middle: float, *, late: bool) -> Sample:
    assert sample.times is not None
    inside = (sample.times > middle) == late
    below = None if sample.denominators is None else sample.denominators[inside]
    return Sample(sample.name, sample.values[inside], below)


def _is_empty(sample: Sample) -> bool:
    return sample.denominators is not None and not sample.denominators.sum()


def ratio_power(units: int, share: float, drift: float) -> float:
    """The chance that the check of shares finds that a variant planned for `share` of the units
    really gets `share + drift` of them."""
    if not (0 < share < 1 and 0 <= share + drift <= 1) or units < 1:
        raise UsageError("a share is not between 0 and 1", hint="such as 0.5 and a drift of 0.01")
    error, real = math.sqrt(share * (1 - share)), share + drift
    spread = math.sqrt(real * (1 - real)) / error
    bound, off = normal_quantile(1 - BROKEN / 2), drift * math.sqrt(units) / error
    if spread == 0:
        return float(abs(off) > bound)
    return normal_cdf((off - bound) / spread) + normal_cdf((-off - bound) / spread)
