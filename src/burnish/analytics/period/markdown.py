"""A period's report as Markdown for a channel, a page of a wiki or a pull request."""

from __future__ import annotations

from burnish.analytics.period import sheets
from burnish.analytics.period.report import PeriodReport
from burnish.evals.report.marked import as_table, as_text


def markdown(report: PeriodReport) -> str:
    parts = [
        f"## {as_text(sheets.title(report))}: {as_text(sheets.span(report))}",
        f"**{as_text(report.headline)}**",
    ]
    if report.worse:
        parts.append("\n".join(f"- ❌ {as_text(each.text)}" for each in report.worse))
    parts += [f"### {as_text(sheet.title)}\n\n{as_table(sheet)}" for sheet in sheets.sheets(report)]
    if notes := sheets.notes(report):
        parts.append("\n".join(f"- {as_text(each)}" for each in notes))
    return "\n\n".join(parts) + "\n"
