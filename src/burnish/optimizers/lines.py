"""What a candidate changed of the original, block by block: taken back, united, moved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from random import Random
from typing import Literal, NamedTuple

from burnish.optimizers.blocks import BULLET, HEADING, Block, atoms, blocks, join, tags
from burnish.optimizers.demonstrations import Messages
from burnish.optimizers.frozen import is_frozen
from burnish.prompts.merge_text import Clash, merge_texts, text_of
from burnish.prompts.prompt import Message

# Of the signs of two blocks, so many are the same where one is another wording of the other.
_ALIKE = 0.6


class Edit(NamedTuple):
    """Blocks `start` to `end` of the original's message became blocks `first` to `last` of the
    candidate's. `before` or `after` is empty where text came or went."""

    message: int
    kind: Literal["added", "changed", "removed"]
    before: str
    after: str
    start: int
    end: int
    first: int
    last: int


def edits(original: Messages, candidate: Messages) -> tuple[Edit, ...]:
    """In the order of the text. The messages have the same roles, else there are none."""
    if not _alike(original, candidate):
        return ()
    return tuple(
        edit
        for number, (was, now) in enumerate(zip(original, candidate, strict=True))
        if was.content != now.content
        for edit in _edits(number, blocks(was.content), blocks(now.content))
    )


def composed(original: Messages, chosen: Sequence[Edit]) -> Messages:
    """The original with these edits of it. Of two that change the same block, the one that comes
    first stays."""
    fitting: list[Edit] = []
    for edit in chosen:
        if not any(_excludes(edit, other) for other in fitting):
            fitting.append(edit)
    return tuple(
        Message(message.role, _composed(message.content, of_it)) if of_it else message
        for number, message in enumerate(original)
        for of_it in [[edit for edit in fitting if edit.message == number]]
    )


def without(original: Messages, candidate: Messages, k: int) -> Messages:
    """The candidate without its k-th edit (from 0). Raises IndexError where there is none."""
    edit = edits(original, candidate)[k]
    was = blocks(original[edit.message].content)
    now = blocks(candidate[edit.message].content)
    kept = [*now[: edit.first], *was[edit.start : edit.end], *now[edit.last :]]
    at = edit.first + edit.end - edit.start
    gone = now[edit.first : edit.last]
    if gone and at and edit.kind == "added":
        # Where a block came between two, either its gap or the one before is the old one.
        kept[at - 1] = Block(kept[at - 1].text, _wider(kept[at - 1].gap, gone[-1].gap))
    return _replaced(candidate, edit.message, _ended(kept, was))


def merged(original: Messages, a: Messages, b: Messages) -> Messages | None:
    """Both candidates' edits of the original in one; where they touch the same lines, both sides'
    new lines stand one after the other. None where that gives nothing that is not there yet."""
    if not _alike(original, a) or not _alike(original, b):
        return None
    united = tuple(
        Message(was.role, _merged(was.content, ours.content, theirs.content))
        for was, ours, theirs in zip(original, a, b, strict=True)
    )
    return None if united in (original, a, b) else united


def moved(messages: Messages, random: Random) -> Messages | None:
    """Two sections, or two bullets of one list, change places, where their order says nothing.
    None where there are no two such."""
    options = [
        (number, first, second)
        for number, message in enumerate(messages)
        if message.role != "assistant" and not is_frozen(message)
        for first, second in _exchangeable(message.content)
    ]
    if not options:
        return None
    number, first, second = random.choice(options)
    return _replaced(messages, number, _exchanged(messages[number].content, first, second))


def _excludes(one: Edit, other: Edit) -> bool:
    if one.message != other.message:
        return False
    if one.start == one.end or other.start == other.end:
        place, span = (one, other) if one.start == one.end else (other, one)
        return span.start < place.start < span.end
    return one.start < other.end and other.start < one.end


def _composed(text: str, chosen: Sequence[Edit]) -> str:
    was = blocks(text)
    kept: list[Block] = []
    at = 0
    # What is put before a block comes before what it becomes.
    for edit in sorted(chosen, key=lambda each: (each.start, each.end)):
        kept += was[at : edit.start]
        kept += blocks(edit.after) if edit.after else []
        at = max(at, edit.end)
    kept += was[at:]
    return _ended(kept, was)


def _alike(a: Messages, b: Messages) -> bool:
    return [each.role for each in a] == [each.role for each in b]


def _replaced(messages: Messages, number: int, text: str) -> Messages:
    changed = Message(messages[number].role, text)
    return (*messages[:number], changed, *messages[number + 1 :])


def _edits(message: int, was: list[Block], now: list[Block]) -> Iterator[Edit]:
    matcher = SequenceMatcher(None, [b.text for b in was], [b.text for b in now], autojunk=False)
    for kind, start, end, first, last in matcher.get_opcodes():
        if kind == "equal":
            continue
        came = list(_whole_lists(now, first, last))
        for i, j, k, m in _single(start, end, first, last, came):
            name = "added" if i == j else "removed" if k == m else "changed"
            before, after = join(was[i:j]).strip(), join(now[k:m]).strip()
            yield Edit(message, name, before, after, i, j, k, m)


def _single(
    start: int, end: int, first: int, last: int, came: list[tuple[int, int]]
) -> Iterator[tuple[int, int, int, int]]:
    """An edit for each block, where it can be told which became which."""
    if start == end:
        yield from ((start, start, n, m) for n, m in came)
    elif first == last:
        yield from ((n, n + 1, first, first) for n in range(start, end))
    elif end - start == last - first:
        yield from (
            (start + n, start + n + 1, first + n, first + n + 1) for n in range(end - start)
        )
    else:
        yield start, end, first, last


def _whole_lists(now: list[Block], first: int, last: int) -> Iterator[tuple[int, int]]:
    """Each block alone, but a numbered list as one."""
    begun = first
    for n in range(first, last):
        goes_on = n + 1 < last and _is_numbered(now[n]) and _is_numbered(now[n + 1])
        if not goes_on:
            yield begun, n + 1
            begun = n + 1


def _is_numbered(block: Block) -> bool:
    mark = BULLET.match(block.text)
    return mark is not None and mark[0].strip()[:1].isdigit()


def _wider(a: str, b: str) -> str:
    return max(a, b, key=lambda gap: gap.count("\n"))


def _ended(kept: list[Block], was: list[Block]) -> str:
    """Joined with line ends between all, and the original's own end."""
    parts = [
        block if "\n" in block.gap else Block(block.text, block.gap + _gap(block, following))
        for block, following in pairwise(kept)
    ]
    last = [Block(kept[-1].text, was[-1].gap if was else "")] if kept else []
    return join([*parts, *last])


def _gap(block: Block, following: Block) -> str:
    both = BULLET.match(block.text) and BULLET.match(following.text)
    return "\n" if both else "\n\n"


def _merged(base: str, ours: str, theirs: str) -> str:
    parts = merge_texts(base, ours, theirs)
    return text_of(part if isinstance(part, str) else _both(part) for part in parts)


def _both(clash: Clash) -> str:
    """All that one side made of it, and the blocks that are new on the other side. Another wording
    of what stood there comes once."""
    if "{#" in f"{clash.base}{clash.ours}{clash.theirs}":
        return clash.ours  # lines may hold half of a part that is kept
    known = [block for text in (clash.base, clash.ours) for block in blocks(text) if block.text]
    text = clash.ours.rstrip("\n")
    added = False
    for block in blocks(clash.theirs):
        if block.text and not tags(block.text) and not _is_known(block, known):
            last = blocks(text)[-1] if text else None
            between = ("" if last is None else _gap(last, block)) or "\n"
            text = f"{text}{between}{block.text}" if text else f"\n{block.text}"
            added = True
    if not added:
        return clash.ours
    return text + (clash.ours[len(clash.ours.rstrip("\n")) :] or "\n")


def _is_known(block: Block, known: Sequence[Block]) -> bool:
    return any(block.key == other.key or _is_reworded(block.key, other.key) for other in known)


def _is_reworded(a: str, b: str) -> bool:
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    likely = matcher.real_quick_ratio() > _ALIKE and matcher.quick_ratio() > _ALIKE
    return likely and matcher.ratio() > _ALIKE


Unit = tuple[int, int]
"""From and to which character; the gap behind it stays where it is."""


def _exchangeable(text: str) -> list[tuple[Unit, Unit]]:
    parts = blocks(text)
    found: list[tuple[Unit, Unit]] = []
    for group in (*_sections(parts), *_lists(parts)):
        free = [unit for unit in group if _is_free(text[unit[0] : unit[1]])]
        found += pairwise(free)
    return found


def _lists(parts: Sequence[Block]) -> Iterator[list[Unit]]:
    """Bullets in a row; numbers say an order."""
    row: list[Unit] = []
    at = 0
    for part in parts:
        if BULLET.match(part.text) and not _is_numbered(part):
            row.append((at, at + len(part.text)))
        else:
            yield row
            row = []
        at += len(part.text) + len(part.gap)
    yield row


def _sections(parts: Sequence[Block]) -> Iterator[list[Unit]]:
    """From heading to heading of one level, in a row."""
    heads = [n for n, part in enumerate(parts) if HEADING.match(part.text)]
    levels = [len(parts[n].text) - len(parts[n].text.lstrip(" \t#")) for n in heads]
    top = min(levels, default=0)
    heads = [n for n, level in zip(heads, levels, strict=True) if level == top]
    row: list[Unit] = []
    for n, after in zip(heads, [*heads[1:], len(parts)], strict=False):
        start = len(join(parts[:n]))
        section = join(parts[n:after])
        row.append((start, start + len(section.rstrip())))
    yield row


_ORDERED = ("above", "below", "then", "next", "following", "previous", "first", "finally", "after")


def _is_free(unit: str) -> bool:
    """Whether it may stand elsewhere: no inputs or code in it, no word that points around it."""
    words = set(unit.casefold().replace(".", " ").replace(",", " ").split())
    return not atoms(unit) and not words & set(_ORDERED)


def _exchanged(text: str, first: Unit, second: Unit) -> str:
    (a, b), (c, d) = first, second
    return text[:a] + text[c:d] + text[b:c] + text[a:b] + text[d:]
