"""What outcomes from anywhere say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec

from burnish.errors import UsageError
from burnish.experiments.analysis import Analysis, Design, analyse
from burnish.experiments.estimate import Metric
from burnish.experiments.figures import percent
from burnish.experiments.report.over_time import Point, over_samples
from burnish.experiments.table import Table, read_csv, table
from burnish.experiments.verdict import verdict

Outcomes = str | Path | Sequence[Mapping[str, Any]]
Asked = Literal["auto", "fixed", "sequential", "bayes"]


class Analyzed(msgspec.Struct, frozen=True, kw_only=True):
    """`rows` were read, `left_out` of them were not understood (`notes` name the first), and
    `mixed` units came with several variants and are in no figure. `series` is what would have been
    said on the way, where times are known."""

    analysis: Analysis
    winner: str
    verdict: str
    rows: int
    left_out: int
    mixed: int
    notes: tuple[str, ...]
    series: tuple[Point, ...] = ()


def analyzed(
    data: Outcomes, metric: Metric, method: Asked, control: str, **options: Any
) -> Analyzed:
    """The `options` are fields of Design. Raises UsageError for data that cannot be compared."""
    if metric not in get_args(Metric):
        raise UsageError(f"there is no metric {metric!r}", hint="use rate, mean or ratio")
    if method not in get_args(Asked):
        raise UsageError(f"there is no method {method!r}", hint=f"use {', '.join(get_args(Asked))}")
    read = _read(data, metric)
    timed = bool(read.samples) and all(each.times is not None for each in read.samples)
    usual = "sequential" if timed else "fixed"
    design = Design(method=usual if method == "auto" else method, **options)
    found = analyse(read.samples, design, control=control, metric=metric)
    return Analyzed(
        analysis=found,
        winner=found.winner,
        verdict=verdict(found),
        rows=read.rows,
        left_out=read.left_out,
        mixed=read.mixed,
        notes=(*_notes(read), *_how(method, found), *found.notes),
        series=over_samples(read.samples, found, dated=read.dated),
    )


def _how(asked: Asked, found: Analysis) -> list[str]:
    """What was done that nobody asked for in so many words."""
    notes: list[str] = []
    if asked == "auto":
        why = "the rows have times" if found.design.method == "sequential" else "there are no times"
        notes.append(f"the method is {found.design.method}, for {why}")
    if found.kept < 1:
        notes.append(
            f"values are adjusted by the covariate, which leaves {percent(found.kept)} noise"
        )
    return notes


def _read(data: Outcomes, metric: Metric) -> Table:
    if isinstance(data, str | Path):
        return read_csv(Path(data), metric)
    return table(((f"row {n}", row) for n, row in enumerate(data, start=1)), metric)


def _notes(read: Table) -> list[str]:
    notes: list[str] = []
    if read.left_out:
        first = "; ".join(read.bad)
        notes.append(f"{read.left_out:,} of {read.rows:,} rows are left out: {first}")
    if read.mixed:
        notes.append(f"{read.mixed:,} units came with several variants and are left out")
    notes += [
        f"units without a {name}: {count:,}; so it is used for none"
        for name, count in read.lacking.items()
    ]
    return notes
