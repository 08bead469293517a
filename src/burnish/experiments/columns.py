"""Variants that answered the same examples, each example compared with itself. All planned examples
are asked, then it is looked once: methods for looks on the way would only cost examples."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from burnish.evals.report.columns import arrays, measure
from burnish.evals.report.compare import by_example, is_binary
from burnish.evals.report.tally import Values
from burnish.evals.statistics import (
    Interval,
    Paired,
    benjamini_hochberg,
    grouped,
    holm,
    paired,
    t_clustered,
)
from burnish.experiments.analysis import Analysis, Arm, Contrast, Design, Outcome
from burnish.experiments.answers import Answered, Given
from burnish.experiments.estimate import Estimate, Floats, Sample, estimate
from burnish.experiments.fixed import quantile
from burnish.experiments.trial import SPENT
from burnish.storage.experiment import MetricSpec

_LEAST = 2


@dataclass(frozen=True)
class Column:
    """One variant's values of one metric: all of them, and their mean by example (not a number
    where there is none). `once` says that no example has two; `lost` are examples that were
    answered without a value, or not at all."""

    name: str
    values: Values
    means: Floats
    once: bool
    lost: NDArray[Any]

    @property
    def examples(self) -> int:
        return int((~np.isnan(self.means)).sum())

    @property
    def binary(self) -> bool:
        return is_binary(arrays(self.values)[1])

    def together(self, other: Column) -> NDArray[Any]:
        return ~np.isnan(self.means) & ~np.isnan(other.means)


def columns_of(given: Given, metric: MetricSpec) -> list[Column]:
    """Values above the quantile `metric.cap` of all variants together are set to it."""
    values = [each.values[metric.name] for each in given.variants]
    if metric.cap < 1 and (whole := np.concatenate([arrays(each)[1] for each in values])).size:
        most = float(np.quantile(whole, metric.cap))
        values = [_capped(each, most) for each in values]
    return [
        _column(answered, own, metric.name, given.examples)
        for answered, own in zip(given.variants, values, strict=True)
    ]


def _capped(values: Values, most: float) -> Values:
    found = Values()
    found.examples, found.missing = values.examples, values.missing
    found.values = array("d", np.minimum(arrays(values)[1], most).tolist())
    return found


def _column(answered: Answered, values: Values, metric: str, examples: int) -> Column:
    means, counts = by_example(values, examples)
    lost = np.zeros(examples, dtype=bool)
    lost[np.array(answered.lost[metric], dtype=int)] = True
    return Column(answered.variant, values, means, bool((counts <= 1).all()), lost)


def analyse_pairs(columns: Sequence[Column], metric: MetricSpec, design: Design) -> Analysis:
    """The first column is the control; each has two examples in common with it at least.

    Rates of one answer for each example are compared by McNemar's exact test, with the interval of
    Bonett and Price; means, and rates over repeats, by Wilcoxon's with a bootstrap interval
    (BCa). A difference is shown where the interval leaves 0 out, the p-value corrected by Holm is
    below 1 - level, mean and ranks point the same way, and lost answers would not change it."""
    first, others = columns[0], columns[1:]
    scored = metric.name not in SPENT
    binary = scored and all(each.binary for each in columns)
    # All intervals together hold what they are of as often as the level says.
    level = 1 - (1 - design.level) / len(others)
    found = [_paired(first, each, first.together(each), level, scored=scored) for each in others]
    raw = [each.p for each in found]
    contrasts: list[Contrast] = []
    for other, pair, p, p_bh in zip(others, found, holm(raw), benjamini_hochberg(raw), strict=True):
        contrast = _contrast(first, other, pair, level)
        contrast = msgspec.structs.replace(contrast, p=p, p_bh=p_bh)
        outcome = _outcome(pair, p, design)
        if outcome != "no difference" and not _holds(first, other, design, level, scored=scored):
            outcome = "no difference"
        contrasts.append(msgspec.structs.replace(contrast, outcome=outcome))
    return Analysis(
        metric="rate" if binary else "mean",
        design=design,
        control=first.name,
        arms=tuple(_arm(each, design.level, scored=scored) for each in columns),
        contrasts=tuple(contrasts),
        ratio=None,
        paired=True,
        notes=tuple(_notes(columns, contrasts, found, design)),
    )


def _paired(
    first: Column, other: Column, which: NDArray[Any], level: float, *, scored: bool
) -> Paired:
    ours, theirs = other.means[which], first.means[which]
    binary = scored and other.once and first.once and is_binary(ours) and is_binary(theirs)
    return paired(ours, theirs, binary=binary, level=level, reach=1.0 if scored else 0.0)


def _contrast(first: Column, other: Column, pair: Paired, level: float) -> Contrast:
    assert pair.difference is not None
    assert pair.interval is not None
    both = first.together(other)
    lift, lift_interval = _lift(first.means[both], other.means[both], level)
    return Contrast(
        variant=other.name,
        control=first.name,
        difference=pair.difference,
        interval=pair.interval,
        p=pair.p,
        p_bh=pair.p,
        method=pair.test,
        lift=lift,
        lift_interval=lift_interval,
        outcome="no difference",
        pairs=pair.n,
    )


def _lift(control: Floats, treatment: Floats, level: float) -> tuple[float | None, Interval | None]:
    """By the delta method, from the pairs; None where the control is not surely apart from 0."""
    base = estimate(Sample("", control))
    if base.value == 0 or abs(base.value) <= quantile(level) * math.sqrt(base.variance):
        return None, None
    times: Estimate = estimate(Sample("", treatment, control))
    lift, half = times.value - 1, quantile(level, times.n - 1) * math.sqrt(times.variance)
    return lift, Interval(low=lift - half, high=lift + half, method="delta", level=level)


def _outcome(pair: Paired, p: float, design: Design) -> Outcome:
    if not (pair.beyond and pair.agree and p < 1 - design.level):
        return "no difference"
    up = (pair.difference or 0.0) > 0
    return "better" if up != design.lower_is_better else "worse"


def _holds(first: Column, other: Column, design: Design, level: float, *, scored: bool) -> bool:
    """Whether a difference stays where answers that one of both lost count as the worst there is:
    who fails on what is hard must not seem better for it. Of cost and time the worst is not
    known."""
    ours, theirs = np.isnan(other.means) & other.lost, np.isnan(first.means) & first.lost
    alone = (ours & ~np.isnan(first.means)) | (theirs & ~np.isnan(other.means))
    if not scored or not alone.any():
        return True
    worst = 1.0 if design.lower_is_better else 0.0
    filled = [
        Column(each.name, each.values, np.where(lost, worst, each.means), each.once, each.lost)
        for each, lost in ((first, theirs), (other, ours))
    ]
    which = first.together(other) | alone
    before = _paired(first, other, first.together(other), level, scored=scored)
    after = _paired(filled[0], filled[1], which, level, scored=scored)
    return after.beyond and (after.difference or 0.0) * (before.difference or 0.0) > 0


def _arm(column: Column, level: float, *, scored: bool) -> Arm:
    found = measure("", column.values, level=level)
    interval = found.interval
    if not scored:
        examples, values = arrays(column.values)
        interval = t_clustered(*grouped(values, examples), level=level)
    assert found.mean is not None
    assert interval is not None
    return Arm(name=column.name, n=column.examples, value=found.mean, interval=interval)


def _notes(
    columns: Sequence[Column],
    contrasts: Sequence[Contrast],
    pairs: Sequence[Paired],
    design: Design,
) -> list[str]:
    notes: list[str] = []
    for contrast, pair in zip(contrasts, pairs, strict=True):
        assert contrast.p is not None
        if contrast.outcome != "no difference" or not pair.beyond:
            continue
        if not pair.agree:
            notes.append(
                f"mean and ranks of {contrast.variant} disagree: a few large differences outweigh "
                "many small ones the other way"
            )
        elif contrast.p < 1 - design.level:
            notes.append(
                f"{contrast.variant} would not be shown to differ if answers that were lost "
                "counted as the worst, so it is not called so"
            )
    if all(float(np.nanstd(each.means)) == 0 for each in columns):
        notes.append(
            "no value differs from another within its variant: how far others may be is not known"
        )
    return notes


def lacking(columns: Sequence[Column], control: str) -> list[str]:
    """The variants that cannot be compared: they have fewer than two examples in common with the
    control, which is one of them where it has fewer than two itself."""
    first = next(each for each in columns if each.name == control)
    return [each.name for each in columns if int(first.together(each).sum()) < _LEAST]
