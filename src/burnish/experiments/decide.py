"""Whether an experiment has its answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from burnish.experiments.analysis import Analysis
from burnish.experiments.figures import figure
from burnish.experiments.findings import Guard
from burnish.storage.experiment import Experiment, MetricSpec


class Decision(NamedTuple):
    """`why` says which part of the stop rule is met."""

    done: bool
    why: str
    winner: str


def decided(
    experiment: Experiment,
    analysis: Analysis | None,
    guards: Sequence[Guard],
    now: datetime,
) -> Decision:
    """Before `rule.least` units of each variant nothing is decided but the end of its time. A
    `fixed` plan has its winner at its end alone, and so has `bayes`, whose beliefs are wrong far
    more often than they say where the first that is strong enough ends it."""
    rule = experiment.plan.rule
    over = _over(experiment, now)
    # One that was stopped before its time stays so, however much time goes by.
    if experiment.state == "stopped" or analysis is None:
        over = "" if experiment.state == "stopped" else over
        return Decision(bool(over), over, "")
    least = min(arm.n for arm in analysis.arms)
    full = rule.units is not None and least >= rule.units
    broken = any(guard.state == "broken" for guard in guards)
    winner = "" if broken else _winner(experiment, analysis)
    if rule.method == "bayes" and experiment.state == "completed":
        # What outcomes that came late make of it is no second end.
        end = f"each variant has the planned {rule.units:,} units" if full else over
        why = end or _lost(rule.loss or 0.0, experiment.winner)
        return Decision(True, why, "" if broken else experiment.winner)
    if least < rule.least and not full:
        return Decision(bool(over), over, "")
    if end := f"each variant has the planned {rule.units:,} units" if full else over:
        return Decision(True, end, winner)
    if rule.method == "fixed":
        return Decision(False, "", "")
    why = _sure(experiment, analysis, winner)
    return Decision(bool(why), why, winner if why or rule.method != "bayes" else "")


def looks_once(experiment: Experiment) -> bool:
    """Whether figures before its end decide nothing."""
    return experiment.plan.rule.method in ("fixed", "bayes")


def _winner(experiment: Experiment, analysis: Analysis) -> str:
    return _safest(experiment, analysis) or analysis.winner


def _safest(experiment: Experiment, analysis: Analysis) -> str:
    """The variant that loses less than the plan allows, if it is chosen wrongly."""
    most = experiment.plan.rule.loss
    if most is None or (analysis.ratio is not None and analysis.ratio.broken):
        return ""
    known = [(arm.loss, arm.name) for arm in analysis.arms if arm.loss is not None]
    loss, name = min(known, default=(most, ""))
    return name if loss < most else ""


def _sure(experiment: Experiment, analysis: Analysis, winner: str) -> str:
    if experiment.plan.rule.method == "bayes":
        if winner and winner == _safest(experiment, analysis):
            return _lost(experiment.plan.rule.loss or 0.0, winner)
    elif winner:
        return f"{winner} is shown to be best"
    matters = experiment.plan.rule.matters
    if matters is not None and all(
        -matters < each.interval.low and each.interval.high < matters for each in analysis.contrasts
    ):
        return f"no difference is as large as the {matters:g} that matters"
    looks = experiment.plan.rule.looks
    if analysis.design.method == "group" and len(analysis.design.looks) == looks:
        return f"all {looks} looks are taken"
    return ""


def _lost(loss: float, winner: str) -> str:
    return f"choosing {winner} wrongly would lose less than {loss:g}"


def _over(experiment: Experiment, now: datetime) -> str:
    days, began = experiment.plan.rule.days, experiment.started_at
    if days is None or began is None or now < began + timedelta(days=days):
        return ""
    return f"its {days:g} days are over"


def guarded(metric: MetricSpec, analysis: Analysis | None, why: str, least: int = 0) -> Guard:
    """What a guardrail's figures say, from `least` units of each variant on. `why` tells why there
    are none."""
    if analysis is None:
        return Guard(metric=metric, analysis=None, state="open", text=f"{metric.name}: {why}")
    if (n := min(arm.n for arm in analysis.arms)) < least:
        text = f"{metric.name}: {n:,} units of a variant, and {least:,} of each are wanted"
        return Guard(metric=metric, analysis=analysis, state="open", text=text)
    sign = 1 if metric.lower_is_better else -1
    worst, low, high = "", float("-inf"), float("-inf")
    for each in analysis.contrasts:
        ends = sorted((sign * each.interval.low, sign * each.interval.high))
        if ends[0] > low or not worst:
            worst, low = each.variant, ends[0]
        high = max(high, ends[1])
    allowed = figure(metric.margin) if metric.margin else "nothing"
    if low > metric.margin:
        text = (
            f"{metric.name}: {worst} is worse by {figure(low)} at least, and {allowed} is allowed"
        )
        return Guard(metric=metric, analysis=analysis, state="broken", worst=worst, text=text)
    if high <= metric.margin:
        text = f"{metric.name}: no variant is worse by more than {allowed}"
        return Guard(metric=metric, analysis=analysis, state="held", worst=worst, text=text)
    text = f"{metric.name}: {worst} may be worse by {figure(high)}, and {allowed} is allowed"
    return Guard(metric=metric, analysis=analysis, state="open", worst=worst, text=text)
