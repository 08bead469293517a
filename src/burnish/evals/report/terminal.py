"""A report for a terminal, wide or narrow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from burnish.evals.report.about import facts
from burnish.evals.report.gate import Verdict
from burnish.evals.report.report import Column, Report
from burnish.evals.report.sheet import Sheet
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
    from rich.text import Text

_STYLES = {"better": "green", "worse": "red", "no difference": "dim", "no data": "dim"}
_GAP = 2
# Of texts that people wrote or models answered, this much is enough to know the row by. A column
# that breaks a gate shows all the rows that are kept of it.
_MAX_ROWS, _MAX_CELL = 5, 200
# Tables that are about foreign texts wrap them; of others, a line that wraps is hard to read.
_WRAPS, _LEAST = ("such as", "first of them", "taken for"), 20
_FIGURES = (
    "answers",
    "n",
    "p50",
    "p95",
    "tokens",
    "USD",
    "difference",
    "times",
    "accuracy",
    "macro-F1",
)


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
        parts += _titled(report, sheet, width)
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


def _titled(report: Report, sheet: Sheet, width: int) -> Iterator[RenderableType]:
    from rich.text import Text

    shown = sheet if sheet.narrow is None or _fits(sheet, width) else sheet.narrow
    yield Text(f"\n{shown.title}", style="bold")
    yield _sheet(report, shown, width)
    if shown.remark:
        yield Text(shown.remark, style="dim")


def _sheet(report: Report, sheet: Sheet, width: int) -> RenderableType:
    rows = [tuple(_cut(cell) for cell in row) for row in sheet.rows]
    if _fits(sheet, width):
        return _table(sheet, rows)
    if sheet.title == COMPARISONS:
        return _comparisons(report)
    return _blocks(sheet.headings, rows)


def _fits(sheet: Sheet, width: int) -> bool:
    cells = [sheet.headings, *sheet.rows]
    needed = sum(
        _LEAST if heading in _WRAPS else min(max(len(row[at]) for row in cells), _MAX_CELL)
        for at, heading in enumerate(sheet.headings)
    )
    return needed + _GAP * len(sheet.headings) <= width


def _table(sheet: Sheet, rows: list[tuple[str, ...]]) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, _GAP, 0, 0))
    for at, heading in enumerate(sheet.headings):
        wraps = heading in _WRAPS
        figures = heading in _FIGURES or (sheet.is_matrix and at > 0)
        table.add_column(
            Text(heading),
            no_wrap=not wraps,
            overflow="fold",
            justify="right" if figures else "left",
        )
    for row in rows:
        table.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in row))
    return table


def _blocks(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> RenderableType:
    """Under each name its lines: one for each figure, or one for each row that has the name."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    parts: list[RenderableType] = []
    named = {row[0]: [each[1:] for each in rows if each[0] == row[0]] for row in rows}
    several = len(named) < len(rows)
    for name, under in named.items():
        parts.append(Text(name, style="cyan"))
        lines = Table.grid(padding=(0, _GAP, 0, 0))
        figures = zip(headings[1:], under[0], strict=True)
        for row in under if several else figures:
            lines.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in row))
        parts.append(Padding(lines, (0, 0, 0, 2)))
    return Group(*parts)


def _comparisons(report: Report) -> RenderableType:
    from rich.text import Text

    return _items((Text("•", style=_STYLES[each.outcome]), each.text) for each in telling(report))


def _items(items: Iterable[tuple[Text, str]]) -> RenderableType:
    """A mark and a text that wraps beside it."""
    from rich.table import Table
    from rich.text import Text

    lines = Table.grid(padding=(0, 1, 0, 0))
    for mark, text in items:
        lines.add_row(Text("  ").append(mark), Text(visible(text), overflow="fold"))
    return lines


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
        line = Text(row_name(row), style="cyan").append(f"  {_cut(row_text(row))}", style="none")
        yield Padding(line, (0, 0, 0, 2))
        lines = Table.grid(padding=(0, 1, 0, 0))
        for name, text in row_parts(row):
            lines.add_row(Text(name, style="dim"), Text(_cut(text), style="dim", overflow="fold"))
        if lines.row_count:
            yield Padding(lines, (0, 0, 0, 4))


def _verdict(verdict: Verdict) -> Iterator[RenderableType]:
    from rich.text import Text

    said, style = ("passed", "green") if verdict.passed else ("failed", "red")
    yield Text("\nGate ", style="bold").append(said, style=f"bold {style}")
    marks = {True: Text("✓", style="green"), False: Text("✗", style="red")}
    yield _items((marks[check.passed], check.text) for check in verdict.checks)


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_CELL else f"{text[: _MAX_CELL - 1]}…"
