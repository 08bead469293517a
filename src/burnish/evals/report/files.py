"""A report as a file, in the form that its ending names."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import msgspec

from burnish.evals.report.forms import as_json, in_form
from burnish.evals.report.gate import Verdict
from burnish.evals.report.report import Report
from burnish.storage.evaluation import Evaluation

ENDINGS: Final = (".html", ".md", ".xml", ".json")


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What the commands print of an evaluation as JSON; `verdict` is None without a gate."""

    evaluation: Evaluation
    report: Report
    verdict: Verdict | None


def report_file(report: Report, ending: str, verdict: Verdict | None = None) -> bytes:
    """HTML, Markdown, JUnit's XML or JSON, in UTF-8. Raises UsageError for another ending."""

    def page() -> str:
        from burnish.evals.report.page import html

        return html(report, verdict)

    def marked() -> str:
        from burnish.evals.report.markdown import markdown

        return markdown(report, verdict)

    def cases() -> str:
        from burnish.evals.report.junit import junit

        return junit(report, verdict, at=datetime.now(UTC))

    def data() -> str:
        return as_json({"report": report, "verdict": verdict})

    return in_form(ending, {".html": page, ".md": marked, ".xml": cases, ".json": data})
