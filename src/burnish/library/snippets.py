"""The piece of a text that a search found, and where in it the words stand."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

import msgspec

from burnish.library.embedders import plain, stem

LENGTH = 200
_FOREIGN = re.compile(r"[^\W_]*[^\W_\x00-\x7f][^\W_]*")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
# Of a long text only so much is looked through.
_MOST = 200_000
# Characters before the first word found.
_LEAD = 60


class Snippet(msgspec.Struct, frozen=True, kw_only=True):
    """`marks` are begin and end of each word found, as offsets into `text`; `before` and `after`
    tell whether the text goes on there."""

    text: str
    marks: tuple[tuple[int, int], ...] = ()
    before: bool = False
    after: bool = False


def snippet(text: str, words: Sequence[str], length: int = LENGTH) -> Snippet:
    """The `length` characters that hold most of the different words, else the beginning."""
    found = _places(text[:_MOST], words)
    start = _start(found, len(text), length)
    first = next((a for a, _, _ in found if a >= start), len(text))
    start, end = _rounded(text, start, length, first)
    piece = text[start:end]
    marks = [(a - start, b - start) for a, b, _ in found if start <= a and b <= end]
    return Snippet(
        text=piece,
        marks=tuple(marks),
        before=bool(text[:start].strip()),
        after=bool(text[end:].strip()),
    )


def _places(text: str, words: Sequence[str]) -> list[tuple[int, int, str]]:
    wanted = {stem(plain(word)) for word in words}
    parts = {word for word in words if _UNSPACED.search(word)}
    found = [
        (match.start(), match.end(), root)
        for match in _likely(text, wanted)
        if (root := stem(plain(match[0]))) in wanted
    ]
    for part in parts:
        pattern = re.escape(part)
        found += [(m.start(), m.end(), part) for m in re.finditer(pattern, text)]
    return _apart(sorted(found))


def _likely(text: str, wanted: Collection[str]) -> Iterator[re.Match[str]]:
    """The words of the text that can have one of these stems, which any word begins with, and
    those with letters that are written in several ways. Most texts have few of either."""
    if begun := "|".join(re.escape(root) for root in wanted if root.isascii()):
        yield from re.finditer(rf"(?<![^\W_])(?:{begun})[^\W_]*", text, re.IGNORECASE)
    if not text.isascii():
        yield from _FOREIGN.finditer(text)


def _apart(found: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    kept: list[tuple[int, int, str]] = []
    for each in found:
        if not kept or each[0] >= kept[-1][1]:
            kept.append(each)
    return kept


def _start(found: list[tuple[int, int, str]], size: int, length: int) -> int:
    """Where a window begins that holds most different words, and of those most places."""
    best, start, first = (0, 0), 0, 0
    for last, (_, end, _) in enumerate(found):
        while end - found[first][0] > length:
            first += 1
            if first > last:
                break
        inside = found[first : last + 1]
        rank = (len({root for _, _, root in inside}), len(inside))
        if rank > best:
            spare = max(0, length - (end - found[first][0]))
            best, start = rank, found[first][0] - min(spare // 2, _LEAD)
    return max(0, min(start, size - length))


def _rounded(text: str, start: int, length: int, first: int) -> tuple[int, int]:
    """The window without half words at its ends, where a word's end is near."""
    end = min(len(text), start + length)
    if start > 0:
        gap = re.search(r"\s", text[start : min(start + 20, first)])
        start += gap.end() if gap else 0
    if end < len(text):
        gap = re.search(r"\s\S{0,20}\Z", text[start:end])
        end = start + gap.start() if gap and gap.start() else end
    return start, end
