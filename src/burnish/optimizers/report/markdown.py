"""A report as Markdown for a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator

from burnish.evals.report.marked import as_code, as_list, as_table, as_text, folded
from burnish.optimizers.report.kept import Changed
from burnish.optimizers.report.lineage import DEEPEST, Descendant, line
from burnish.optimizers.report.report import OptimizationReport
from burnish.optimizers.report.sheets import (
    beside,
    choices,
    diff_lines,
    effort,
    message_title,
    parameters,
    reasons,
    rows_title,
    setting,
    title,
    told,
    trees,
    turned_down,
)

# A comment on a pull request takes 65,536 characters.
_MAX_CHARS = 60_000


def markdown(report: OptimizationReport) -> str:
    """Foreign text can be no markup, mention nobody and link to nothing; what would pass the length
    of a comment is left out, and said to be."""
    parts = [f"## {as_text(title(report))}", f"**{as_text(report.text or report.state)}**"]
    if why := [*reasons(report)]:
        parts.append(as_list(why))
    if sheet := beside(report):
        parts.append(as_table(sheet))
    length = sum(map(len, parts))
    for part, instead in _details(report):
        parts.append(part if length + len(part) < _MAX_CHARS else instead)
        length += len(parts[-1])
    return "\n\n".join(parts) + "\n"


def _details(report: OptimizationReport) -> Iterator[tuple[str, str]]:
    """Each with what to say instead where it is too long."""
    if report.diff:
        yield _diff(report), "The difference of the prompts is too long for a comment."
    found = report.comparison
    for what, rows, whole in (
        ("won", report.won, found.won if found else 0),
        ("lost", report.lost, found.lost if found else 0),
    ):
        if rows:
            heading = rows_title(what, rows, whole)
            yield folded(heading, "\n".join(map(_row, rows))), f"{heading}: too long for a comment."
    facts = [("with", setting(report)), *effort(report)]
    yield folded("What the search did", as_list(facts)), ""
    for sheet in (parameters(report), turned_down(report), choices(report)):
        if sheet is not None:
            heading = as_text(sheet.title)
            yield folded(heading, as_table(sheet)), f"{heading}: too long for a comment."
    for heading, tree in trees(report):
        yield folded(heading, "\n".join(map(_made, tree))), f"{heading}: too long for a comment."


def _diff(report: OptimizationReport) -> str:
    """In a fence that nothing in it can end."""
    lines: list[str] = []
    for message in report.diff:
        lines.append(f"# {message_title(message)}")
        lines += [f"{sign}{line}" for sign, line in diff_lines(message)]
    ticks = max((len(found) for found in re.findall("`+", "\n".join(lines))), default=0)
    fence = "`" * max(3, ticks + 1)
    what = "What changed" if report.best else "What the best one changes, which is not kept"
    return f"### {what}\n\n{fence}diff\n" + "\n".join(lines) + f"\n{fence}"


def _made(each: Descendant) -> str:
    name, *parts = map(as_text, line(each))
    return f"{'  ' * min(each.depth, DEEPEST)}- **{name}** {' · '.join(parts)}"


def _row(row: Changed) -> str:
    parts = (f"<br>{as_text(name)} {as_code(text)}" for name, text in told(row))
    return f"- **{as_text(row.example)}**{''.join(parts)}"
