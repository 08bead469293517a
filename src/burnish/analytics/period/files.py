"""A period's report as a file, in the form that its ending names."""

from __future__ import annotations

from typing import Final

from burnish.analytics.period.report import PeriodReport
from burnish.evals.report.forms import as_json, in_form

ENDINGS: Final = (".html", ".md", ".json")


def report_file(report: PeriodReport, ending: str) -> bytes:
    """HTML, Markdown or JSON, in UTF-8. Raises UsageError for another ending."""

    def page() -> str:
        from burnish.analytics.period.page import html

        return html(report)

    def marked() -> str:
        from burnish.analytics.period.markdown import markdown

        return markdown(report)

    return in_form(ending, {".html": page, ".md": marked, ".json": lambda: as_json(report)})
