"""The tables of a report, the same in every output."""

from __future__ import annotations

from collections.abc import Iterator

from burnish.evals.report.sheet import Sheet
from burnish.evals.report.words import NONE, visible
from burnish.evals.statistics import Interval
from burnish.experiments.analysis import Analysis, Arm, Contrast
from burnish.experiments.figures import decimals_for, figure, percent, to_decimals
from burnish.experiments.report.moves import words
from burnish.experiments.report.over_time import Point
from burnish.experiments.report.report import Report
from burnish.experiments.report.times import unit_of, when


def variants(report: Report) -> Sheet:
    """Each with its units, and its value where that is known."""
    found = report.analysis
    arms = {} if found is None else {each.name: each for each in found.arms}
    names = list(dict.fromkeys((*arms, *report.variants)))
    came, planned = _shares(found)
    sure = {name: each for name, each in arms.items() if each.best is not None}
    headings = [""]
    columns = [[_name(name, report) for name in names]]

    def add(heading: str, cells: list[str]) -> None:
        headings.append(heading)
        columns.append(cells)

    if report.variants:
        add("is", [visible(report.variants.get(name, "")) for name in names])
    add(
        f"{report.counts}s",
        [f"{arms[n].n if n in arms else report.units.get(n, 0):,}" for n in names],
    )
    if came:
        add("share", [came.get(name, "") for name in names])
    if came != planned:
        add("planned", [planned.get(name, "") for name in names])
    if found is not None:
        told = _values(found)
        add("value", [told[name][0] if name in told else NONE for name in names])
        add("interval", [told[name][1] if name in told else "" for name in names])
    if sure:
        add("best", [percent(sure[name].best or 0.0) if name in sure else "" for name in names])
        add("loss", [_loss(sure[name]) if name in sure else "" for name in names])
    rows = tuple(zip(*columns, strict=True)) if names else ()
    return Sheet(title="Variants", headings=tuple(headings), rows=rows, remark=_arms_remark(report))


def _name(name: str, report: Report) -> str:
    return visible(name) + (" (control)" if name == report.control else "")


def _shares(found: Analysis | None) -> tuple[dict[str, str], dict[str, str]]:
    """Those that units came in, and those that they were to come in, where that is checked."""
    if found is None or found.ratio is None:
        return {}, {}
    came, due = found.ratio.counts, found.ratio.expected
    both = ((came, sum(came.values())), (due, sum(due.values())))
    one, other = ({n: percent(each / (all_ or 1)) for n, each in of.items()} for of, all_ in both)
    return one, other


def _values(found: Analysis) -> dict[str, tuple[str, str]]:
    decimals = decimals_for(each.interval.high - each.interval.low for each in found.arms)
    return {
        each.name: (to_decimals(each.value, decimals), _interval(each, decimals))
        for each in found.arms
    }


def _interval(each: Arm, decimals: int | None) -> str:
    low, high = (to_decimals(end, decimals) for end in (each.interval.low, each.interval.high))
    return f"[{low}, {high}]"


def _loss(arm: Arm) -> str:
    """Next to nothing is nothing."""
    loss = arm.loss or 0.0
    return figure(loss if loss > abs(arm.value) / 1e6 else 0.0)


def _arms_remark(report: Report) -> str:
    found = report.analysis
    if found is None:
        return ""
    said = [f"The value is the {found.metric} over all {report.counts}s, with its interval."]
    if found.metric == "ratio":
        said = ["The value is one sum divided by the other, with its interval."]
    if any(each.best is not None for each in found.arms):
        said.append("best: how likely it is; loss: what choosing it is expected to give away.")
    if found.ratio is not None:
        fit = "not in their shares" if found.ratio.broken else "in their shares"
        said.append(f"Units came {fit} (p {found.ratio.p:.2g}).")
    return " ".join(said)


def differences(report: Report) -> Sheet:
    found = report.analysis
    contrasts = () if found is None else found.contrasts
    believed = any(each.above is not None for each in contrasts)
    tested = any(each.p is not None for each in contrasts)
    paired = found is not None and found.paired
    headings = ["", *(["pairs"] if paired else []), "difference", "interval"]
    headings += ["greater"] if believed else ["p"] if tested else []
    headings += ["lift", "outcome"]
    decimals = decimals_for(each.interval.high - each.interval.low for each in contrasts)
    rows = tuple(_contrast(each, decimals, sure=believed or tested) for each in contrasts)
    return Sheet(
        title="Differences",
        headings=tuple(headings),
        rows=rows,
        remark=_contrasts_remark(found),
    )


def _contrast(each: Contrast, decimals: int | None, *, sure: bool) -> tuple[str, ...]:
    cells = [
        less(each.variant, each.control),
        *([] if each.pairs is None else [f"{each.pairs:,}"]),
        to_decimals(each.difference, decimals, sign=True),
        signed_interval(each.interval, decimals),
    ]
    if sure:
        cells.append(percent(each.above) if each.above is not None else _p(each.p))
    return (*cells, _lift(each), each.outcome)


def less(variant: str, control: str) -> str:
    return f"{visible(variant)} − {visible(control)}"  # noqa: RUF001 - minus


def signed_interval(interval: Interval | Point, decimals: int | None) -> str:
    low, high = (to_decimals(end, decimals, sign=True) for end in (interval.low, interval.high))
    return f"[{low}, {high}]"


def _p(p: float | None) -> str:
    return NONE if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}"


def _lift(each: Contrast) -> str:
    return NONE if each.lift is None else percent(each.lift, sign=True)


_METHODS = {
    "sequential": "The intervals hold at all looks together, so looking early costs nothing",
    "fixed": "The intervals hold for one look, at the end",
    "group": "The intervals hold at the planned looks",
    "bayes": "The intervals are beliefs; looked at again and again, they err more often",
}


def _contrasts_remark(found: Analysis | None) -> str:
    if found is None:
        return ""
    design = found.design
    said = "Example by example, over the pairs that both answered. " if found.paired else ""
    said += f"{_METHODS[design.method]} (level {percent(design.level)}"
    said += f", {len(found.contrasts)} held together)." if len(found.contrasts) > 1 else ")."
    if design.lower_is_better:
        said += " Lower is better."
    return said


def over_time(report: Report) -> Sheet:
    """The looks as figures, oldest first."""
    decimals = decimals_for(each.high - each.low for each in report.series)
    unit = unit_of(each.at for each in report.series)
    rows = tuple(
        (
            when(each.at, unit),
            less(each.variant, report.control),
            f"{each.n:,}",
            f"{each.control_n:,}",
            to_decimals(each.difference, decimals, sign=True),
            signed_interval(each, decimals),
        )
        for each in report.series
    )
    headings = ("when", "", f"{report.counts}s", "control", "difference", "interval")
    return Sheet(title="Over time", headings=headings, rows=rows)


def log(report: Report) -> Sheet:
    return Sheet(title="Log", headings=("when", "what", "by", "why"), rows=tuple(_moves(report)))


def _moves(report: Report) -> Iterator[tuple[str, ...]]:
    unit = unit_of((each.at for each in report.log), finest="seconds")
    for each in report.log:
        facts = words(each.facts, report.counts)
        why = " ".join(filter(None, (each.why, f"({facts})" if facts else "")))
        yield when(each.at, unit), each.what, visible(each.by), visible(why)
