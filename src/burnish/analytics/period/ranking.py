"""Which prompts do best and worst, as far as figures can tell them apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from burnish.analytics.period.report import Ranked, RankedBy, Ranking, Standing
from burnish.evals.statistics import LEVEL, Clusters, Interval, wilson_of_clusters
from burnish.storage.period import Beside, PromptRatings, PromptResults, PromptRuns

LEAST = 20
"""With fewer examples, answers or ratings a prompt is not ranked."""
_BEST = 5
_NAMED = 5
_UP, _DOWN = ("better", "higher"), ("worse", "lower")


class _Measured(NamedTuple):
    """`beside` are, of versions that were evaluated, their answers beside those of others."""

    name: str
    dataset: str
    found: Clusters
    beside: Beside | None = None


def rankings_of(
    results: Sequence[PromptResults],
    runs: Sequence[PromptRuns],
    ratings: Sequence[PromptRatings],
) -> tuple[Ranking, ...]:
    """One for each way in which something was measured."""
    evaluated = [_Measured(e.prompt, e.dataset, _examples(e), e.beside) for e in results]
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
    standings: list[Standing | None]
    if by == "evaluations":
        standings = [_among_equals(one.beside, level) for one in ranked]
    else:
        standings = _among_all([one.found for one in ranked], level)
    rows = [_row(one, how, level) for one, how in zip(ranked, standings, strict=True)]
    return Ranking(
        by=by,
        rows=tuple(_shown(rows)),
        prompts=len(ranked),
        least=LEAST,
        few=len(few),
        unranked=tuple(
            f"{one.name} on {one.dataset}" if one.dataset else one.name for one in few[:_NAMED]
        ),
    )


def _row(one: _Measured, standing: Standing | None, level: float) -> Ranked:
    own = _interval(one.found, level)
    return Ranked(
        name=one.name,
        dataset=one.dataset,
        n=one.found.groups,
        rate=_rate(one.found),
        low=own.low,
        high=own.high,
        standing=standing,
    )


def _among_equals(beside: Beside | None, level: float) -> Standing | None:
    """Against the others on the same examples; None where too few are shared."""
    if beside is None or beside.examples < LEAST:
        return None
    own = Clusters(
        groups=beside.examples,
        successes=beside.passed,
        tries=beside.judged,
        success_squares=beside.passed_squares,
        try_squares=beside.judged_squares,
        products=beside.judged_passed,
    )
    # As many tries as the others' answers that it is made of: an example is one group all the same.
    times = beside.others / beside.judged
    rest = Clusters(
        groups=beside.examples,
        successes=beside.expected * times,
        tries=beside.others,
        success_squares=beside.expected_squares * times**2,
        try_squares=beside.judged_squares * times**2,
        products=beside.judged_expected * times**2,
    )
    sign = _apart(own, rest, level, _together(beside))
    return "better" if sign > 0 else "worse" if sign < 0 else "not shown"


def _together(of: Beside) -> float:
    """How much a version and the others are right on the same examples: their correlation, less its
    standard error. Half an example that only the version passes and half one that only the others
    do are added, as few failures tell little of it."""
    p, q, size = of.passed / of.judged, of.expected / of.judged, of.judged / of.examples
    own = of.passed_squares - 2 * p * of.judged_passed + p * p * of.judged_squares
    rest = of.expected_squares - 2 * q * of.judged_expected + q * q * of.judged_squares
    both = of.passed_expected - q * of.judged_passed - p * of.judged_expected
    both += p * q * of.judged_squares
    own += size * size * (p * p + (1 - p) ** 2) / 2
    rest += size * size * (q * q + (1 - q) ** 2) / 2
    found = both / math.sqrt(own * rest) - 1 / math.sqrt(of.examples)
    return min(max(found, 0.0), 1.0)


def _among_all(found: Sequence[Clusters], level: float) -> list[Standing | None]:
    """Each against all others together, though their inputs are not the same."""
    if len(found) < 2:
        return [None] * len(found)
    successes, tries = sum(each.successes for each in found), sum(each.tries for each in found)
    standings: list[Standing | None] = []
    for each in found:
        rest = _each(successes - each.successes, int(tries - each.tries))
        sign = _apart(each, rest, level)
        standings.append("higher" if sign > 0 else "lower" if sign < 0 else "not shown")
    return standings


def _apart(own: Clusters, rest: Clusters, level: float, together: float = 0.0) -> int:
    """The sign of a difference that is no chance, by the interval that follows from those of both
    and from their correlation (Newcombe 1998; Zou and Donner 2008)."""
    of_own, of_rest = _interval(own, level), _interval(rest, level)
    p, q = _rate(rest), _rate(own)
    if q - p > _reach(q - of_own.low, of_rest.high - p, together):
        return 1
    if p - q > _reach(of_own.high - q, p - of_rest.low, together):
        return -1
    return 0


def _reach(one: float, other: float, together: float) -> float:
    return math.sqrt(max(one * one + other * other - 2 * together * one * other, 0.0))


def _interval(of: Clusters, level: float) -> Interval:
    found = wilson_of_clusters(of, level=level)
    assert found is not None
    return found


def _shown(rows: Sequence[Ranked]) -> list[Ranked]:
    """Of many the best by what is sure of them at least, and the worst by what is sure at most;
    what is shown to be so goes before. One dataset is told after another, as an easy one makes no
    prompt better."""
    if len(rows) > 2 * _BEST:
        best = sorted(rows, key=lambda row: (row.standing not in _UP, -row.low, *_named(row)))
        best = best[:_BEST]
        others = [row for row in rows if row not in best]
        worst = sorted(others, key=lambda row: (row.standing not in _DOWN, row.high, *_named(row)))
        rows = [*best, *worst[:_BEST]]
    return sorted(rows, key=lambda row: (row.dataset, -row.rate, -row.low, row.name))


def _named(row: Ranked) -> tuple[str, str]:
    return row.name, row.dataset


def _rate(of: Clusters) -> float:
    return of.successes / of.tries
