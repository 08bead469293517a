"""Two changes of one text brought together: by line, and by word where both touch the same lines.

The rule of three-way merging (Khanna, Kunal and Pierce, "A formal investigation of diff3", 2007):
what only one side changed is taken from that side, what both changed alike is taken once, and what
they changed differently is a conflict. Words of the same lines conflict as soon as nothing but
space lies between the two changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from burnish.prompts.diff import edits_of, lines_of, words_of

_MOST_CHARS = 20_000


class Clash(msgspec.Struct, frozen=True):
    """What stood there, and what each side made of it; `line` is the first line, from 1, in the
    text that both came from."""

    base: str
    ours: str
    theirs: str
    line: int = 1


class _Edit(msgspec.Struct, frozen=True):
    """Tokens `start` to `end` of the base become `tokens`."""

    start: int
    end: int
    tokens: tuple[str, ...]
    is_ours: bool


Part = str | Clash


def merge_texts(base: str, ours: str, theirs: str) -> tuple[Part, ...]:
    """Texts and clashes in their order, no two texts in a row. Every line has its end, the last
    one too, so that what follows never runs into it; `text_of` takes the last one away again."""
    ends = [f"{text}\n" for text in (base, ours, theirs)]
    return tuple(_joined(_by_line(*ends)))


def text_of(parts: Iterable[str]) -> str:
    """The text of parts without clashes."""
    return "".join(parts).removesuffix("\n")


def _by_line(base: str, ours: str, theirs: str) -> Iterator[Part]:
    line = 1
    for part in _merged(lines_of(base), lines_of(ours), lines_of(theirs), touching=False):
        if isinstance(part, str):
            yield part
            continue
        text, clash = part
        line += text.count("\n")
        yield text
        yield from _by_word(clash, line)
        line += clash.base.count("\n")


def _by_word(clash: Clash, line: int) -> Iterator[Part]:
    """Word by word; the whole lines clash where any of their words do, as words alone would be
    hard to judge."""
    texts = (clash.base, clash.ours, clash.theirs)
    if clash.base and sum(map(len, texts)) <= _MOST_CHARS:
        parts = list(_merged(*map(words_of, texts), touching=True))
        if all(isinstance(part, str) for part in parts):
            yield from (part for part in parts if isinstance(part, str))
            return
    yield Clash(*texts, line)


def _merged(
    base: Sequence[str], ours: Sequence[str], theirs: Sequence[str], *, touching: bool
) -> Iterator[str | tuple[str, Clash]]:
    """Texts, and clashes each with the unchanged base text before it."""
    edits = [*_edits(base, ours, is_ours=True), *_edits(base, theirs, is_ours=False)]
    at = 0
    for group in _groups(base, sorted(edits, key=_place), touching=touching):
        start, end = group[0].start, max(edit.end for edit in group)
        before = "".join(base[at:start])
        at = end
        mine = _applied(base, start, end, [edit for edit in group if edit.is_ours])
        other = _applied(base, start, end, [edit for edit in group if not edit.is_ours])
        one_side = all(edit.is_ours for edit in group) or not any(edit.is_ours for edit in group)
        if one_side or mine == other:
            yield before
            yield mine if group[0].is_ours or mine == other else other
        else:
            yield before, Clash("".join(base[start:end]), mine, other)
    yield "".join(base[at:])


def _edits(base: Sequence[str], side: Sequence[str], *, is_ours: bool) -> Iterator[_Edit]:
    """One for each token where as many came as went: neighbours may be merged apart."""
    for start, end, first, last in edits_of(base, side):
        i, j, k, m = start, end, first, last
        # Space is no anchor to the comparison, so a block may begin or end with what is the same.
        while i < j and k < m and base[i] == side[k]:
            i, k = i + 1, k + 1
        while i < j and k < m and base[j - 1] == side[m - 1]:
            j, m = j - 1, m - 1
        if j - i != m - k:
            yield _Edit(i, j, tuple(side[k:m]), is_ours)
            continue
        for n in range(j - i):
            if base[i + n] != side[k + n]:
                yield _Edit(i + n, i + n + 1, (side[k + n],), is_ours)


def _place(edit: _Edit) -> tuple[int, int]:
    return edit.start, edit.end


def _groups(base: Sequence[str], edits: list[_Edit], *, touching: bool) -> Iterator[list[_Edit]]:
    """Edits that belong together, because those of the two sides overlap."""
    group: list[_Edit] = []
    for edit in edits:
        if group and not any(_meet(base, old, edit, touching=touching) for old in group):
            yield group
            group = []
        group.append(edit)
    if group:
        yield group


def _meet(base: Sequence[str], first: _Edit, second: _Edit, *, touching: bool) -> bool:
    if first.is_ours == second.is_ours:
        return False
    if touching:
        return not "".join(base[first.end : second.start]).strip()
    # Two insertions at one place have no order.
    same_place = first.start == first.end == second.start == second.end
    return same_place or second.start < first.end


def _applied(base: Sequence[str], start: int, end: int, edits: list[_Edit]) -> str:
    tokens: list[str] = []
    at = start
    for edit in edits:
        tokens += base[at : edit.start]
        tokens += edit.tokens
        at = edit.end
    return "".join([*tokens, *base[at:end]])


def _joined(parts: Iterator[Part]) -> Iterator[Part]:
    texts: list[str] = []
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
            continue
        if joined := "".join(texts):
            yield joined
        texts = []
        yield part
    if joined := "".join(texts):
        yield joined
