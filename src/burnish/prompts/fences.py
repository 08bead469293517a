"""Fenced code blocks of Markdown, found in time linear in the text whatever it holds."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from itertools import accumulate

# The run of marks is taken whole (`++`): trying shorter ones would take quadratic time.
_OPENS = re.compile(r"(?P<indent>[ \t]*+)(?P<marks>`{3,}+|~{3,}+)")
_CLOSES = re.compile(r"(?P<indent>[ \t]*+)(?P<marks>`{3,}+|~{3,}+)[`~]*+[ \t]*+\r?\Z")


def fences(text: str) -> list[tuple[int, int]]:
    """(start, end) of each block, its last line end apart. A block ends at the first later line
    with the same indent and at least as many marks; without one it is no block."""
    lines = text.split("\n")
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
    closers = _closers(lines)
    found: list[tuple[int, int]] = []
    number = 0
    while number < len(lines):
        opens = _OPENS.match(lines[number])
        last = closers[_kind(opens)].after(number, len(opens["marks"])) if opens else None
        if last is not None:
            found.append((starts[number], starts[last + 1] - 1))
            number = last
        number += 1
    return found


class _Closers:
    """Lines of one indent and mark that can close a block. `longest[i]` is the longest run of
    marks from the i-th of them on, so that no block is looked for where there is none."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.runs: list[int] = []
        self.longest: list[int] = []

    def after(self, number: int, run: int) -> int | None:
        first = bisect_right(self.numbers, number)
        if first == len(self.numbers) or self.longest[first] < run:
            return None
        return next(self.numbers[i] for i in range(first, len(self.runs)) if self.runs[i] >= run)


def _closers(lines: list[str]) -> defaultdict[tuple[str, str], _Closers]:
    found: defaultdict[tuple[str, str], _Closers] = defaultdict(_Closers)
    for number, line in enumerate(lines):
        if closes := _CLOSES.match(line):
            kind = found[_kind(closes)]
            kind.numbers.append(number)
            kind.runs.append(len(closes["marks"]))
    for kind in found.values():
        kind.longest = list(accumulate(reversed(kind.runs), max))[::-1]
    return found


def _kind(line: re.Match[str]) -> tuple[str, str]:
    return line["indent"], line["marks"][0]
