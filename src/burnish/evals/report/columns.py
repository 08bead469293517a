"""One column of a report out of its tally."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from burnish.evals.confusion import Confusion
from burnish.evals.report.report import (
    Column,
    Cost,
    Fault,
    Flicker,
    Latency,
    Measure,
    Slice,
)
from burnish.evals.report.tally import Tally, Values
from burnish.evals.statistics import (
    LEVEL,
    Interval,
    clipped,
    equal_values,
    grouped,
    t_clustered,
    t_interval,
    wilson,
    wilson_clustered,
)

_MAX_FLICKER = 20
# Equal scores are not always equal to the last bit.
_DECIMALS = 12
Floats = NDArray[np.float64]


def column_of(
    tally: Tally,
    name: str,
    *,
    planned: int,
    names: Mapping[int, str],
    tagged: Mapping[str, NDArray[Any]],
) -> Column:
    """`names` are the ids of examples, by number, that were answered more than once; `tagged` says
    for each tag which examples carry it."""
    return Column(
        name=name,
        prompt=tally.prompt,
        model=tally.model,
        results=tally.results,
        answered=tally.answered,
        failed=tally.failed,
        missing=max(planned - tally.results, 0),
        cached=tally.cached,
        score=measure("score", tally.score),
        passed=measure("passed", tally.passed),
        metrics=tuple(measure(metric, values) for metric, values in sorted(tally.metrics.items())),
        tags=tuple(_slice(tag, tally, which) for tag, which in tagged.items()),
        confusions=_confusions(tally),
        latency=_latency(tally.latency),
        input_tokens=tally.input_tokens,
        output_tokens=tally.output_tokens,
        cost=_cost(tally),
        flicker=_flicker(tally.passed, names),
        failing=tally.failing,
        rows=tally.rows.rows,
    )


def arrays(values: Values) -> tuple[NDArray[Any], Floats]:
    return np.array(values.examples), np.array(values.values)


def measure(
    metric: str, given: Values, which: NDArray[Any] | None = None, *, level: float = LEVEL
) -> Measure:
    """A metric over all answers, or over those to the examples that `which` is true for."""
    examples, values = arrays(given)
    if which is not None and len(values):
        kept = which[examples]
        examples, values = examples[kept], values[kept]
    n = len(values)
    if not n:
        return Measure(
            metric=metric, kind="mean", n=0, mean=None, interval=None, unscored=given.missing
        )
    rate = bool(((values == 0) | (values == 1)).all())
    sums, counts = grouped(values, examples)
    return Measure(
        metric=metric,
        kind="rate" if rate else "mean",
        n=n,
        mean=float(sums.sum()) / n,
        interval=_rate(sums, counts, level) if rate else _mean(sums, counts, level),
        unscored=given.missing if which is None else 0,
    )


def _rate(sums: Floats, counts: Floats, level: float) -> Interval | None:
    if (counts > 1).any():
        return wilson_clustered(sums, counts, level=level)
    return wilson(float(sums.sum()), len(sums), level=level)


def _mean(sums: Floats, counts: Floats, level: float) -> Interval | None:
    """Scores are from 0 to 1; what others measure may reach further, and is taken to lie between
    what was seen of it."""
    groups = len(sums)
    means = (sums / counts).round(_DECIMALS)
    low, high = min(0.0, float(means.min())), max(1.0, float(means.max()))
    if groups >= 2 and means.min() == means.max():
        return equal_values(float(means[0]), groups, low=low, high=high, level=level)
    repeated = bool((counts > 1).any())
    interval = t_clustered(sums, counts, level=level) if repeated else t_interval(sums, level=level)
    return clipped(interval, 0.0, 1.0) if (low, high) == (0, 1) else interval


def faults_of(tally: Tally, name: str) -> list[Fault]:
    return [
        Fault(column=name, metric=metric, error=shown, count=count)
        for (metric, _), (count, shown) in tally.faults.items()
    ]


def _slice(tag: str, tally: Tally, which: NDArray[Any]) -> Slice:
    return Slice(
        tag=tag,
        score=measure("score", tally.score, which),
        passed=measure("passed", tally.passed, which),
    )


def _confusions(tally: Tally) -> tuple[Confusion, ...]:
    """Of answers that no scorer could tell, nobody knows the label."""
    return tuple(
        msgspec.structs.replace(pairs.confusion(metric), unscored=tally.metrics[metric].missing)
        for metric, pairs in sorted(tally.labels.items())
    )


def _latency(given: Values) -> Latency:
    if not given.values:
        return Latency(p50_ms=None, p95_ms=None)
    p50, p95 = np.percentile(np.array(given.values), (50, 95))
    return Latency(p50_ms=float(p50), p95_ms=float(p95))


def _cost(tally: Tally) -> Cost:
    return Cost(
        usd=math.fsum(tally.costs) if tally.costs else None,
        unknown=tally.unknown,
        per_answer_usd=math.fsum(tally.prices) / len(tally.prices) if tally.prices else None,
    )


def _flicker(passed: Values, names: Mapping[int, str]) -> Flicker:
    examples, values = arrays(passed)
    if not len(values):
        return Flicker(examples=0, changed=0, ids=())
    counts = np.bincount(examples)
    sums = np.bincount(examples, weights=values)
    changed = np.flatnonzero((sums > 0) & (sums < counts))
    ids = sorted(names[at] for at in changed.tolist())
    return Flicker(
        examples=int((counts > 1).sum()), changed=len(ids), ids=tuple(ids[:_MAX_FLICKER])
    )
