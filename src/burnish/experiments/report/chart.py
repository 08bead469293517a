"""Intervals as lines of characters: one below the other, on one scale, with 0 marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from burnish.experiments.report.scale import Scale

_GAP = 2
# Less tells nothing; more is wider than the eye follows.
_LEAST, _MOST = 20, 100


class Bar(NamedTuple):
    label: str
    aside: str
    value: float
    low: float
    high: float


def chart(bars: Sequence[Bar], scale: Scale, headings: tuple[str, str], width: int) -> list[str]:
    """The first line is the scale; the others are `bars`. `<` and `>` say that an interval goes on
    where the scale ends. No line is wider than `width`, from 40 on."""
    from rich.cells import cell_len, set_cell_size

    aside = max(len(each) for each in (headings[1], *(bar.aside for bar in bars)))
    wanted = max(cell_len(each) for each in (headings[0], *(bar.label for bar in bars)))
    label = min(wanted, max(width - aside - 2 * _GAP - _LEAST, 1))
    room = min(max(width - label - aside - 2 * _GAP, _LEAST), _MOST)
    gap = " " * _GAP

    def line(name: str, beside: str, drawn: str) -> str:
        return f"{set_cell_size(name, label)}{gap}{beside:>{aside}}{gap}{drawn}".rstrip()

    lines = [line(headings[0], headings[1], _axis(scale, room))]
    return lines + [line(bar.label, bar.aside, _drawn(bar, scale, room)) for bar in bars]


def _cell(scale: Scale, value: float, room: int) -> int:
    return round(scale.place(value) * (room - 1))


def _axis(scale: Scale, room: int) -> str:
    """Each label over its place, as far as there is room; 0 always."""
    cells = [" "] * room
    for tick in sorted(scale.ticks, key=abs):
        text = scale.label(tick)
        start = _cell(scale, tick, room) - len(text) // 2
        start = min(max(start, 0), room - len(text))
        around = cells[max(start - 1, 0) : start + len(text) + 1]
        if all(cell == " " for cell in around):
            cells[start : start + len(text)] = text
    return "".join(cells)


def _drawn(bar: Bar, scale: Scale, room: int) -> str:
    cells = [" "] * room
    zero = _cell(scale, 0.0, room)
    low, high = _cell(scale, bar.low, room), _cell(scale, bar.high, room)
    cells[low : high + 1] = "─" * (high + 1 - low)
    cells[zero] = "┼" if low < zero < high else "│"
    cells[low] = "├" if bar.low >= scale.low else "<"
    cells[high] = "┤" if bar.high <= scale.high else ">"
    if scale.low <= bar.value <= scale.high:
        cells[_cell(scale, bar.value, room)] = "●"
    return "".join(cells)
