"""A report of an experiment as Markdown for a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from burnish.evals.report.marked import as_list, as_table, as_text, folded
from burnish.experiments.report import sheets
from burnish.experiments.report.guarding import figures
from burnish.experiments.report.report import Report

_MARKS = {"held": "✅", "broken": "❌", "open": "➖"}  # noqa: RUF001 - a sign, no minus
# A comment on a pull request takes 65,536 characters.
_MAX_CHARS = 60_000


def markdown(report: Report) -> str:
    """Verdict and figures; how it went and how it was planned are folded away, and left out where
    they would pass the length of a comment."""
    parts = [
        f"## {as_text(report.title)}",
        as_text(report.headline),
        f"**{as_text(report.verdict)}**",
    ]
    if report.notes:
        parts.append("\n".join(f"- {as_text(each)}" for each in report.notes))
    tables = (sheets.variants(report), sheets.differences(report))
    parts += [as_table(each) for each in tables if each.rows]
    if report.guards:
        parts.append("\n".join(_guardrails(report)))
    for part in _more(report):
        if sum(map(len, parts)) + len(part) < _MAX_CHARS:
            parts.append(part)
    return "\n\n".join(parts) + "\n"


def _guardrails(report: Report) -> Iterator[str]:
    for each in report.guards:
        yield f"- {_MARKS[each.state]} {each.state}: {as_text(each.text)}"
        yield from (f"  - {as_text(told)}" for told in figures(each))


def _more(report: Report) -> Iterator[str]:
    if report.facts:
        yield folded("Plan", as_list(report.facts))
    for sheet in (sheets.over_time(report), sheets.log(report)):
        if len(sheet.rows) > 1:
            yield folded(sheet.title, as_table(sheet))
