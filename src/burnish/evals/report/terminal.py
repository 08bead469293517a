"""A report for a terminal, wide or narrow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from burnish.evals.report.gate import Verdict
from burnish.evals.report.report import Column, Report
from burnish.evals.report.sheets import COMPARISONS, Sheet, headline, row_name, row_text, sheets
from burnish.evals.report.words import counted, visible

if TYPE_CHECKING:
    from rich.console import Group, RenderableType
    from rich.text import Text

_STYLES = {"better": "green", "worse": "red", "no difference": "dim", "no data": "dim"}
_GAP = 2
# Of texts that people wrote or models answered, this much is enough to know the row by. A column
# that breaks a gate shows all the rows that are kept of it.
_MAX_ROWS, _MAX_CELL = 5, 200
# Tables that are about foreign texts wrap them; of others, a line that wraps is hard to read.
_WRAPS, _LEAST = ("such as", "first of them"), 20


def terminal(report: Report, verdict: Verdict | None = None, *, width: int) -> Group:
    """For a rich console of `width` columns. A table that would not fit is written as blocks of
    lines. Foreign text cannot move the cursor or change colours."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = []
    if report.title:
        parts.append(Text(visible(report.title), style="bold"))
    parts.append(Text(headline(report), style="dim"))
    for sheet in sheets(report):
        parts += [Text(f"\n{sheet.title}", style="bold"), _sheet(report, sheet, width)]
        if sheet.remark:
            parts.append(Text(sheet.remark, style="dim"))
    broken = {each.column for each in verdict.failing} if verdict is not None else set[str]()
    for column in report.columns:
        parts += _worst(column, len(column.rows) if column.name in broken else _MAX_ROWS)
    parts.append(Text(f"\n{visible(report.recommendation.text)}", style="bold"))
    if verdict is not None:
        parts += _verdict(verdict)
    return Group(*parts)


def _sheet(report: Report, sheet: Sheet, width: int) -> RenderableType:
    rows = [tuple(_cut(cell) for cell in row) for row in sheet.rows]
    needed = sum(
        _LEAST if heading in _WRAPS else max(len(row[at]) for row in [sheet.headings, *rows])
        for at, heading in enumerate(sheet.headings)
    )
    if needed + _GAP * len(sheet.headings) <= width:
        return _table(sheet.headings, rows)
    if sheet.title == COMPARISONS:
        return _comparisons(report)
    return _blocks(sheet.headings, rows)


def _table(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, _GAP, 0, 0))
    for heading in headings:
        wraps = heading in _WRAPS
        figures = heading in ("n", "p50", "p95", "tokens", "USD", "difference", "times")
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

    return _items(
        (Text("•", style=_STYLES[each.outcome]), each.text) for each in report.comparisons
    )


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
    from rich.text import Text

    if not column.rows:
        return
    failing = counted(column.failing, "failing row") if column.failing else "none fails"
    title = Text("\nWorst rows ", style="bold")
    yield title.append(f"{visible(column.name)} ({failing})", style="not bold dim")
    for row in column.rows[:most]:
        line = Text(row_name(row), style="cyan").append(f"  {_cut(row_text(row))}", style="none")
        yield Padding(line, (0, 0, 0, 2))
        if row.output:
            yield Padding(Text(_cut(visible(row.output)), style="dim"), (0, 0, 0, 4))


def _verdict(verdict: Verdict) -> Iterator[RenderableType]:
    from rich.text import Text

    said, style = ("passed", "green") if verdict.passed else ("failed", "red")
    yield Text("\nGate ", style="bold").append(said, style=f"bold {style}")
    marks = {True: Text("✓", style="green"), False: Text("✗", style="red")}
    yield _items((marks[check.passed], check.text) for check in verdict.checks)


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_CELL else f"{text[: _MAX_CELL - 1]}…"
