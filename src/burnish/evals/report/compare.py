"""Columns compared over the same examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from burnish.errors import NotFound
from burnish.evals.report.columns import arrays
from burnish.evals.report.report import Column, Compared, Comparison, Outcome
from burnish.evals.report.tally import Tally, Values
from burnish.evals.report.words import counted, p_text, signed, signed_interval
from burnish.evals.statistics import (
    ALPHA,
    McNemar,
    benjamini_hochberg,
    cohens_dz,
    examples_needed,
    holm,
    least_examples,
    mcnemar,
    paired,
)

# Each with each up to here; of more columns, each with the best: 66 comparisons are enough to read.
_MAX_EACH_WITH_EACH = 12
Floats = NDArray[np.float64]
Pair = tuple[int, int]


@dataclass(frozen=True)
class Marks:
    """A column's mean score and share of passes by example, not a number where there is none.
    `once` says that no example has two answers, so that these are scores themselves."""

    scores: Floats
    passes: Floats
    once: bool

    @classmethod
    def of(cls, tally: Tally, examples: int) -> Marks:
        scores, counts = by_example(tally.score, examples)
        passes, _ = by_example(tally.passed, examples)
        return cls(scores, passes, bool((counts <= 1).all()))


def pairs_of(columns: Sequence[Column], baseline: str) -> tuple[list[Pair], Compared]:
    """Which columns to compare with which, by their places, and why these. Raises
    NotFound for a baseline that is no column."""
    if baseline:
        return _with_baseline(columns, baseline), "baseline"
    places = range(len(columns))
    if len(columns) <= _MAX_EACH_WITH_EACH:
        return [(at, against) for at in places for against in places if against < at], "each"
    best = leader(columns)
    return [(at, best) for at in places if best is not None and at != best], "best"


def leader(columns: Sequence[Column]) -> int | None:
    """The place of the best score; of equals the first by name."""
    scored = [
        (-column.score.mean, column.prompt, column.model, at)
        for at, column in enumerate(columns)
        if column.score.mean is not None
    ]
    return min(scored)[-1] if scored else None


def compare(
    columns: Sequence[Column], marks: Sequence[Marks], pairs: Sequence[Pair]
) -> list[Comparison]:
    found = [_compare(columns, marks, pair, len(pairs)) for pair in pairs]
    tested = [at for at, each in enumerate(found) if each.difference is not None]
    p_values = [found[at].p for at in tested]
    corrected = zip(tested, holm(p_values), benjamini_hochberg(p_values), strict=True)
    for at, p_holm, p_bh in corrected:
        found[at] = _judged(found[at], p_holm, p_bh, len(tested))
    return found


def _with_baseline(columns: Sequence[Column], baseline: str) -> list[Pair]:
    bases = [at for at, column in enumerate(columns) if is_baseline(column, baseline)]
    if not bases:
        names = ", ".join(column.name for column in columns) or "no column at all"
        raise NotFound(f"no column is {baseline!r}", hint=f"name one of: {names}", subject=baseline)
    pairs: list[Pair] = []
    for at, column in enumerate(columns):
        if at not in bases:
            alike = [base for base in bases if columns[base].model == column.model]
            alike = alike or [base for base in bases if columns[base].prompt == column.prompt]
            alike = alike or (bases if len(bases) == 1 else [])
            pairs += [(at, base) for base in alike[:1]]
    return pairs


def is_baseline(column: Column, baseline: str) -> bool:
    """Whether it is named so: by its prompt, its model, or both."""
    return baseline in (column.name, column.prompt, column.model, full_name(column))


def full_name(column: Column) -> str:
    return f"{column.prompt} · {column.model}"


def by_example(given: Values, size: int) -> tuple[Floats, NDArray[Any]]:
    examples, values = arrays(given)
    if not len(values):
        return np.full(size, np.nan), np.zeros(size, dtype=int)
    counts = np.bincount(examples, minlength=size)
    sums = np.bincount(examples, weights=values, minlength=size)
    means = np.full(size, np.nan)
    np.divide(sums, counts, out=means, where=counts > 0)
    return means, counts


def _compare(
    columns: Sequence[Column], marks: Sequence[Marks], pair: Pair, tests: int
) -> Comparison:
    ours, theirs = (marks[at] for at in pair)
    both = ~np.isnan(ours.scores) & ~np.isnan(theirs.scores)
    left, right = ours.scores[both], theirs.scores[both]
    binary = ours.once and theirs.once and is_binary(left) and is_binary(right)
    found = paired(left, right, binary=binary)
    return Comparison(
        column=columns[pair[0]].name,
        against=columns[pair[1]].name,
        n=found.n,
        missing=len(both) - found.n,
        difference=found.difference,
        interval=found.interval,
        test=found.test,
        p=found.p,
        p_holm=found.p,
        p_bh=found.p,
        ranks=found.ranks,
        verdicts=_verdicts(ours.passes, theirs.passes),
        cohens_dz=cohens_dz(left - right),
        outcome="no data",
        needed=examples_needed(found.difference or 0.0, found.variance, tests),
        text=f"{columns[pair[0]].name} and {columns[pair[1]].name} have fewer than two scored "
        "examples in common, so nothing can be said",
    )


def is_binary(scores: Floats) -> bool:
    return bool(((scores == 0) | (scores == 1)).all())


def _verdicts(ours: Floats, theirs: Floats) -> McNemar | None:
    """An example passes where more than half of its repeats do."""
    both = ~np.isnan(ours) & ~np.isnan(theirs)
    if not both.any():
        return None
    left, right = ours[both] > 0.5, theirs[both] > 0.5
    return mcnemar(int((left & ~right).sum()), int((~left & right).sum()))


def _judged(found: Comparison, p_holm: float, p_bh: float, tests: int) -> Comparison:
    difference, interval = found.difference, found.interval
    assert difference is not None
    assert interval is not None
    beyond = interval.low > 0 or interval.high < 0
    # A few large losses can outweigh many small gains: then mean and ranks disagree.
    agree = difference * found.ranks.rank_biserial > 0
    sure = beyond and agree and p_holm < ALPHA
    outcome: Outcome = "no difference" if not sure else "better" if difference > 0 else "worse"
    figures = (
        f"score {signed(difference)} {signed_interval(interval)} "
        f"over {counted(found.n, 'example')}, {p_text(p_holm)}"
    )
    if found.missing:
        figures += f", {found.missing:,} not answered by both"
    if sure:
        text = f"{found.column} is {outcome} than {found.against}: {figures}"
    else:
        text = f"no difference shown between {found.column} and {found.against}: {figures}"
        if found.n < least_examples(tests):
            text += "; so few examples can show none"
        elif beyond and agree and found.p < ALPHA and tests > 1:
            text += f" (after correction for {tests} comparisons)"
    needed = None if sure else found.needed
    return msgspec.structs.replace(
        found, p_holm=p_holm, p_bh=p_bh, outcome=outcome, needed=needed, text=text
    )
