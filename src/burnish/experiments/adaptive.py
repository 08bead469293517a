"""Variants whose shares followed what was seen: compared by what each unit's chance was, as plain
means of such data are biased."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from burnish.errors import UsageError
from burnish.experiments.analysis import EARLY, Analysis, Arm, Contrast, Design, analyse
from burnish.experiments.bandit import scores
from burnish.experiments.estimate import Floats, Sample
from burnish.experiments.outcomes import below_of, counts
from burnish.storage.experiment import Experiment, MetricSpec, UnitValue


def analyse_adaptive(
    units: Sequence[UnitValue], experiment: Experiment, metric: MetricSpec, design: Design
) -> Analysis:
    """Each variant's values are made into scores over all units (`bandit.scores`), whose means are
    those of the variants without bias. Raises UsageError before two variants were seen."""
    own, names = _comparable([each for each in units if counts(each, metric)], experiment)
    control = experiment.plan.control
    if len(names) < 2 or control not in names:
        raise UsageError("fewer than two variants were seen", hint="wait for more units")
    values = _capped(np.array([each.value for each in own]), metric)
    several = metric.kind == "ratio" or any(each.rows > 1 for each in own)
    below = np.array([below_of(each, metric) for each in own]) if several else None
    chances = np.array([each.chance for each in own])
    times = np.array([each.at.timestamp() for each in own])
    variants = np.array([each.variant for each in own], dtype=object)
    samples = [
        Sample(
            name,
            scores(values, variants == name, chances),
            None if below is None else scores(below, variants == name, chances),
            None,
            times,
        )
        for name in sorted(names, key=lambda name: name != control)
    ]
    # The shares moved, so they are checked against nothing.
    plain = msgspec.structs.replace(design, weights=None, cap=1.0)
    found = analyse(samples, plain, control=control, metric=metric.kind)
    seen_by = [int((variants == arm.name).sum()) for arm in found.arms]
    arms = tuple(
        msgspec.structs.replace(arm, n=n) for arm, n in zip(found.arms, seen_by, strict=True)
    )
    return msgspec.structs.replace(found, arms=arms, contrasts=_trusted(found, arms))


def _comparable(
    units: list[UnitValue], experiment: Experiment
) -> tuple[list[UnitValue], list[str]]:
    """A variant that gets nobody new is not compared with what came since; where nothing else is
    left, all are compared by who came until then."""
    seen = {each.variant for each in units}
    names = [each.name for each in experiment.plan.variants if each.name in seen]
    new = [name for name in names if experiment.shares.get(name, 1.0)]
    if new == names or (len(new) > 1 and experiment.plan.control in new):
        return units, new
    last = min(max(each.at for each in units if each.variant == n) for n in names if n not in new)
    return [each for each in units if each.at <= last], names


def _capped(values: Floats, metric: MetricSpec) -> Floats:
    return np.minimum(values, np.quantile(values, metric.cap)) if metric.cap < 1 else values


def within_reach(found: Analysis) -> Analysis:
    """To be shown: a score without bias can be beyond what a rate can be, while units are few."""
    if found.metric != "rate":
        return found
    arms = tuple(
        msgspec.structs.replace(
            arm,
            value=_share(arm.value),
            interval=msgspec.structs.replace(
                arm.interval, low=_share(arm.interval.low), high=_share(arm.interval.high)
            ),
        )
        for arm in found.arms
    )
    return msgspec.structs.replace(found, arms=arms)


def _share(value: float) -> float:
    return min(1.0, max(0.0, value))


def _trusted(found: Analysis, arms: Sequence[Arm]) -> tuple[Contrast, ...]:
    """Scores are of all units; whether there are enough is a matter of those of each variant."""
    few = {arm.name for arm in arms if arm.n < EARLY}
    return tuple(
        msgspec.structs.replace(each, outcome="no difference")
        if few & {each.variant, found.control}
        else each
        for each in found.contrasts
    )
