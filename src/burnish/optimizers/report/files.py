"""A report as a file, in the form that its ending names."""

from __future__ import annotations

from typing import Final

from burnish.evals.report.forms import as_json, in_form
from burnish.optimizers.report.report import OptimizationReport

ENDINGS: Final = (".html", ".md", ".json")


def report_file(report: OptimizationReport, ending: str) -> bytes:
    """HTML, Markdown or JSON, in UTF-8. Raises UsageError for another ending."""

    def page() -> str:
        from burnish.optimizers.report.page import html

        return html(report)

    def marked() -> str:
        from burnish.optimizers.report.markdown import markdown

        return markdown(report)

    return in_form(ending, {".html": page, ".md": marked, ".json": lambda: as_json(report)})
