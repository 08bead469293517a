"""What is shown of an experiment, whatever the form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from burnish.evals.report.about import named
from burnish.evals.report.words import counted, listed
from burnish.experiments.adaptive import within_reach
from burnish.experiments.analysis import Analysis
from burnish.experiments.figures import figure, percent
from burnish.experiments.findings import Findings, Guard
from burnish.experiments.report.over_time import Point
from burnish.experiments.report.times import span, when
from burnish.storage.experiment import (
    Experiment,
    Kind,
    MetricSpec,
    Moved,
    Plan,
    StopRule,
    Tally,
    Trial,
    Variant,
)

if TYPE_CHECKING:
    from burnish.experiments.analyzed import Analyzed


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """`variants` say what each one is, where that is known; `facts` are what an experiment was
    planned as. `counts` is what is counted: a unit or an example."""

    title: str
    headline: str
    verdict: str
    winner: str = ""
    control: str = ""
    counts: str = "unit"
    facts: tuple[tuple[str, str], ...] = ()
    variants: Mapping[str, str] = {}
    units: Mapping[str, int] = {}
    analysis: Analysis | None = None
    guards: tuple[Guard, ...] = ()
    series: tuple[Point, ...] = ()
    notes: tuple[str, ...] = ()
    log: tuple[Moved, ...] = ()


def report_of(
    findings: Findings, series: Sequence[Point] = (), log: Sequence[Moved] = ()
) -> Report:
    """`log` newest first, as it is kept."""
    experiment, found = findings.experiment, findings.analysis
    own = () if found is None else found.notes
    return Report(
        title=experiment.name,
        headline=_headline(findings),
        verdict=findings.verdict,
        winner=findings.winner,
        control=experiment.plan.control,
        counts=_counts(experiment),
        facts=(*_facts(experiment, found), *_counted(findings.tally)),
        variants={each.name: _is(each) for each in experiment.plan.variants},
        units=findings.tally.units,
        analysis=None if found is None else within_reach(found),
        guards=findings.guards,
        series=tuple(series),
        # Some of them may be told already, in other words of the same.
        notes=tuple(dict.fromkeys((*findings.notes, *own))),
        log=tuple(_told(log)),
    )


def _told(log: Sequence[Moved]) -> Iterator[Moved]:
    """What was begun is told where nothing came of it."""
    after = ""
    for line in log:
        if line.what != "promoting" or after not in ("promoted", "asked"):
            yield line
        after = line.what


def report_of_table(analyzed: Analyzed, title: str) -> Report:
    units = {each.name: each.n for each in analyzed.analysis.arms}
    return Report(
        title=title,
        headline=f"{counted(analyzed.rows, 'row')}, {counted(sum(units.values()), 'unit')}",
        verdict=analyzed.verdict,
        winner=analyzed.winner,
        control=analyzed.analysis.control,
        units=units,
        analysis=analyzed.analysis,
        series=analyzed.series,
        notes=analyzed.notes,
    )


def _headline(findings: Findings) -> str:
    experiment, tally = findings.experiment, findings.tally
    parts = [f"{experiment.state} {experiment.kind} experiment"]
    if tally.units:
        # Of examples each variant has the same.
        many = sum if experiment.kind == "online" else max
        parts.append(counted(many(tally.units.values()), _counts(experiment)))
    start, end = experiment.started_at, experiment.ended_at or findings.at
    if start is None:
        parts.append(when(end))
    else:
        parts.append(span(start, end))
    return ", ".join(parts)


def _counts(experiment: Experiment) -> str:
    return "unit" if experiment.kind == "online" else "example"


def _is(variant: Variant) -> str:
    config = f"({named(variant.config)})" if variant.config else ""
    return " ".join(filter(None, (variant.prompt, variant.model, config)))


def _facts(experiment: Experiment, found: Analysis | None) -> Iterator[tuple[str, str]]:
    plan = experiment.plan
    label = f", label {experiment.label}" if experiment.label else ""
    yield "prompt", f"{experiment.prompt}{label}"
    yield "metric", _metric(plan.metric, experiment.kind, found)
    if plan.trial is not None:
        yield "dataset", _trial(plan.trial)
    yield "decided", _rule(plan.rule) + ("; then promotes the winner" if plan.auto else "")
    if experiment.kind == "online":
        yield "unit", plan.unit
        yield from _taking(experiment, plan)
    if experiment.by:
        yield "by", experiment.by
    if experiment.promoted:
        before = f" (before: {experiment.before})" if experiment.before else ""
        yield "promoted", f"revision {experiment.promoted}{before}"


def _trial(trial: Trial) -> str:
    split = f", split {trial.split}" if trial.split else ""
    tags = f", with {listed(trial.tags)}" if trial.tags else ""
    most = f", {trial.examples:,} examples at most" if trial.examples else ""
    return f"{trial.dataset}{split}{tags}{most}"


def _metric(metric: MetricSpec, kind: Kind, found: Analysis | None) -> str:
    """Of examples the scores decide whether it is a rate or a mean."""
    is_a = metric.kind if kind == "online" else found.metric if found else ""
    lower = ", lower is better" if metric.lower_is_better else ""
    counts = {"zero": "counts as 0", "out": "is left out"}[metric.absent]
    absent = f"; a unit without an outcome {counts}" if kind == "online" else ""
    wait = f"; a unit counts {metric.wait_h:g} hours after it came" if metric.wait_h else ""
    cap = f"; capped at the quantile {metric.cap:g}" if metric.cap < 1 else ""
    return f"{metric.name}{is_a and f', a {is_a}'}{lower}{absent}{wait}{cap}"


def _rule(rule: StopRule) -> str:
    most = [f"{rule.units:,} units of each"] if rule.units else []
    most += [f"{figure(rule.days)} days"] if rule.days else []
    said = f"{rule.method}, level {percent(rule.level)}"
    if most:
        said += f"; ends after {' or '.join(most)} at the latest"
    if rule.loss is not None:
        said += f"; ends where a wrong choice would lose less than {figure(rule.loss)}"
    if rule.matters is not None:
        said += f"; less than {figure(rule.matters)} does not matter"
    return said


def _taking(experiment: Experiment, plan: Plan) -> Iterator[tuple[str, str]]:
    """Who takes part, where that is not everybody."""
    if plan.targets:
        said = (f"{name} {' or '.join(values)}" for name, values in plan.targets.items())
        yield "targets", listed(tuple(said))
    if plan.holdout:
        yield "held out", percent(plan.holdout)
    if plan.layer:
        yield "layer", f"{plan.layer}, {percent(plan.layer_share)} of it"
    if plan.ramp:
        steps = ", ".join(percent(each) for each in plan.ramp)
        yield "takes part", f"{percent(experiment.taking)} now (ramp {steps})"
    if plan.allocation != "weights":
        shares = (f"{name} {percent(share)}" for name, share in experiment.shares.items())
        yield "shares", f"{plan.allocation}: {', '.join(shares)}"


def _counted(tally: Tally) -> Iterator[tuple[str, str]]:
    if tally.outcomes:
        yield "outcomes", ", ".join(f"{count:,} {name}" for name, count in tally.outcomes.items())
