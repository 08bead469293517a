"""A report of an experiment as a file, in the form that its ending names."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from burnish.evals.report.forms import as_json, in_form
from burnish.experiments.findings import Findings
from burnish.experiments.report.over_time import Point
from burnish.experiments.report.report import Report
from burnish.storage.experiment import Moved

ENDINGS: Final = (".html", ".md", ".json")


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What `experiments show` prints as JSON: the `series` oldest first, the `log` newest first."""

    findings: Findings
    series: tuple[Point, ...]
    log: tuple[Moved, ...]


def report_file(report: Report, data: Any, ending: str) -> bytes:
    """HTML, Markdown, or `data` as JSON, in UTF-8. Raises UsageError for another ending."""

    def page() -> str:
        from burnish.experiments.report.page import html

        return html(report)

    def marked() -> str:
        from burnish.experiments.report.markdown import markdown

        return markdown(report)

    return in_form(ending, {".html": page, ".md": marked, ".json": lambda: as_json(data)})
