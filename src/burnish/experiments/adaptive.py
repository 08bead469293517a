"""Variants whose shares followed what was seen: compared by what each unit's chance was, as plain
means of such data are biased."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from burnish.errors import UsageError
from burnish.experiments.analysis import EARLY, Analysis, Arm, Contrast, Design, analyse
from burnish.experiments.bandit import scores
from burnish.experiments.estimate import Sample
from burnish.experiments.outcomes import counts
from burnish.storage.experiment import Experiment, MetricSpec, UnitValue


def analyse_adaptive(
    units: Sequence[UnitValue], experiment: Experiment, metric: MetricSpec, design: Design
) -> Analysis:
    """Each variant's values are made into scores over all units (`bandit.scores`), whose means are
    those of the variants without bias. Raises UsageError before two variants were seen."""
    own = [each for each in units if counts(each, metric)]
    seen = {each.variant for each in own}
    control = experiment.plan.control
    names = [each.name for each in experiment.plan.variants if each.name in seen]
    if len(names) < 2 or control not in seen:
        raise UsageError("fewer than two variants were seen", hint="wait for more units")
    values = np.array([each.value / max(each.rows, 1) for each in own])
    chances = np.array([each.chance for each in own])
    times = np.array([each.at.timestamp() for each in own])
    variants = np.array([each.variant for each in own], dtype=object)
    samples = [
        Sample(name, scores(values, variants == name, chances), None, None, times)
        for name in sorted(names, key=lambda name: name != control)
    ]
    # The shares moved, so they are checked against nothing.
    plain = msgspec.structs.replace(design, weights=None)
    found = analyse(samples, plain, control=control, metric=metric.kind)
    seen_by = [int((variants == arm.name).sum()) for arm in found.arms]
    arms = tuple(
        msgspec.structs.replace(arm, n=n) for arm, n in zip(found.arms, seen_by, strict=True)
    )
    return msgspec.structs.replace(found, arms=arms, contrasts=_trusted(found, arms))


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
