"""A report for a terminal, wide or narrow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from burnish.evals.report.screen import cut, titled
from burnish.evals.report.words import visible
from burnish.optimizers.report.kept import Changed
from burnish.optimizers.report.report import OptimizationReport
from burnish.optimizers.report.sheets import (
    beside,
    choices,
    diff_lines,
    effort,
    in_short,
    message_title,
    parameters,
    reasons,
    rows_title,
    setting,
    title,
    turned_down,
)

if TYPE_CHECKING:
    from rich.console import Group, RenderableType

_OUTCOMES = {"improved": "green", "not measured": "yellow", "stopped": "yellow"}
_SIGNS = {"+": "green", "-": "red"}
_MOST_LINES, _MOST_ROWS = 60, 5


def terminal(report: OptimizationReport, *, width: int, headed: bool = True) -> Group:
    """For a rich console of `width` columns. Without a head where the outcome is told already.
    Foreign text cannot move the cursor or change colours."""
    from rich.console import Group

    parts: list[RenderableType] = [*_head(report)] if headed else []
    parts += _pairs(reasons(report))
    if sheet := beside(report):
        parts += titled(sheet, width)
    parts += _diff(report)
    found = report.comparison
    if found is not None:
        parts += _rows("won", report.won, found.won)
        parts += _rows("lost", report.lost, found.lost)
    parts += _titled("What the search did", _pairs(effort(report)))
    for sheet in (parameters(report), turned_down(report), choices(report)):
        if sheet is not None:
            parts += titled(sheet, width)
    return Group(*parts)


def _head(report: OptimizationReport) -> Iterator[RenderableType]:
    from rich.text import Text

    style = _OUTCOMES.get(report.outcome, "")
    yield Text(
        visible(report.text or report.outcome or report.state), style=f"bold {style}".strip()
    )
    yield Text(f"{visible(title(report))} · {setting(report)}", style="dim", overflow="fold")


def _titled(heading: str, parts: Iterable[RenderableType]) -> Iterator[RenderableType]:
    from rich.text import Text

    yield Text(f"\n{heading}", style="bold")
    yield from parts


def _pairs(pairs: Iterable[tuple[str, str]]) -> Iterator[RenderableType]:
    from rich.table import Table
    from rich.text import Text

    lines = Table.grid(padding=(0, 2, 0, 0))
    for name, text in pairs:
        lines.add_row(Text(name, style="dim"), Text(cut(visible(text)), overflow="fold"))
    if lines.row_count:
        yield lines


def _diff(report: OptimizationReport) -> Iterator[RenderableType]:
    from rich.text import Text

    if not report.diff:
        return
    kept = "What changed" if report.best else "What the best one changes, which is not kept"
    yield Text(f"\n{kept}", style="bold")
    left = _MOST_LINES
    for message in report.diff:
        yield Text(f"[{visible(message_title(message))}]", style="dim")
        lines = diff_lines(message)
        for sign, line in lines[:left]:
            yield Text(f"{sign} {line}".rstrip(), style=_SIGNS.get(sign, "dim"), overflow="fold")
        if len(lines) > left:
            yield Text(f"… {len(lines) - left} more lines", style="dim")
        left = max(0, left - len(lines))


def _rows(what: str, rows: tuple[Changed, ...], whole: int) -> Iterator[RenderableType]:
    from rich.padding import Padding
    from rich.text import Text

    if not rows:
        return
    shown = rows[:_MOST_ROWS]
    yield Text(f"\n{rows_title(what, shown, whole)}", style="bold")
    for row in shown:
        asked, change = in_short(row)
        name = Text(visible(row.example), style="cyan").append(f"  {asked}", style="none")
        yield Padding(name, (0, 0, 0, 2), expand=False)
        yield Padding(Text(change, style="dim", overflow="fold"), (0, 0, 0, 4), expand=False)
