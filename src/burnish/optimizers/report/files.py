"""A report as a file, in the form that its ending names."""

from __future__ import annotations

from typing import Final

import msgspec

from burnish.errors import UsageError
from burnish.optimizers.report.report import OptimizationReport

ENDINGS: Final = (".html", ".md", ".json")


def report_file(report: OptimizationReport, ending: str) -> bytes:
    """HTML, Markdown or JSON, in UTF-8. Raises UsageError for another ending."""
    if ending == ".html":
        from burnish.optimizers.report.page import html

        return html(report).encode("utf-8", "replace")
    if ending == ".md":
        from burnish.optimizers.report.markdown import markdown

        return markdown(report).encode("utf-8", "replace")
    if ending == ".json":
        return msgspec.json.format(msgspec.json.encode(report))
    raise UsageError(f"no report ends in {ending!r}", hint=f"use {', '.join(ENDINGS)}")
