"""Which prompts do best and worst, as far as figures can tell them apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from burnish.analytics.period.report import Ranked, RankedBy, Ranking, Standing
from burnish.evals.statistics import LEVEL, Clusters, Interval, wilson_of_clusters
from burnish.storage.period import PromptRatings, PromptResults, PromptRuns

LEAST = 20
"""With fewer examples, answers or ratings a prompt is not ranked."""
_BEST = 5
_NAMED = 5


class _Measured(NamedTuple):
    name: str
    dataset: str
    found: Clusters


def rankings_of(
    results: Sequence[PromptResults],
    runs: Sequence[PromptRuns],
    ratings: Sequence[PromptRatings],
) -> tuple[Ranking, ...]:
    """One for each way in which something was measured."""
    evaluated = [_Measured(e.prompt, e.dataset, _examples(e)) for e in results]
    kept = [_Measured(e.name, "", _each(e.valid, e.validated)) for e in runs if e.validated]
    rated = [_Measured(e.name, "", _each(e.total, e.count)) for e in ratings if e.count]
    made = (
        _ranking("evaluations", evaluated), _ranking("rules", kept), _ranking("ratings", rated),
    )  # fmt: skip
    return tuple(each for each in made if each.rows or each.few)


def _examples(of: PromptResults) -> Clusters:
    """An example that was answered several times tells less than as many examples."""
    return Clusters(
        groups=of.examples,
        successes=of.passed,
        tries=of.judged,
        success_squares=of.passed_squares,
        try_squares=of.judged_squares,
        products=of.products,
    )


def _each(total: float, n: int) -> Clusters:
    """Of values from 0 to 1: none with the same mean vary more than zeros and ones do, so the
    interval of a rate is wide enough for ratings too."""
    return Clusters(n, total, n, total, n, total)


def _ranking(by: RankedBy, found: Sequence[_Measured]) -> Ranking:
    ranked = [one for one in found if one.found.groups >= LEAST]
    few = [one for one in found if one.found.groups < LEAST]
    level = 1 - (1 - LEVEL) / max(len(ranked), 1)
    whole = _sum([one.found for one in ranked])
    rows = [_row(one, whole, level, alone=len(ranked) == 1) for one in ranked]
    return Ranking(
        by=by,
        rows=tuple(_shown(rows)),
        prompts=len(ranked),
        least=LEAST,
        few=len(few),
        unranked=tuple(one.name for one in few[:_NAMED]),
    )


def _row(one: _Measured, whole: Clusters, level: float, *, alone: bool) -> Ranked:
    own = wilson_of_clusters(one.found, level=level)
    assert own is not None
    standing: Standing = "not shown"
    if not alone:
        rest = _less(whole, one.found)
        standing = _standing(one.found, own, rest, level)
    return Ranked(
        name=one.name,
        dataset=one.dataset,
        n=one.found.groups,
        rate=_rate(one.found),
        low=own.low,
        high=own.high,
        standing=standing,
    )


def _standing(own: Clusters, own_interval: Interval, rest: Clusters, level: float) -> Standing:
    """By the interval of the difference that follows from those of both (Newcombe 1998; Zou and
    Donner 2008)."""
    rest_interval = wilson_of_clusters(rest, level=level)
    assert rest_interval is not None
    p, q = _rate(rest), _rate(own)
    if q - p > math.hypot(q - own_interval.low, rest_interval.high - p):
        return "better"
    if p - q > math.hypot(own_interval.high - q, p - rest_interval.low):
        return "worse"
    return "not shown"


def _shown(rows: Sequence[Ranked]) -> list[Ranked]:
    """Of many the best by what is sure of them at least, and the worst by what is sure at most."""
    if len(rows) > 2 * _BEST:
        best = sorted(rows, key=lambda row: (-row.low, row.name, row.dataset))[:_BEST]
        others = [row for row in rows if row not in best]
        worst = sorted(others, key=lambda row: (row.high, row.name, row.dataset))[:_BEST]
        rows = [*best, *worst]
    return sorted(rows, key=lambda row: (-row.rate, -row.low, row.name, row.dataset))


def _rate(of: Clusters) -> float:
    return of.successes / of.tries


def _sum(clusters: Sequence[Clusters]) -> Clusters:
    return Clusters(
        groups=sum(each.groups for each in clusters),
        successes=sum(each.successes for each in clusters),
        tries=sum(each.tries for each in clusters),
        success_squares=sum(each.success_squares for each in clusters),
        try_squares=sum(each.try_squares for each in clusters),
        products=sum(each.products for each in clusters),
    )


def _less(whole: Clusters, part: Clusters) -> Clusters:
    return Clusters(
        groups=whole.groups - part.groups,
        successes=whole.successes - part.successes,
        tries=whole.tries - part.tries,
        success_squares=whole.success_squares - part.success_squares,
        try_squares=whole.try_squares - part.try_squares,
        products=whole.products - part.products,
    )
