"""How an experiment stands: what its outcomes say, read from the store."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from burnish.errors import UsageError
from burnish.evals.report.words import counted
from burnish.experiments.adaptive import analyse_adaptive, within_reach
from burnish.experiments.analysis import EARLY, Analysis, analyse
from burnish.experiments.decide import Decision, decided, guarded, looks_once
from burnish.experiments.estimate import Sample
from burnish.experiments.figures import figure
from burnish.experiments.findings import Findings, Guard
from burnish.experiments.outcomes import (
    absent,
    counts,
    design_of,
    first,
    looks_at,
    reversals,
    samples_of,
    told_absent,
    with_past,
)
from burnish.experiments.paired import offline_findings
from burnish.experiments.verdict import verdict
from burnish.storage.experiment import Experiment, MetricSpec, Tally, UnitValue, shares_of
from burnish.storage.store import Store


class Read(NamedTuple):
    """Of one metric: each unit whose outcome had time to come, what was recorded of it before it
    saw a variant, and how many units of each variant came, with time or not."""

    metric: MetricSpec
    units: list[UnitValue]
    past: list[UnitValue]
    came: Counter[str]


class Figures(NamedTuple):
    """`why` says why there is no analysis."""

    analysis: Analysis | None
    why: str


async def findings(
    store: Store, experiment: Experiment, now: datetime, until: datetime | None = None
) -> Findings:
    """With `until`, as it stood then, by what was recorded until then; an offline experiment has
    answers, which are all there or not."""
    if experiment.kind == "offline":
        return await offline_findings(store, experiment, now)
    plan, tally = experiment.plan, await store.experiments.tally(experiment.id)
    reads = [
        await read(store, experiment, metric, until, now=now, past=bool(tally.early))
        for metric in (plan.metric, *plan.guardrails)
    ]
    return await asyncio.to_thread(_found, experiment, reads, tally, until or now)


async def read(
    store: Store,
    experiment: Experiment,
    metric: MetricSpec,
    until: datetime | None = None,
    *,
    now: datetime,
    past: bool = True,
) -> Read:
    """Without the `past` where it is known that there is none."""
    values, name = store.experiments.values, metric.name
    came: Counter[str] = Counter()
    units: list[UnitValue] = []
    # Those that have one already would not stand for those that wait for theirs.
    ripe = (until or now) - timedelta(hours=metric.wait_h) if metric.wait_h else None
    async for each in values(experiment.id, name, until):
        came[each.variant] += 1
        if ripe is None or each.at <= ripe:
            units.append(each)
    before: list[UnitValue] = []
    if past:
        before = [each async for each in values(experiment.id, name, until, before=True)]
    return Read(metric, units, before, came)


def figures(experiment: Experiment, given: Read, *, guardrail: bool = False) -> Figures:
    """What the units of one metric come to."""
    metric = given.metric
    units = [each for each in given.units if counts(each, metric)]
    if guardrail and not any(each.rows for each in units):
        return Figures(None, "nothing was recorded of it so far")
    samples = samples_of(units, experiment, metric)
    if missing := _missing(experiment, samples):
        wait = f"; a unit counts {metric.wait_h:g} hours after it came" if metric.wait_h else ""
        return Figures(None, missing + wait)
    samples = with_past(samples, given.past, units)
    least = min(each.n for each in samples)
    try:
        if experiment.plan.rule.method == "group" and not guardrail:
            least = _looked(experiment, least)
            samples = first(samples, least)
        design = design_of(experiment, metric, least, guardrail=guardrail)
        if experiment.plan.allocation != "weights" or experiment.generation:
            # Who came at another time came in other shares.
            return Figures(analyse_adaptive(units, experiment, metric, design), "")
        # Whoever came counts, also without an outcome.
        return Figures(analyse(samples, design, metric=metric.kind, came=given.came), "")
    except UsageError as error:
        return Figures(None, error.what)


def _missing(experiment: Experiment, samples: Sequence[Sample]) -> str:
    """Which variants have nothing that could be compared."""
    found = {each.name for each in samples if each.n > 1}
    shares = experiment.shares or shares_of(experiment.plan.variants)
    # One that gets nobody new is compared by whom it has.
    names = [each.name for each in experiment.plan.variants if shares.get(each.name)]
    if experiment.plan.control not in found:
        names.insert(0, experiment.plan.control)
    lacking = [name for name in dict.fromkeys(names) if name not in found]
    if not lacking and len(found) < 2:
        return "fewer than two variants have units with outcomes"
    if not lacking:
        return ""
    verb = "has" if len(lacking) == 1 else "have"
    return f"too early: {', '.join(lacking)} {verb} fewer than two units with outcomes"


def _looked(experiment: Experiment, least: int) -> int:
    """How many units of each the last look that was planned sees."""
    rule = experiment.plan.rule
    planned = rule.units or 0
    looks = looks_at(least, planned, rule.looks)
    if not looks:
        at = math.ceil(planned / rule.looks)
        raise UsageError(
            f"the first of {rule.looks} looks is at {at:,} units of each variant; {least:,} are in"
        )
    return math.ceil(looks[-1] * planned)


def _found(experiment: Experiment, reads: Sequence[Read], tally: Tally, now: datetime) -> Findings:
    primary, *others = reads
    analysis, why = figures(experiment, primary)
    least = max(2, min(experiment.plan.rule.least, EARLY))
    guards = [
        guarded(each.metric, *figures(experiment, each, guardrail=True), least) for each in others
    ]
    decision = decided(experiment, analysis, guards, now)
    return Findings(
        experiment=experiment,
        at=now,
        tally=tally,
        analysis=_held_back(experiment, analysis, decision),
        absent=absent(primary.units),
        guards=tuple(guards),
        winner=decision.winner,
        done=decision.done,
        verdict=_verdict(experiment, analysis, why, guards, decision),
        notes=tuple(_notes(experiment, analysis, reads, tally)),
    )


def _verdict(
    experiment: Experiment,
    analysis: Analysis | None,
    why: str,
    guards: Sequence[Guard],
    decision: Decision,
) -> str:
    if analysis is None:
        return f"No verdict: {why}."
    broken = [guard for guard in guards if guard.state == "broken"]
    if broken:
        return f"Stop: a guardrail is broken. {broken[0].text}."
    if looks_once(experiment) and not decision.done:
        return _not_yet(experiment, analysis)
    text = verdict(within_reach(analysis))
    if decision.winner and not analysis.winner:
        text = f"Take {decision.winner}: choosing it wrongly would lose next to nothing. {text}"
    return f"{text} It is done: {decision.why}." if decision.done else text


def _not_yet(experiment: Experiment, analysis: Analysis) -> str:
    rule, least = experiment.plan.rule, min(arm.n for arm in analysis.arms)
    begin = "No verdict" if experiment.ended else "No verdict yet"
    if least < rule.least:
        return f"{begin}: nothing is decided before {rule.least:,} units of each; {least:,} are in."
    if rule.loss is not None:
        loss, name = min((arm.loss or 0.0, arm.name) for arm in analysis.arms)
        return (
            f"{begin}: with {least:,} units of each variant, choosing {name} wrongly would lose "
            f"{figure(loss)}; it ends below {rule.loss:g}."
        )
    ends = [
        f"{rule.units:,} units of each variant" if rule.units else "",
        f"the end of its {rule.days:g} days" if rule.days else "",
    ]
    due = " or ".join(filter(None, ends))
    return f"{begin}: this plan looks once, at {due}; {least:,} are in."


def _held_back(
    experiment: Experiment, analysis: Analysis | None, decision: Decision
) -> Analysis | None:
    """What a plan that looks once shows before its end is no outcome of it."""
    if analysis is None or decision.done or not looks_once(experiment):
        return analysis
    contrasts = tuple(
        msgspec.structs.replace(each, outcome="not yet") for each in analysis.contrasts
    )
    return msgspec.structs.replace(analysis, contrasts=contrasts)


def _notes(
    experiment: Experiment, analysis: Analysis | None, reads: Sequence[Read], tally: Tally
) -> list[str]:
    primary = reads[0]
    notes: list[str] = [] if analysis is None else list(analysis.notes)
    if analysis is not None and analysis.kept < 1:
        notes.append(
            f"values are adjusted by what units did before, which leaves {analysis.kept:.0%} of "
            "the noise"
        )
    notes += told_absent(primary.units, primary.metric)
    for each in reads[1:]:
        if any(unit.rows for unit in each.units):
            told = told_absent(each.units, each.metric)
            notes += (f"{each.metric.name}: {note}" for note in told)
    if tally.unmatched:
        notes.append(
            f"{counted(tally.unmatched, 'outcome')} of units that have seen no variant so far"
        )
    if tally.early and (analysis is None or analysis.kept == 1):
        notes.append(
            f"{counted(tally.early, 'outcome')} from before its unit saw a variant, not counted"
        )
    if experiment.generation and experiment.plan.allocation == "weights":
        notes.append(
            "the shares were changed on the way, so they are not checked, and each unit is weighed "
            "by the chance that it had"
        )
    for variant, attribute, turned in reversals(primary.units, experiment, primary.metric):
        whole = figure(turned.whole, sign=True)
        notes.append(
            f"{variant} differs by {whole} in the whole and the other way round in each {attribute}"
            " (Simpson's paradox): look at the slices"
        )
    return notes
