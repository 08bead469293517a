"""Samples of variants made into one answer: which is better, by how much, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import msgspec
import numpy as np

from burnish.errors import UsageError
from burnish.evals.statistics import (
    LEVEL,
    Interval,
    benjamini_hochberg,
    holm,
    t_interval,
    wilson,
)
from burnish.evals.statistics.special import normal_cdf
from burnish.experiments import bayes, spending
from burnish.experiments.betting import betting_difference
from burnish.experiments.estimate import Estimate, Metric, Sample, capped, estimate
from burnish.experiments.figures import figure
from burnish.experiments.fixed import (
    Effect,
    degrees_of,
    lift_of,
    quantile,
    two_rates,
    welch,
)
from burnish.experiments.guards import Ratio, adjusted, drift, sample_ratio
from burnish.experiments.sequential import PLANNED, always_valid_p, confidence_sequence

Method = Literal["fixed", "sequential", "group", "bayes"]
# "not yet" is said of a plan that looks once, before it does.
Outcome = Literal["better", "worse", "no difference", "not yet"]
# The normal curve is trusted from so many units of each variant on.
EARLY = 50
# A look at every analysis would find a drift by chance in one of twenty otherwise.
_DRIFTS = 0.01
_SUREST = 0.999999


class Arm(msgspec.Struct, frozen=True, kw_only=True):
    """One variant by itself. `best` and `loss` are beliefs, given with the method `bayes`."""

    name: str
    n: int
    value: float
    interval: Interval
    best: float | None = None
    loss: float | None = None


class Contrast(msgspec.Struct, frozen=True, kw_only=True):
    """A variant less the control. `p` is corrected by Holm for all contrasts and `interval` holds
    them all together; `p_bh` is Benjamini and Hochberg's. `pairs` are the examples that both have
    answered, None where units are not paired. `above` and `same` are beliefs: that the variant's
    value is greater, and that the difference is less than matters."""

    variant: str
    control: str
    difference: float
    interval: Interval
    p: float | None
    p_bh: float | None
    method: str
    lift: float | None
    lift_interval: Interval | None
    outcome: Outcome
    pairs: int | None = None
    above: float | None = None
    same: float | None = None


class Design(msgspec.Struct, frozen=True, kw_only=True):
    """How samples are compared. `weights` are the shares that units were assigned by (None: not
    checked), `cap` the quantile above which values are set to it, `planned` for how many units a
    sequence is narrowest, `matters` the least difference that does, `looks` the shares of the
    planned units at which a `group` of looks was taken so far, the last one now."""

    method: Method = "fixed"
    level: float = LEVEL
    lower_is_better: bool = False
    weights: Mapping[str, float] | None = None
    cap: float = 1.0
    planned: int = PLANNED
    matters: float | None = None
    looks: tuple[float, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        if self.method not in get_args(Method):
            raise UsageError(
                f"there is no method {self.method!r}", hint="use fixed, sequential or bayes"
            )
        if self.method == "group" and not self.looks:
            raise UsageError("no look was taken so far", hint="wait for the first, or use another")
        if not 0.5 <= self.level <= _SUREST:
            raise UsageError(
                f"a level of {self.level:g}", hint=f"give 0.5 to {_SUREST:g}, such as 0.95"
            )
        if self.matters is not None and not 0 < self.matters < math.inf:
            raise UsageError(
                f"a difference of {self.matters:g} that matters", hint="give a size above 0"
            )


class Analysis(msgspec.Struct, frozen=True, kw_only=True):
    """`kept` is the share of the variance that the covariate left (1: none was given). `ratio` is
    None where the shares of units are not known; where it is broken, no contrast has a winner.
    `paired` says that the units are examples, each of which every variant was to answer."""

    metric: Metric
    design: Design
    control: str
    arms: tuple[Arm, ...]
    contrasts: tuple[Contrast, ...]
    ratio: Ratio | None
    kept: float = 1.0
    paired: bool = False
    notes: tuple[str, ...] = ()

    @property
    def winner(self) -> str:
        """The variant that is surely better than the control and has the best value of those; the
        control where every variant is surely worse; else nothing."""
        if self.ratio is not None and self.ratio.broken:
            return ""
        better = [each for each in self.contrasts if each.outcome == "better"]
        sign = -1 if self.design.lower_is_better else 1
        if better:
            return max(better, key=lambda each: sign * each.difference).variant
        worse = all(each.outcome == "worse" for each in self.contrasts)
        return self.control if worse and self.contrasts else ""


def analyse(
    samples: Sequence[Sample],
    design: Design,
    *,
    control: str = "",
    metric: Metric | None = None,
    came: Mapping[str, int] | None = None,
) -> Analysis:
    """Each variant is compared with the `control`, the first unless named. `metric` is what the
    values are called, where that is not plain: a rate over units with several rows each is reckoned
    as a ratio. `came` counts the units of each variant, where some of them have no value. Raises
    UsageError for fewer than two variants, or one with fewer than two units."""
    names = [each.name for each in samples]
    if len(samples) < 2 or len(set(names)) < len(names):
        raise UsageError("an experiment wants two variants or more", hint="name them apart")
    control = control or names[0]
    if control not in names:
        raise UsageError(f"no variant is {control!r}", hint=f"there are {', '.join(names)}")
    ordered = sorted(samples, key=lambda each: each.name != control)
    ratio = None
    if design.weights is not None:
        ratio = sample_ratio(came or {each.name: each.n for each in ordered}, design.weights)
    whole, kept = adjusted(capped(list(ordered), design.cap))
    kind = _kind(whole)
    contrasts = _contrasts(whole, kind, design)
    return Analysis(
        metric=metric or kind,
        design=design,
        control=control,
        arms=_arms(whole, kind, design),
        contrasts=contrasts,
        ratio=ratio,
        kept=kept,
        notes=_notes(whole),
    )


def _kind(samples: Sequence[Sample]) -> Metric:
    if any(each.denominators is not None for each in samples):
        return "ratio"
    return "rate" if all(each.binary for each in samples) else "mean"


def _arms(samples: Sequence[Sample], metric: Metric, design: Design) -> tuple[Arm, ...]:
    beliefs = _beliefs(samples, metric, design) if design.method == "bayes" else None
    arms: list[Arm] = []
    for at, sample in enumerate(samples):
        mean = estimate(sample)
        arm = Arm(
            name=sample.name,
            n=sample.n,
            value=mean.value,
            interval=_own(sample, metric, mean, design),
        )
        if beliefs is not None:
            arm = msgspec.structs.replace(
                arm, best=beliefs[at].best, loss=beliefs[at].loss, interval=beliefs[at].interval
            )
        arms.append(arm)
    return tuple(arms)


def _own(sample: Sample, metric: Metric, mean: Estimate, design: Design) -> Interval:
    if metric == "rate":
        interval = wilson(float(sample.values.sum()), sample.n, level=design.level)
    elif metric == "mean":
        interval = t_interval(sample.values, level=design.level)
    else:
        half = quantile(design.level, sample.n - 1) * math.sqrt(mean.variance)
        interval = Interval(
            low=mean.value - half, high=mean.value + half, method="delta", level=design.level
        )
    assert interval is not None
    return interval


def _beliefs(samples: Sequence[Sample], metric: Metric, design: Design) -> list[bayes.Belief]:
    """What is best is least where lower is better."""
    sign = -1.0 if design.lower_is_better else 1.0
    if metric == "rate" and sign > 0:
        counts = [(int(each.values.sum()), each.n) for each in samples]
        return bayes.rates(counts, level=design.level, seed=design.seed)
    turned = [Estimate(sign * e.value, e.variance, e.n) for e in map(estimate, samples)]
    found = bayes.means(turned, level=design.level, seed=design.seed)
    if sign > 0:
        return found
    return [
        msgspec.structs.replace(
            each,
            interval=msgspec.structs.replace(
                each.interval, low=-each.interval.high, high=-each.interval.low
            ),
        )
        for each in found
    ]


def _contrasts(samples: Sequence[Sample], metric: Metric, design: Design) -> tuple[Contrast, ...]:
    first, others = samples[0], samples[1:]
    # All intervals together hold what they are of as often as the level says.
    level = 1 - (1 - design.level) / len(others)
    effects = [_effect(first, other, metric, design, level) for other in others]
    raw = [1.0 if effect.p is None else effect.p for effect in effects]
    corrected, screened = holm(raw), benjamini_hochberg(raw)
    found: list[Contrast] = []
    for other, effect, p, p_bh in zip(others, effects, corrected, screened, strict=True):
        contrast = Contrast(
            variant=other.name,
            control=first.name,
            difference=effect.difference,
            interval=effect.interval,
            p=None if effect.p is None or design.method == "bayes" else p,
            p_bh=None if effect.p is None or design.method == "bayes" else p_bh,
            method=effect.method,
            lift=effect.lift,
            lift_interval=effect.lift_interval,
            outcome="no difference",
        )
        if design.method == "bayes":
            contrast = _believed(contrast, first, other, metric, design)
        found.append(
            msgspec.structs.replace(
                contrast, outcome=_outcome(contrast, design, min(first.n, other.n))
            )
        )
    return tuple(found)


def _effect(
    control: Sample, treatment: Sample, metric: Metric, design: Design, level: float
) -> Effect:
    if design.method == "sequential":
        return _sequential(control, treatment, design, level)
    if design.method == "group":
        return _grouped(control, treatment, design, level)
    if metric == "rate" and design.method == "fixed":
        return two_rates(
            (int(control.values.sum()), control.n),
            (int(treatment.values.sum()), treatment.n),
            level=level,
        )
    return welch(estimate(control), estimate(treatment), level=level)


def _sequential(control: Sample, treatment: Sample, design: Design, level: float) -> Effect:
    one, other = estimate(control), estimate(treatment)
    difference, variance = other.value - one.value, one.variance + other.variance
    n = one.n + other.n
    p: float | None = None
    if _early(control, treatment):
        interval = betting_difference(control.values, treatment.values, level=level)
    else:
        interval = confidence_sequence(difference, variance, n, level=level, planned=design.planned)
        p = always_valid_p(difference, variance, n, level=level, planned=design.planned)
    lift, lift_interval = lift_of(one, other, level=level)
    return Effect(
        difference=difference,
        interval=interval,
        p=p,
        method=interval.method,
        lift=lift,
        lift_interval=lift_interval,
    )


def _grouped(control: Sample, treatment: Sample, design: Design, level: float) -> Effect:
    """As far from 0 as this look asks for, which is less at each one."""
    bound = spending.bounds(design.looks, level=level)[-1]
    wide = min(2 * normal_cdf(bound) - 1, _SUREST)
    found = welch(estimate(control), estimate(treatment), level=wide)
    return Effect(
        difference=found.difference,
        interval=found.interval,
        # The usual one is not right at one of several looks.
        p=None,
        method=f"look {len(design.looks)}",
        lift=found.lift,
        lift_interval=found.lift_interval,
    )


def _early(*samples: Sample) -> bool:
    """Whether the normal curve is not to be trusted yet, and bets can stand in for it."""
    return min(each.n for each in samples) < EARLY and all(map(_bounded, samples))


def _bounded(sample: Sample) -> bool:
    values = sample.values
    return sample.denominators is None and bool(np.all((values >= 0) & (values <= 1)))


def _believed(
    contrast: Contrast, control: Sample, treatment: Sample, metric: Metric, design: Design
) -> Contrast:
    if metric == "rate":
        one, other = (bayes.of_rate(int(s.values.sum()), s.n) for s in (control, treatment))
        degrees = math.inf
    else:
        one, other = estimate(control), estimate(treatment)
        degrees = degrees_of(one, other)
    found = bayes.difference(
        one,
        other,
        matters=design.matters,
        level=design.level,
        degrees=degrees,
    )
    return msgspec.structs.replace(
        contrast, interval=found.interval, above=found.above, same=found.same, method="bayes"
    )


def _outcome(contrast: Contrast, design: Design, n: int) -> Outcome:
    """`n` are the units of the smaller variant."""
    up = contrast.difference > 0
    good: Outcome = "better" if up != design.lower_is_better else "worse"
    if contrast.above is not None:
        sure = max(contrast.above, 1 - contrast.above) >= (1 + design.level) / 2
    else:
        sure = contrast.interval.low > 0 or contrast.interval.high < 0
        sure = sure and (contrast.p is None or contrast.p < 1 - design.level)
        if contrast.method == "confidence sequence":
            sure = sure and n >= EARLY
    if contrast.interval.low == contrast.interval.high:
        # Values that do not vary tell nothing of how far others may be from them.
        sure = sure and n >= EARLY
    return good if sure else "no difference"


def _notes(samples: Sequence[Sample]) -> tuple[str, ...]:
    notes = list(filter(None, (_drifting(samples[0], each) for each in samples[1:])))
    if all(float(each.values.std()) == 0 for each in samples):
        notes.append(
            "no value differs from another within its variant: how far others may be is not known"
        )
    return tuple(notes)


def _drifting(control: Sample, treatment: Sample) -> str:
    found = drift(control, treatment)
    if found is None or found.p >= _DRIFTS:
        return ""
    first, second = (figure(each, sign=True) for each in (found.first, found.second))
    return (
        f"the effect of {treatment.name} changes with time: {first} in the first half, "
        f"{second} in the second (p {found.p:.2g})"
    )
