"""A period's report as a file, in the form that its ending names."""

from __future__ import annotations

from typing import Final

import msgspec

from burnish.analytics.period.report import PeriodReport
from burnish.errors import UsageError

ENDINGS: Final = (".html", ".md", ".json")


def report_file(report: PeriodReport, ending: str) -> bytes:
    """HTML, Markdown or JSON, in UTF-8. Raises UsageError for another ending."""
    if ending == ".html":
        from burnish.analytics.period.page import html

        return html(report).encode("utf-8", "replace")
    if ending == ".md":
        from burnish.analytics.period.markdown import markdown

        return markdown(report).encode("utf-8", "replace")
    if ending == ".json":
        return msgspec.json.format(msgspec.json.encode(report))
    raise UsageError(f"no report ends in {ending!r}", hint=f"use {', '.join(ENDINGS)}")
