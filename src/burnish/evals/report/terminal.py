"""A report for a terminal, wide or narrow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from burnish.evals.report.about import facts
from burnish.evals.report.gate import Verdict
from burnish.evals.report.report import Column, Report
from burnish.evals.report.screen import STYLES, cut, items, titled
from burnish.evals.report.sheets import (
    COMPARISONS,
    headline,
    row_name,
    row_parts,
    row_text,
    sheets,
    telling,
    untold,
)
from burnish.evals.report.words import failing_text, visible

if TYPE_CHECKING:
    from rich.console import Group, RenderableType

# A column that breaks a gate shows all the rows that are kept of it.
_MAX_ROWS = 5


def terminal(report: Report, verdict: Verdict | None = None, *, width: int) -> Group:
    """For a rich console of `width` columns. A table that would not fit is written as blocks of
    lines. Foreign text cannot move the cursor or change colours."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = []
    if report.title:
        parts.append(Text(visible(report.title), style="bold"))
    parts.append(Text(headline(report), style="dim"))
    parts += _about(report)
    parts += [Text(each, style="yellow", overflow="fold") for each in untold(report)]
    for sheet in sheets(report):
        instead = _comparisons(report) if sheet.title == COMPARISONS else None
        parts += titled(sheet, width, instead)
    broken = {each.column for each in verdict.failing} if verdict is not None else set[str]()
    for column in report.columns:
        parts += _worst(column, len(column.rows) if column.name in broken else _MAX_ROWS)
    parts.append(Text(f"\n{visible(report.recommendation.text)}", style="bold"))
    if verdict is not None:
        parts += _verdict(verdict)
    return Group(*parts)


def _about(report: Report) -> Iterator[RenderableType]:
    """What is needed to know which evaluation it is; the rest is in the files and in JSON."""
    from rich.text import Text

    said = dict(facts(report.about))
    what = [f"{name} {said[name]}" for name in ("dataset", "scorers", "model") if name in said]
    how = [said[name] for name in ("parameters", "made") if name in said]
    for parts in (what, how):
        if parts:
            yield Text(" · ".join(map(visible, parts)), style="dim", overflow="fold")


def _comparisons(report: Report) -> RenderableType:
    from rich.text import Text

    return items((Text("•", style=STYLES[each.outcome]), each.text) for each in telling(report))


def _worst(column: Column, most: int) -> Iterator[RenderableType]:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    if not column.rows:
        return
    failing = failing_text(column) or "none fails"
    title = Text("\nWorst rows ", style="bold")
    yield title.append(f"{visible(column.name)} ({failing})", style="not bold dim")
    for row in column.rows[:most]:
        line = Text(row_name(row), style="cyan").append(f"  {cut(row_text(row))}", style="none")
        yield Padding(line, (0, 0, 0, 2))
        lines = Table.grid(padding=(0, 1, 0, 0))
        for name, text in row_parts(row):
            lines.add_row(Text(name, style="dim"), Text(cut(text), style="dim", overflow="fold"))
        if lines.row_count:
            yield Padding(lines, (0, 0, 0, 4))


def _verdict(verdict: Verdict) -> Iterator[RenderableType]:
    from rich.text import Text

    said, style = ("passed", "green") if verdict.passed else ("failed", "red")
    yield Text("\nGate ", style="bold").append(said, style=f"bold {style}")
    marks = {True: Text("✓", style="green"), False: Text("✗", style="red")}
    yield items((marks[check.passed], check.text) for check in verdict.checks)
