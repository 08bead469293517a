"""A document cut into the pieces that are searched and shown to a model.

A piece holds one section at most, so that its headings say what it is about; a fence, a table or
a paragraph is cut only where it is longer than a piece may be. A section that is cut goes on with
the end of the piece before, so that no sentence stands without its beginning.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from burnish.intents.tokens import estimate_tokens
from burnish.library.knowledge.blocks import Block, BlockKind, blocks
from burnish.library.knowledge.document_text import DocumentText
from burnish.storage.knowledge import Chunk

MOST_TOKENS: Final = 400
"""A piece has no more, estimated."""
_ENOUGH_TOKENS = 300
_OVERLAP_TOKENS = 50
_OVERLAP_CHARS = 240
# One letter is at most 1.25 estimated tokens, so this much always fits.
_HARD_CHARS = 300
_SMALL_CHARS = 60
# Where a block is cut that is too long, the first way that makes it short enough.
_CUTS = (
    re.compile(r"\n"),
    re.compile(r"(?<=[.!?;])\s+|(?<=[\u3002\uff01\uff1f\uff1b])"),
    re.compile(r"\s+|(?<=[\u3001\uff0c])"),
)
_SENTENCE = re.compile(r"(?:\n|(?<=[.!?])\s+|(?<=[\u3002\uff01\uff1f]))(?=\S)")
HEADINGS_BETWEEN: Final = " > "


class _Atom(msgspec.Struct, frozen=True):
    """What is not cut any more. `whole` says that it is a block, not a part of one."""

    start: int
    end: int
    kind: BlockKind
    whole: bool


class _Section(msgspec.Struct):
    heading: tuple[str, ...]
    page: int | None
    blocks: list[Block]
    only_headings: bool = True


def pieces(document: DocumentText) -> list[Chunk]:
    """Every sign of the text but white space is in one of them, in order; each has at most
    `MOST_TOKENS` estimated tokens. The same text gives the same pieces."""
    text = document.text
    breaks = [match.start() for match in re.finditer("\n", text)]
    made: list[Chunk] = []
    for section in _sections(document):
        for start, end in _spans(text, section.blocks):
            body = text[start:end]
            first = bisect_right(breaks, start - 1)
            last = bisect_right(breaks, end - 1)
            made.append(
                Chunk(
                    body=body,
                    heading=HEADINGS_BETWEEN.join(section.heading),
                    page=section.page,
                    first_line=_line(document, first),
                    last_line=_line(document, last),
                    tokens=estimate_tokens(body),
                )
            )
    return made


def _line(document: DocumentText, number: int) -> int | None:
    if not document.has_lines:
        return None
    return document.lines[number] if document.lines else number + 1


def _sections(document: DocumentText) -> Iterator[_Section]:
    """A heading right under another one begins no section of its own: the upper one would have
    nothing to say."""
    path: list[tuple[int, str]] = []
    current = _Section((), None, [])
    for block in blocks(document):
        page = bisect_right(document.pages, block.start) or None
        if block.kind == "heading":
            path = [each for each in path if each[0] < block.level] + [(block.level, block.title)]
        begins = block.kind == "heading" and not current.only_headings
        if page != current.page or begins:
            if current.blocks:
                yield current
            current = _Section(current.heading, page, [])
        if block.kind == "heading":
            current.heading = tuple(title for _, title in path if title)
        else:
            current.only_headings = False
        current.blocks.append(block)
    if current.blocks:
        yield current


def _spans(text: str, section: Sequence[Block]) -> Iterator[tuple[int, int]]:
    """Begin and end of each piece of a section."""
    atoms = [atom for block in section for atom in _atoms(text, block)]
    begin = 0
    while begin < len(atoms):
        start = _overlap(text, atoms, begin)
        end = begin + 1
        while end < len(atoms) and _goes_on(text, start, atoms, end):
            end += 1
        yield start, atoms[end - 1].end
        begin = end


def _goes_on(text: str, start: int, atoms: Sequence[_Atom], number: int) -> bool:
    """Whether the atom still belongs to the piece. A heading is never the last of one."""
    before, atom = atoms[number - 1], atoms[number]
    if before.kind == "heading" and number + 1 < len(atoms) and atom.kind == "heading":
        return _fits(text, start, atom.end)
    if before.end > start and before.kind != "heading":
        enough = estimate_tokens(text[start : before.end]) >= _ENOUGH_TOKENS
        if enough and atom.whole:
            return False
    return _fits(text, start, atom.end)


def _fits(text: str, start: int, end: int) -> bool:
    # No estimate is higher than this.
    if (end - start) * 5 <= MOST_TOKENS * 4:
        return True
    return estimate_tokens(text[start:end]) <= MOST_TOKENS


def _overlap(text: str, atoms: Sequence[_Atom], begin: int) -> int:
    """Where the piece starts that has the atom `begin` as its first new one."""
    own = atoms[begin].start
    if not begin:
        return own
    before = atoms[begin - 1]
    if before.whole and before.kind in ("fence", "table"):
        return own
    low = max(before.start, own - _OVERLAP_CHARS)
    places = [low] if low == before.start else []
    places += [match.end() for match in _SENTENCE.finditer(text, low, before.end)]
    for place in places:
        short = estimate_tokens(text[place:own]) <= _OVERLAP_TOKENS
        if short and _fits(text, place, atoms[begin].end):
            return place
    return own


def _atoms(text: str, block: Block) -> Iterator[_Atom]:
    if _fits(text, block.start, block.end):
        yield _Atom(block.start, block.end, block.kind, whole=True)
        return
    for start, end in _cut(text, block.start, block.end, 0):
        yield _Atom(start, end, block.kind, whole=False)


def _cut(text: str, start: int, end: int, way: int) -> Iterator[tuple[int, int]]:
    """Parts without the white space between them, each short enough."""
    if way == len(_CUTS):
        for place in range(start, end, _HARD_CHARS):
            yield place, min(end, place + _HARD_CHARS)
        return
    for low, high in _parted(text, start, end, _CUTS[way]):
        # Half of what is enough leaves room for what stands before it.
        if _is_short(text, low, high):
            yield low, high
        else:
            yield from _cut(text, low, high, way + 1)


def _is_short(text: str, start: int, end: int) -> bool:
    if (end - start) * 5 <= _ENOUGH_TOKENS * 2:
        return True
    return estimate_tokens(text[start:end]) <= _ENOUGH_TOKENS // 2


def _parted(text: str, start: int, end: int, cut: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Parts as long as `_SMALL_CHARS` at least, so that there are not too many of them."""
    low = start
    for match in cut.finditer(text, start, end):
        if match.start() - low >= _SMALL_CHARS:
            yield low, match.start()
            low = match.end()
    if low < end:
        yield low, end
