"""A period's report for a terminal, wide or narrow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from burnish.analytics.period import sheets
from burnish.analytics.period.report import PeriodReport
from burnish.evals.report.screen import items, titled
from burnish.evals.report.words import visible

if TYPE_CHECKING:
    from rich.console import Group, RenderableType


def terminal(report: PeriodReport, *, width: int) -> Group:
    """For a rich console of `width` columns; what matters comes first."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = [
        Text(visible(report.headline), style="bold"),
        Text(sheets.span(report), style="dim"),
    ]
    if report.worse:
        parts.append(Text("\nWorse", style="bold"))
        parts.append(items((Text("▼", style="red"), each.text) for each in report.worse))
    for sheet in sheets.sheets(report):
        parts += titled(sheet, width)
    parts += [Text(f"\n{each}", style="dim") for each in sheets.notes(report)]
    return Group(*parts)
