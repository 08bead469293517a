"""What an offline experiment has come to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from burnish.evals.report.words import counted
from burnish.experiments.analysis import Analysis, Design
from burnish.experiments.answers import Answered, Given, answers_of
from burnish.experiments.columns import Column, analyse_pairs, columns_of, lacking
from burnish.experiments.decide import guarded
from burnish.experiments.findings import Findings, Guard
from burnish.experiments.verdict import verdict
from burnish.storage.experiment import Experiment, MetricSpec, Tally
from burnish.storage.job import Job
from burnish.storage.store import Store

_MOST_ERROR = 200


class Figures(NamedTuple):
    """`why` says why there is no analysis. The variants `without` are not in it."""

    columns: list[Column]
    analysis: Analysis | None
    without: list[str]
    why: str


async def offline_findings(store: Store, experiment: Experiment, now: datetime) -> Findings:
    """By the answers that are there. Nothing is decided before all of them are, or the bound on
    money has ended it."""
    given = await answers_of(store, experiment)
    jobs = await store.jobs.by_prefix(experiment.job_id, 1) if experiment.job_id else []
    return await asyncio.to_thread(_found, experiment, given, jobs[0] if jobs else None, now)


def _found(experiment: Experiment, given: Given, job: Job | None, now: datetime) -> Findings:
    plan = experiment.plan
    primary = _figures(experiment, given, plan.metric)
    guards: list[Guard] = []
    for metric in plan.guardrails:
        own = _figures(experiment, given, metric)
        guards.append(guarded(metric, own.analysis, own.why))
    done = given.ended or (given.stop == "cost" and not given.missing)
    broken = [guard for guard in guards if guard.state == "broken"]
    analysis = primary.analysis
    winner = analysis.winner if analysis is not None and done and not broken else ""
    told = _verdict(experiment, given, primary, broken, done=done)
    return Findings(
        experiment=experiment,
        at=now,
        tally=_tally(given, primary, plan.metric),
        analysis=analysis,
        guards=tuple(guards),
        winner=winner,
        done=done,
        verdict=told,
        notes=(*_notes(experiment, given, primary, told), *_of_job(experiment, job)),
    )


def _figures(experiment: Experiment, given: Given, metric: MetricSpec) -> Figures:
    control = experiment.plan.control
    columns = sorted(columns_of(given, metric), key=lambda each: each.name != control)
    without = lacking(columns, control)
    kept = [each for each in columns if each.name not in without]
    if control in without or len(kept) < 2:
        lost = [control] if control in without else without
        return Figures(columns, None, without, _why(given, metric, lost))
    rule = experiment.plan.rule
    design = Design(
        method="fixed",
        level=rule.level,
        lower_is_better=metric.lower_is_better,
        cap=metric.cap,
        matters=rule.matters if metric.name == experiment.plan.metric.name else None,
    )
    return Figures(columns, analyse_pairs(kept, metric, design), without, "")


def _why(given: Given, metric: MetricSpec, names: Sequence[str]) -> str:
    told = [_lack(each, metric) for each in given.variants if each.variant in names]
    return "; ".join(told)


def _lack(answered: Answered, metric: MetricSpec) -> str:
    count = len(answered.values[metric.name].values)
    text = f"{answered.variant} has {counted(count, 'answer')} with {metric.name}"
    if not answered.results:
        return f"{answered.variant} has no answer"
    return f"{text} ({_failed(answered)})" if answered.failed else text


def _failed(answered: Answered) -> str:
    error = " ".join(answered.error.split())[:_MOST_ERROR]
    return f"{answered.failed:,} of {counted(answered.results, 'call')} failed: {error}"


def _tally(given: Given, primary: Figures, metric: MetricSpec) -> Tally:
    ends = [each.ended_at for each in given.evaluations if each.ended_at is not None]
    values = sum(len(each.values[metric.name].values) for each in given.variants)
    return Tally(
        units={each.name: each.examples for each in primary.columns},
        outcomes={metric.name: values},
        last_at=max(ends, default=None),
    )


def _verdict(
    experiment: Experiment, given: Given, primary: Figures, broken: Sequence[Guard], *, done: bool
) -> str:
    if not experiment.evaluations:
        return "No verdict: it has not begun."
    if not done:
        so_far = f"{given.results:,} of {given.planned:,} answers are in"
        if experiment.state == "running":
            return f"No verdict yet: {so_far}, and it is looked once, at the end."
        name = experiment.name
        return f"No verdict: {so_far}; go on with burnish experiments start {name}."
    if primary.analysis is None:
        return f"No verdict: {primary.why}."
    if broken:
        return f"Take none: a guardrail is broken. {broken[0].text}."
    return verdict(primary.analysis)


def _notes(experiment: Experiment, given: Given, primary: Figures, verdict: str) -> Iterator[str]:
    """Beside what the verdict tells."""
    if primary.analysis is not None:
        yield from primary.analysis.notes
    yield from _data(experiment, given)
    if given.missing:
        yield (
            f"{counted(given.missing, 'evaluation')} of it {_were(given.missing)} deleted, with "
            "the answers"
        )
    for answered in given.variants:
        if answered.variant in primary.without and primary.analysis is not None:
            lack = _lack(answered, experiment.plan.metric)
            yield f"{answered.variant} is not compared: {lack}"
        elif answered.failed and _failed(answered) not in verdict:
            yield f"{answered.variant}: {_failed(answered)}; its pairs are without these examples"
    if given.stop == "cost":
        yield (
            f"the bound on money ended it: {given.results:,} of {given.planned:,} answers are in"
        )


def _data(experiment: Experiment, given: Given) -> Iterator[str]:
    """Which examples, and whether a variant may have been made with a look at them."""
    trial = experiment.plan.trial
    if trial is None or not given.evaluations:
        return
    one = given.evaluations[0]
    examples = f"{counted(one.examples, 'example')} of {one.dataset}"
    if one.split == "test":
        yield f"asked over {examples}: its test split, which prompts are judged by, not tuned on"
    elif one.split is None:
        yield (
            f"asked over {examples}, of all splits: a variant that was tuned on some of them seems "
            "better than it is"
        )
    else:
        yield (
            f"asked over {examples}: its {one.split} split, which prompts may have been tuned on; "
            "judge by the test split in the end"
        )
    if one.repeats > 1:
        yield f"each example was asked {one.repeats} times, and counts once, with its mean"


def _of_job(experiment: Experiment, job: Job | None) -> Iterator[str]:
    """Where the work is not where the state says."""
    if experiment.state != "running" or job is None or job.state in ("running", "done"):
        return
    name = experiment.name
    if job.state == "queued":
        yield f"its job {job.id} waits for a worker: burnish worker, or experiments start {name}"
    else:
        yield f"its job {job.id} is {job.state}; go on with burnish experiments start {name}"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"
