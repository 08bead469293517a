"""A report for a pipe: one line, its facts between tabs."""

from __future__ import annotations

from burnish.evals.report.words import NONE, visible
from burnish.optimizers.report.report import OptimizationReport

FIELDS = (
    "id", "outcome", "original", "best", "before", "after", "difference", "low", "high", "n", "p",
    "calls", "usd", "text",
)  # fmt: skip


def plain(report: OptimizationReport) -> str:
    """The facts that `FIELDS` name, `-` for no data."""
    found = report.comparison
    figures: tuple[float | None, ...] = (None,) * 7
    if found is not None:
        ends = (found.difference, found.low, found.high)
        figures = (found.before.score, found.after.score, *ends, found.n, found.p)
    elif report.original is not None:
        figures = (report.original.score, *figures[1:5], report.original.n, None)
    fields = (
        report.id,
        report.outcome or report.state,
        report.prompt,
        report.best or NONE,
        *map(_number, figures),
        str(report.effort.calls),
        _number(report.effort.cost_usd),
        visible(report.text),
    )
    return "\t".join(fields) + "\n"


def _number(value: float | None) -> str:
    return NONE if value is None else f"{value:.6g}"
