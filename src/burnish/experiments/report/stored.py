"""The way of an experiment from its start to now, read from the store."""

from __future__ import annotations

import asyncio
from datetime import datetime

from burnish.experiments.analysis import Analysis
from burnish.experiments.findings import Findings
from burnish.experiments.report.over_time import Point, over_time
from burnish.experiments.standing import figures, read
from burnish.storage.experiment import Experiment
from burnish.storage.store import Store


async def series_of(store: Store, findings: Findings) -> tuple[Point, ...]:
    """From when the first unit saw a variant; each look is the analysis of what was recorded until
    then. Empty where there is none now, and for an offline experiment, whose examples all come at
    once."""
    experiment, final = findings.experiment, findings.analysis
    if final is None or experiment.kind == "offline":
        return ()
    start = await _first(store, experiment)

    async def look(at: datetime) -> Analysis | None:
        known = await read(store, experiment, experiment.plan.metric, at)
        return (await asyncio.to_thread(figures, experiment, known)).analysis

    end = _end(findings)
    return await over_time(look, final, start or end, end)


async def _first(store: Store, experiment: Experiment) -> datetime | None:
    async for each in store.experiments.values(experiment.id, experiment.plan.metric.name):
        return each.at
    return None


def _end(findings: Findings) -> datetime:
    """Of one that has ended, when its last outcome came."""
    ended = findings.experiment.ended_at
    if ended is None:
        return findings.at
    return min(findings.at, max(ended, findings.tally.last_at or ended))
