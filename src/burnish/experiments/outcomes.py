"""From what was recorded of units to samples that can be compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from burnish.experiments.analysis import Design
from burnish.experiments.estimate import Floats, Sample
from burnish.experiments.guards import Reversal, reversal
from burnish.experiments.sequential import PLANNED
from burnish.storage.experiment import Experiment, MetricSpec, UnitValue

_LEAST_KNOWN = 0.5


def samples_of(
    units: Sequence[UnitValue], experiment: Experiment, metric: MetricSpec
) -> list[Sample]:
    """One for each variant, the control first, with their units in the order in which they saw it.
    Variants that nobody saw are left out."""
    control = experiment.plan.control
    names = [each.name for each in experiment.plan.variants]
    found: list[Sample] = []
    for name in sorted(names, key=lambda each: each != control):
        own = [each for each in units if each.variant == name and counts(each, metric)]
        if own:
            found.append(_sample(name, own, metric))
    return found


def counts(unit: UnitValue, metric: MetricSpec) -> bool:
    return unit.rows > 0 or metric.absent == "zero"


def absent(units: Iterable[UnitValue]) -> dict[str, int]:
    """How many units of each variant have no outcome, by variant, where some have none."""
    return dict(Counter(each.variant for each in units if not each.rows))


def told_absent(units: Sequence[UnitValue], metric: MetricSpec) -> Iterator[str]:
    """That in words, with what they count as."""
    came, lacking = Counter(each.variant for each in units), absent(units)
    if not lacking:
        return
    parts = [f"{lacking[name]:,} of {came[name]:,} units of {name}" for name in sorted(lacking)]
    counts = {"zero": "each counts as 0", "out": "they are left out"}[metric.absent]
    yield f"without an outcome: {', '.join(parts)}; {counts} (absent={metric.absent})"


def _sample(name: str, units: Sequence[UnitValue], metric: MetricSpec) -> Sample:
    several = metric.kind == "ratio" or any(each.rows > 1 for each in units)
    return Sample(
        name,
        np.array([each.value for each in units]),
        np.array([below_of(each, metric) for each in units]) if several else None,
        None,
        np.array([each.at.timestamp() for each in units]),
    )


def below_of(unit: UnitValue, metric: MetricSpec) -> float:
    return unit.denominator if metric.kind == "ratio" else float(max(unit.rows, 1))


def with_past(
    samples: Sequence[Sample], past: Iterable[UnitValue], units: Sequence[UnitValue]
) -> list[Sample]:
    """With what was recorded of each unit before it saw a variant as its covariate, where that is
    known of most of them. A unit without any gets the mean of the others: who has none cannot
    depend on the variant."""
    known = {each.unit: each.value / each.rows for each in past if each.rows}
    if len(known) < max(2.0, _LEAST_KNOWN * len(units)):
        return list(samples)
    usual = sum(known.values()) / len(known)
    found: list[Sample] = []
    for sample in samples:
        own = [each.unit for each in units if each.variant == sample.name]
        before = np.array([known.get(unit, usual) for unit in own])
        fits = sample.denominators is None and len(before) == sample.n
        found.append(
            Sample(sample.name, sample.values, sample.denominators, before, sample.times)
            if fits
            else sample
        )
    return found


def design_of(
    experiment: Experiment, metric: MetricSpec, units: int = 0, *, guardrail: bool = False
) -> Design:
    """How its units are compared, of whom there are `units` of the variant with the fewest. A
    guardrail is looked at all the time, whatever the plan says of the metric that decides. Raises
    UsageError before the first look of a `group`."""
    rule = experiment.plan.rule
    method = "sequential" if guardrail else rule.method
    looks = looks_at(units, rule.units or 0, rule.looks) if method == "group" else ()
    return Design(
        method=method,
        level=rule.level,
        lower_is_better=metric.lower_is_better,
        # Who came before the shares were changed came in others.
        weights=experiment.shares if experiment.shares and not experiment.generation else None,
        cap=metric.cap,
        # Narrowest where it is likely to end.
        planned=2 * rule.units if rule.units else PLANNED,
        matters=None if guardrail else rule.matters,
        looks=looks,
    )


def looks_at(units: int, planned: int, looks: int) -> tuple[float, ...]:
    """The shares of the planned units at which a group-sequential plan has looked so far."""
    done = min(looks, units * looks // planned) if planned else 0
    return tuple((at + 1) / looks for at in range(done))


def first(samples: Sequence[Sample], units: int) -> list[Sample]:
    """The first `units` of each: what a look that was planned may see."""

    def some(values: Floats | None) -> Floats | None:
        return None if values is None else values[:units]

    return [
        Sample(
            each.name,
            each.values[:units],
            some(each.denominators),
            some(each.covariates),
            some(each.times),
        )
        for each in samples
    ]


def reversals(
    units: Sequence[UnitValue], experiment: Experiment, metric: MetricSpec
) -> list[tuple[str, str, Reversal]]:
    """The variants whose effect is turned round in all slices of an attribute: (variant, attribute,
    what was found)."""
    own = [each for each in units if counts(each, metric)]
    attributes = sorted({name for each in own for name in each.slices})
    control = experiment.plan.control
    found: list[tuple[str, str, Reversal]] = []
    for variant in (v.name for v in experiment.plan.variants if v.name != control):
        for attribute in attributes:
            pair = [
                [each for each in own if each.variant == name and attribute in each.slices]
                for name in (control, variant)
            ]
            if not all(pair):
                continue
            ours, theirs = (np.array([_mean(each) for each in side]) for side in pair)
            slices = tuple([each.slices[attribute] for each in side] for side in pair)
            turned = reversal(ours, theirs, (slices[0], slices[1]))
            if turned is not None:
                found.append((variant, attribute, turned))
    return found


def _mean(unit: UnitValue) -> float:
    return unit.value / max(unit.rows, 1)
