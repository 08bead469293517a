"""experiments plan, analyze."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter, Token

from burnish.cli.common import (
    NONE,
    Common,
    console,
    on_terminal,
    out,
    out_json,
    platform,
    styled,
    warn,
)
from burnish.cli.experiments_show import Files, check_reports, show_report, write_reports
from burnish.errors import UsageError

if TYPE_CHECKING:
    from burnish.experiments.analysis import Arm, Contrast
    from burnish.experiments.analyzed import Analyzed
    from burnish.experiments.power import Needed
    from burnish.experiments.report.report import Report

Metric = Literal["rate", "mean", "ratio"]


def _method(_kind: Any, tokens: Sequence[Token]) -> str:
    """Says of one that cannot be planned what to do instead."""
    from burnish.experiments.power import check_method

    check_method(tokens[0].value)
    return tokens[0].value


def plan(
    baseline: Annotated[float, Parameter(help="What the metric is now, such as 0.10.")],
    least: Annotated[float, Parameter(help="The least difference that matters, such as 0.02.")],
    /,
    *,
    metric: Annotated[Metric, Parameter(help="Kind of metric.")] = "rate",
    spread: Annotated[
        float | None, Parameter(help="Standard deviation of a unit's value; not for a rate.")
    ] = None,
    power: Annotated[float, Parameter(help="Chance to show that difference, 0 to 1.")] = 0.8,
    alpha: Annotated[float, Parameter(help="Chance to show one where there is none.")] = 0.05,
    variants: Annotated[int, Parameter(help="How many, the control among them.")] = 2,
    method: Annotated[
        Literal["sequential", "fixed", "group"],
        Parameter(
            help="sequential may be looked at and ended at any time, fixed looks once, group as "
            "often as planned.",
            converter=_method,
        ),
    ] = "sequential",
    looks: Annotated[int, Parameter(help="How often a group plan looks.")] = 5,
    traffic: Annotated[float | None, Parameter(help="Units a day, all variants together.")] = None,
    common: Common = NONE,
) -> None:
    """Tell how many units an experiment needs."""
    with platform(common) as p:
        found = p.experiments.plan(
            baseline,
            least,
            metric=metric,
            spread=spread,
            power=power,
            alpha=alpha,
            variants=variants,
            method=method,
            looks=looks,
            a_day=traffic,
        )
    if common.json:
        out_json(found)
    elif on_terminal():
        console().print(styled(_planned(found)))
    else:
        out(_planned(found))


def _planned(found: Needed) -> str:
    from burnish.experiments.figures import percent

    text = (
        f"{found.n:,} units for each variant, {found.total:,} in all: a difference of "
        f"{found.effect:g} is then shown with a chance of {percent(found.power)}, and one that is "
        f"not there with {percent(found.alpha)} at most."
    )
    text += f"\n{_looks(found)}"
    if found.days is not None:
        usual = f" at most, and usually {found.days * found.usual / found.n:,.1f}"
        text += f"\nThat takes {found.days:,.1f} days{usual if found.usual < found.n else ''}."
    return text


def _looks(found: Needed) -> str:
    if found.method == "fixed":
        return "Look once, when all of them are in."
    when = "at any time"
    if found.looks:
        when = f"{found.looks} times, after each {math.ceil(found.n / found.looks):,} of each"
    return f"Look {when}: stopping when it is shown, about {found.usual:,} of each are usual."


@Parameter(name="*")
@dataclass(frozen=True)
class Judging:
    """How outcomes are compared."""

    lower_is_better: Annotated[bool, Parameter(negative="", help="As for cost and latency.")] = (
        False
    )
    cap: Annotated[float, Parameter(help="Set values above this quantile to it, such as 0.99.")] = (
        1.0
    )
    matters: Annotated[
        float | None, Parameter(help="The least difference that would change a decision.")
    ] = None
    level: Annotated[float, Parameter(help="How sure intervals are, 0.5 to 1.")] = 0.95
    planned: Annotated[
        int, Parameter(help="With sequential: for how many units intervals are narrowest.")
    ] = 5_000


def analyze(
    *,
    csv: Annotated[
        Path, Parameter(help="File with the columns unit, variant, value; see the guide.")
    ],
    metric: Annotated[Metric, Parameter(help="Kind of metric.")] = "rate",
    method: Annotated[
        Literal["auto", "fixed", "sequential", "bayes"],
        Parameter(help="auto: sequential where the file has times, else fixed."),
    ] = "auto",
    control: Annotated[
        str, Parameter(show_default="the first in the file", help="Compare all with this variant.")
    ] = "",
    weights: Annotated[
        str, Parameter(help="Shares that units were assigned by, such as A=50,B=50; checked.")
    ] = "",
    judging: Judging | None = None,
    report: Files = None,
    common: Common = NONE,
) -> None:
    """Tell which variant is better, from outcomes gathered anywhere."""
    check_reports(report or [])
    with platform(common) as p:
        found = p.experiments.analyze(
            csv,
            metric=metric,
            method=method,
            control=control,
            weights=weights_of(weights),
            **asdict(judging or Judging()),
        )
    if report:
        write_reports(report, _report(found, csv), found)
    out_json(found) if common.json else _show(found, csv)


def weights_of(written: str, such: str = "--weights A=50,B=50") -> dict[str, float] | None:
    """`such` is how they are given, for who gave none."""
    if not written:
        return None
    found: dict[str, float] = {}
    for part in written.split(","):
        name, sign, share = part.rpartition("=")
        try:
            found[name.strip()] = float(share)
        except ValueError:
            sign = ""
        if not sign or not name.strip():
            raise UsageError(f"{part.strip()!r} is no share", hint=f"such as {such}")
    return found


def _show(found: Analyzed, csv: Path) -> None:
    if on_terminal():
        show_report(_report(found, csv))
        return
    analysis = found.analysis
    rows = (*map(_arm, analysis.arms), *map(_contrast, analysis.contrasts))
    out("\n".join("\t".join(row) for row in rows))
    out(found.verdict)
    for each in found.notes:
        warn(each)


def _report(found: Analyzed, csv: Path) -> Report:
    from burnish.experiments.report.report import report_of_table

    return report_of_table(found, csv.name)


def _arm(arm: Arm) -> tuple[str, ...]:
    return (
        arm.name,
        f"{arm.n:,}",
        f"{arm.value:.4g}",
        _interval(arm.interval.low, arm.interval.high),
    )


def _contrast(each: Contrast) -> tuple[str, ...]:
    if each.p is None:
        sure = "-" if each.above is None else f"{each.above:.3f} greater"
    else:
        sure = f"{each.p:.3g}"
    interval = _interval(each.interval.low, each.interval.high)
    return (each.variant, each.control, f"{each.difference:+.4g}", interval, sure, each.outcome)


def _interval(low: float, high: float) -> str:
    return f"[{low:.4g}, {high:.4g}]"
