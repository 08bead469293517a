"""How many units an experiment needs, and what outcomes from anywhere say."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec

from burnish.errors import UsageError
from burnish.evals.statistics import LEVEL
from burnish.experiments.analysis import Analysis, Design, analyse
from burnish.experiments.estimate import Metric
from burnish.experiments.power import Method as PlanMethod
from burnish.experiments.power import Needed, needed, of_means, of_rates
from burnish.experiments.report.over_time import Point, over_samples
from burnish.experiments.sequential import PLANNED
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


class Analyzing:
    async def plan(
        self,
        baseline: float,
        least: float,
        *,
        metric: Metric = "rate",
        spread: float | None = None,
        power: float = 0.8,
        alpha: float = 0.05,
        variants: int = 2,
        method: PlanMethod = "fixed",
        a_day: float | None = None,
    ) -> Needed:
        """How many units each variant needs so that a difference of `least` from `baseline` is
        shown with the chance `power`, and none is shown where there is none but `alpha` of the
        time.

        A mean or a ratio wants its `spread`, the standard deviation of a unit's value. With
        `sequential` the data may be looked at after each unit. Raises UsageError for a plan that
        cannot be.
        """
        if metric == "rate":
            effect = of_rates(baseline, least)
        elif spread is None:
            raise UsageError(
                f"a {metric} wants the spread of its values",
                hint="give their standard deviation, as past data have it",
            )
        else:
            effect = of_means(spread, least)
        return await asyncio.to_thread(
            needed, effect, power=power, alpha=alpha, variants=variants, method=method, a_day=a_day
        )

    async def analyze(
        self,
        data: Outcomes,
        *,
        metric: Metric = "rate",
        method: Asked = "auto",
        control: str = "",
        level: float = LEVEL,
        weights: Mapping[str, float] | None = None,
        lower_is_better: bool = False,
        cap: float = 1.0,
        planned: int = PLANNED,
        matters: float | None = None,
    ) -> Analyzed:
        """Which variant is better, from outcomes gathered anywhere.

        `data` is a CSV file, or rows, with `unit`, `variant` and `value`, and where there are
        `denominator` (for a ratio), `covariate` (known before; it takes noise away) and `time`.
        `auto` is `sequential` where times are known, for then the data may have been looked at
        on the way, and else `fixed`. `weights` are the shares that units were assigned by; given,
        they are checked. `cap` (0.5 to 1) is the quantile above which values are set to it,
        `matters` the least difference that would change a decision.

        Raises UsageError for data that cannot be compared.
        """
        if metric not in get_args(Metric):
            raise UsageError(f"there is no metric {metric!r}", hint="use rate, mean or ratio")
        read = await asyncio.to_thread(_read, data, metric)
        timed = bool(read.samples) and all(each.times is not None for each in read.samples)
        design = Design(
            method=("sequential" if timed else "fixed") if method == "auto" else method,
            level=level,
            lower_is_better=lower_is_better,
            weights=weights,
            cap=cap,
            planned=planned,
            matters=matters,
        )
        found = await asyncio.to_thread(
            analyse, read.samples, design, control=control, metric=metric
        )
        return Analyzed(
            analysis=found,
            winner=found.winner,
            verdict=verdict(found),
            rows=read.rows,
            left_out=read.left_out,
            mixed=read.mixed,
            notes=(*_notes(read), *_how(method, found), *found.notes),
            series=await asyncio.to_thread(over_samples, read.samples, found, dated=read.dated),
        )


def _how(asked: Asked, found: Analysis) -> list[str]:
    """What was done that nobody asked for in so many words."""
    notes: list[str] = []
    if asked == "auto":
        why = "the rows have times" if found.design.method == "sequential" else "there are no times"
        notes.append(f"the method is {found.design.method}, for {why}")
    if found.kept < 1:
        notes.append(f"values are adjusted by the covariate, which leaves {found.kept:.0%} noise")
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
