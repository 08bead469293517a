"""judge check."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from burnish.cli.common import NONE, Common, out, out_json, platform, progress_bar, warn
from burnish.cli.compose import MaxCost
from burnish.errors import UsageError

if TYPE_CHECKING:
    from burnish.evals.agreement import Estimate
    from burnish.evals.judge_check import JudgeReport


def check(
    *,
    model: Annotated[
        str, Parameter(show_default="the one that auto means", help="The model to try.")
    ] = "",
    data: Annotated[
        Path | None,
        Parameter(
            show_default="answers that come with Burnish",
            help="Your own: JSON lines with id, request, answer, score 1 to 5, passed.",
        ),
    ] = None,
    criteria: Annotated[
        str, Parameter(show_default="does what was asked", help="The rubric to judge by.")
    ] = "",
    repeats: Annotated[int, Parameter(help="How often each is asked; 1 is as good.")] = 1,
    min_kappa: Annotated[
        float | None, Parameter(show_default=False, help="Exit with 1 below this agreement.")
    ] = None,
    max_cost: MaxCost = None,
    common: Common = NONE,
) -> int:
    """Tell how well a model's verdicts agree with people's, and what sways it.

    It grades answers that people have graded, and compares pairs of them in both orders.
    """
    if min_kappa is not None and not -1 <= min_kappa <= 1:
        raise UsageError(f"--min-kappa is {min_kappa:g}", hint="kappa is -1 to 1")
    with platform(common) as p, progress_bar() as bar:
        report = p.check_judge(
            model,
            labels=data,
            criteria=criteria,
            repeats=repeats,
            max_cost_usd=max_cost,
            progress=None if bar is None else lambda done, all_: bar("judging", done, all_),
        )
    out_json(report) if common.json else out("\n".join(_lines(report)))
    if report.failed or report.position.failed:
        warn(f"some verdicts are missing: {report.errors[0]}")
    return 1 if min_kappa is not None and (report.kappa.value or 0) < min_kappa else 0


def _lines(report: JudgeReport) -> Iterator[str]:
    position, length = report.position, report.length
    yield f"{report.model} beside people, on {report.n} answers"
    yield f"  pass or fail, kappa            {_estimate(report.kappa)}"
    yield f"  1 to 5, weighted kappa         {_estimate(report.weighted_kappa)}"
    yield f"  1 to 5, Spearman               {_estimate(report.spearman)}"
    yield f"  1 to 5, Pearson                {_estimate(report.pearson)}"
    yield f"  gives more than people by      {_number(report.bias, '+.2f points')}"
    yield f"{position.pairs} pairs, each asked in both orders"
    yield f"  verdicts that hold             {_number(position.consistent, '.0%')}"
    yield f"  the better answer wins         {_number(position.right, '.0%')}"
    yield f"  what stands first is preferred {_number(position.first, '.0%')} (50% is fair)"
    yield "length and steering"
    yield f"  marks up long answers          {_estimate(length.correlation)} (0 is fair)"
    yield f"  marks up padded answers by     {_number(length.padded, '+.2f points')}"
    yield f"  talked into a pass by          {report.steered} of {report.steering} answers"
    verdict = "fit" if report.fit else "not fit"
    yield f"{verdict} to judge; asked for is a kappa of 0.6 and that 80% of verdicts on pairs hold"


def _estimate(estimate: Estimate) -> str:
    if estimate.value is None:
        return "no data"
    return f"{estimate.value:.2f} ({estimate.low:.2f} to {estimate.high:.2f})"


def _number(value: float | None, form: str) -> str:
    """`form` is a format, then what stands behind the number."""
    form, _, unit = form.partition(" ")
    return "no data" if value is None else f"{value:{form}} {unit}".rstrip()
