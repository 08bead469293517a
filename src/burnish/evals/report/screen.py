"""Pieces of a report for a terminal, wide or narrow. Foreign text cannot move the cursor or change
colours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from burnish.evals.report.sheet import Sheet
from burnish.evals.report.words import visible

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

STYLES = {
    "better": "green",
    "held": "green",
    "worse": "red",
    "broken": "red",
    "no difference": "dim",
    "no data": "dim",
}
_GAP = 2
# Of texts that people wrote or models answered, this much is enough to know the row by.
_MAX_CELL = 200
# Tables that are about foreign texts wrap them; of others, a line that wraps is hard to read.
_WRAPS, _LEAST = ("such as", "first of them", "taken for", "is", "why", "what is known"), 20
_FIGURES = (
    "answers", "n", "p50", "p95", "tokens", "USD", "difference", "times", "accuracy", "macro-F1",
    "units", "examples", "pairs", "share", "planned", "value", "control", "lift", "best", "loss",
    "p", "greater", "runs", "failed", "now", "before", "change", "new", "versions", "evaluations",
    "moves", "latency", "length", "turned down",
)  # fmt: skip


def titled(
    sheet: Sheet, width: int, instead: RenderableType | None = None
) -> Iterator[RenderableType]:
    """A table under its title; one that would not fit is written as `instead` says, or as blocks of
    lines."""
    from rich.text import Text

    shown = sheet if sheet.narrow is None or _fits(sheet, width) else sheet.narrow
    yield Text(f"\n{shown.title}", style="bold")
    rows = [tuple(cut(cell) for cell in row) for row in shown.rows]
    if _fits(shown, width):
        yield _table(shown, rows)
    else:
        yield _blocks(shown.headings, rows) if instead is None else instead
    if shown.remark:
        yield Text(visible(shown.remark), style="dim")


def _fits(sheet: Sheet, width: int) -> bool:
    cells = [sheet.headings, *sheet.rows]
    needed = sum(
        _LEAST if heading in _WRAPS else min(max(len(row[at]) for row in cells), _MAX_CELL)
        for at, heading in enumerate(sheet.headings)
    )
    return needed + _GAP * len(sheet.headings) <= width


def _table(sheet: Sheet, rows: Sequence[tuple[str, ...]]) -> RenderableType:
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
        table.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in row))
    return table


def _blocks(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> RenderableType:
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
            lines.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in row))
        parts.append(Padding(lines, (0, 0, 0, 2)))
    return Group(*parts)


def items(marked: Iterable[tuple[Text, str]]) -> RenderableType:
    """A mark and a text that wraps beside it."""
    from rich.table import Table
    from rich.text import Text

    lines = Table.grid(padding=(0, 1, 0, 0))
    for mark, text in marked:
        lines.add_row(Text("  ").append(mark), Text(visible(text), overflow="fold"))
    return lines


def cut(text: str) -> str:
    return text if len(text) <= _MAX_CELL else f"{text[: _MAX_CELL - 1]}…"
