"""The way of an experiment from its start to now, read from the store."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from msgspec import structs

from burnish.experiments.analysis import Analysis
from burnish.experiments.findings import Findings
from burnish.experiments.report.over_time import Point, over_time
from burnish.experiments.standing import Read, figures, read
from burnish.storage.experiment import Came, Experiment, UnitValue
from burnish.storage.store import Store


async def series_of(store: Store, findings: Findings) -> tuple[Point, ...]:
    """From when the first unit saw a variant; each look is the analysis of what was recorded until
    then. Empty where there is none now, and for an offline experiment, whose examples all come at
    once."""
    experiment, final = findings.experiment, findings.analysis
    if final is None or experiment.kind == "offline":
        return ()
    metric = experiment.plan.metric
    at, early = findings.at, bool(findings.tally.early)
    known = await read(store, experiment, metric, at, now=at, past=early)
    came = [each async for each in store.experiments.came(experiment.id, metric.name)]
    past = _Past(experiment, known, came)
    end = _end(findings)
    return await asyncio.to_thread(over_time, past.look, final, known.units[0].at, end)


def _end(findings: Findings) -> datetime:
    """Of one that has ended, when its last outcome came."""
    ended = findings.experiment.ended_at
    if ended is None:
        return findings.at
    return min(findings.at, max(ended, findings.tally.last_at or ended))


class _Past:
    """What was known at any time, out of what is known now: asking the store at each look would
    read everything as often."""

    def __init__(self, experiment: Experiment, known: Read, came: Sequence[Came]) -> None:
        self._experiment = experiment
        self._known = known
        self._seen = [each.at for each in known.units]
        places = {each.unit: at for at, each in enumerate(known.units)}
        inside = [each for each in came if each.unit in places]
        self._place = np.array([places[each.unit] for each in inside], dtype=np.int64)
        self._at = np.array([each.at.timestamp() for each in inside])
        self._value = np.array([each.value for each in inside])
        self._denominator = np.array([each.denominator for each in inside])

    def look(self, at: datetime) -> Analysis | None:
        """Of the units whose outcomes had time to come. What they did before they saw a variant
        has all come by then."""
        n = bisect_right(self._seen, at - timedelta(hours=self._known.metric.wait_h))
        units = self._known.units[:n]
        names = {each.unit for each in units}
        past = [each for each in self._known.past if each.unit in names]
        came = Counter(each.variant for each in units)
        then = Read(self._known.metric, self._then(units, at), past, came)
        return figures(self._experiment, then).analysis

    def _then(self, units: Sequence[UnitValue], at: datetime) -> list[UnitValue]:
        """With the sums of what had come by then."""
        inside = self._at <= at.timestamp()
        place, n = self._place[inside], len(self._seen)
        rows = np.bincount(place, minlength=n)
        value = np.bincount(place, weights=self._value[inside], minlength=n)
        denominator = np.bincount(place, weights=self._denominator[inside], minlength=n)
        return [
            each
            if each.rows == rows[at]
            else structs.replace(
                each,
                value=float(value[at]),
                denominator=float(denominator[at]),
                rows=int(rows[at]),
            )
            for at, each in enumerate(units)
        ]
