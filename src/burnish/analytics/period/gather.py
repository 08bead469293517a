"""A period read from the store: sums of it and a few lines, never the runs themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from burnish.analytics.period.headline import headline_of
from burnish.analytics.period.ranking import rankings_of
from burnish.analytics.period.report import (
    EvaluationLine,
    ExperimentLine,
    Gain,
    MoveLine,
    PeriodReport,
    Usage,
)
from burnish.analytics.period.span import Span
from burnish.analytics.period.worse import worse_of
from burnish.evals.tally import Tally
from burnish.shapes import convert
from burnish.storage.evaluation import Evaluation
from burnish.storage.experiment import Experiment
from burnish.storage.period import EndedExperiment, RunStep, RunTotal, Units
from burnish.storage.run import RunFilter
from burnish.storage.store import Store

TOP = 10
"""So many prompts, models, reasons, people and evaluations are told."""
MOST_EXPERIMENTS = 20
MOST_PROMPTS = 10_000
"""So many prompts are compared with the period before and ranked: those with most runs."""
# Each prompt that is made offline brings runs that cost nothing.
_OFFLINE = "offline"


async def period_report(store: Store, span: Span, now: datetime) -> PeriodReport:
    where, before = span.where(not_model=_OFFLINE), span.before.where(not_model=_OFFLINE)
    periods = store.periods
    prompts = await periods.prompts(where, before, MOST_PROMPTS)
    used = [each for each in prompts if each.runs]
    results = await periods.results(span.since, span.until, MOST_PROMPTS)
    moved, moves = await _moves(store, span)
    count, evaluations = await _evaluations(store, span)
    running, under_way = await _running(store, span)
    over, ended = await _ended(store, span)
    usage, usage_before = await _usage(store, span), await _usage(store, span.before)
    report = PeriodReport(
        since=span.since,
        until=min(span.until, now),
        before_since=span.before.since,
        headline="",
        usage=usage,
        before=usage_before,
        worse=worse_of(usage, usage_before, prompts, moves, evaluations, moved=moved),
        step_h=span.step_h,
        steps=_all_steps(span, await periods.steps(where, span.step_h)),
        prompts=tuple(await periods.spent("prompt", where, TOP)),
        models=tuple(await periods.spent("model", where, TOP)),
        rankings=rankings_of(results, used, await periods.ratings([e.name for e in used])),
        failures=tuple(await periods.failures(where, TOP)),
        evaluations_ended=count,
        evaluations=evaluations,
        experiments_running=running,
        running=under_way,
        experiments_ended=over,
        ended=ended,
        moves_made=moved,
        moves=moves,
        doings=tuple(await periods.doings(where, TOP)),
        notes=tuple(await _notes(store, span, usage)),
    )
    return msgspec.structs.replace(report, headline=headline_of(report, span))


async def _usage(store: Store, span: Span) -> Usage:
    total = await store.periods.total(span.where(not_model=_OFFLINE))
    versions, first = await store.periods.made(span.since, span.until)
    made = Usage(versions=versions, new_prompts=first)
    return made if total is None else _with_runs(made, total)


def _with_runs(usage: Usage, total: RunTotal) -> Usage:
    stat = total.stat
    names = set(Usage.__struct_fields__) & set(stat.__struct_fields__)
    return msgspec.structs.replace(
        usage,
        prompts=total.prompts,
        p95_low_ms=total.p95_low_ms,
        p95_high_ms=total.p95_high_ms,
        **{name: getattr(stat, name) for name in names},
    )


def _all_steps(span: Span, there: Sequence[RunStep]) -> tuple[RunStep, ...]:
    """Without runs there is no course; with some, parts without any are nought."""
    if not there:
        return ()
    found = {each.at: each for each in there}
    step = timedelta(hours=span.step_h)
    parts = -(-span.hours // span.step_h)
    times = [span.until - step * back for back in range(parts, 0, -1)]
    return tuple(found.get(at, RunStep(at=at)) for at in times)


async def _evaluations(store: Store, span: Span) -> tuple[int, tuple[EvaluationLine, ...]]:
    count, newest = await store.periods.evaluations(span.since, span.until, TOP)
    gates = await store.periods.gates([each.id for each in newest]) if newest else {}
    lines = [await _evaluation(store, each, gates.get(each.id, "")) for each in newest]
    return count, tuple(lines)


async def _evaluation(store: Store, evaluation: Evaluation, gate: str) -> EvaluationLine:
    tally = Tally(evaluation)
    tally.begin(await store.evaluations.counts(evaluation.id))
    best, score = tally.best or ("", None)
    assert evaluation.ended_at is not None
    return EvaluationLine(
        id=evaluation.id,
        prompts=evaluation.prompts,
        models=evaluation.models,
        dataset=evaluation.dataset,
        who=evaluation.who,
        stop=evaluation.stop,
        ended_at=evaluation.ended_at,
        best=best,
        score=score,
        n=tally.best_scored,
        gate=gate,
    )


async def _running(store: Store, span: Span) -> tuple[int, tuple[ExperimentLine, ...]]:
    """Under way at the end of the period, in the state that they have now."""
    count, found = await store.periods.running(span.until, MOST_EXPERIMENTS)
    return count, await _lines(store, span, [(each, None) for each in found])


async def _ended(store: Store, span: Span) -> tuple[int, tuple[ExperimentLine, ...]]:
    count, found = await store.periods.ended(span.since, span.until, MOST_EXPERIMENTS)
    return count, await _lines(store, span, [(each.experiment, each) for each in found])


async def _lines(
    store: Store, span: Span, found: Sequence[tuple[Experiment, EndedExperiment | None]]
) -> tuple[ExperimentLine, ...]:
    online = [each.id for each, _ in found if each.kind == "online"]
    units = await store.periods.units(online, span.since, span.until) if online else {}
    return tuple(
        ExperimentLine(
            name=each.name,
            kind=each.kind,
            prompt=each.prompt,
            state=each.state,
            metric=each.plan.metric.name,
            started_at=each.started_at,
            ended_at=each.ended_at,
            **_units(each, units),
            winner=each.winner if end is not None else "",
            verdict=each.verdict if end is not None else "",
            gain=None if end is None else _gain(each, end),
        )
        for each, end in found
    )


def _units(experiment: Experiment, units: Mapping[str, Units]) -> dict[str, Any]:
    if experiment.kind == "offline":
        return {}
    found = units.get(experiment.id, Units(seen=0, new=0))
    return {"units": found.seen, "new_units": found.new}


class _Ends(msgspec.Struct, frozen=True, kw_only=True):
    low: float
    high: float


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """Of a contrast, as it was kept with the end of its experiment."""

    variant: str
    control: str
    difference: float
    interval: _Ends


def _gain(experiment: Experiment, end: EndedExperiment) -> Gain | None:
    if end.moved is None:
        return None
    contrasts = convert(end.moved.facts.get("contrasts", []), list[_Kept])
    for each in contrasts:
        if each.variant == experiment.winner:
            return Gain(
                control=each.control,
                difference=each.difference,
                low=each.interval.low,
                high=each.interval.high,
            )
    return None


async def _moves(store: Store, span: Span) -> tuple[int, tuple[MoveLine, ...]]:
    whats = ("promoted", "asked", "rolled back", "halted")
    count, found = await store.periods.moves(span.since, span.until, whats, MOST_EXPERIMENTS)
    names = ("what", "by", "why", "at")
    return count, tuple(
        MoveLine(experiment=each.name, **{name: getattr(each.moved, name) for name in names})
        for each in found
    )


async def _notes(store: Store, span: Span, usage: Usage) -> list[str]:
    notes: list[str] = []
    there = await store.runs.count(
        RunFilter(since=span.since, until=span.until, not_model=_OFFLINE)
    )
    if there < usage.runs:
        notes.append(
            f"{usage.runs - there:,} of the runs are forgotten: they count, but why some failed "
            "and who made them is not known any more"
        )
    offline = await store.periods.total(span.where(model=_OFFLINE))
    if offline is not None:
        notes.append(f"runs of the offline composer are left out: {offline.stat.runs:,}")
    return notes
