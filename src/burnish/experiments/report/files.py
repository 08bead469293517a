"""A report of an experiment as a file, in the form that its ending names."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from burnish.errors import UsageError
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
    if ending == ".html":
        from burnish.experiments.report.page import html

        return html(report).encode("utf-8", "replace")
    if ending == ".md":
        from burnish.experiments.report.markdown import markdown

        return markdown(report).encode("utf-8", "replace")
    if ending == ".json":
        return msgspec.json.format(msgspec.json.encode(data))
    raise UsageError(f"no report ends in {ending!r}", hint=f"use {', '.join(ENDINGS)}")
