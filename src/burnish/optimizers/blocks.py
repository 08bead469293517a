"""A prompt's text as blocks: bullets, headings, paragraphs, and what must not be cut."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from burnish.optimizers.frozen import EXAMPLES, Span, spans
from burnish.prompts.fences import fences
from burnish.prompts.preserve import json_blocks
from burnish.prompts.tags import STRING, TAG

BULLET = re.compile(r"[ \t]*(?:[-*+•]|\d{1,4}[.)])[ \t]+")
HEADING = re.compile(r"\A[ \t]*#{1,6}[ \t]")
_ENDED = re.compile(r"[.!?:;。！？：；|>}][\"'”’)\]*_]*\s*\Z")  # noqa: RUF001 - other scripts
_FENCE = re.compile(r"\A[ \t]*(?:```|~~~|\{[%#])")
_OPENERS = frozenset({"if", "for", "macro", "filter", "with", "autoescape", "call", "block"})
_WORD = re.compile(r"\w+")
_SET = re.compile(r"set\b[^=]*\Z")
_LITERAL = re.compile(rf"\s*{STRING}\s*\Z")
_MARKUP = re.compile(r"</?[\w-]+[^<>\n]{0,80}>|[*_\"'`~]+")
# A line that carries an input says little else: a label, or marks around it.
_LABEL_WORDS = 8


class Block(NamedTuple):
    """`gap` is what stands between it and the next: line ends and blank lines."""

    text: str
    gap: str

    @property
    def key(self) -> str:
        """The same for blocks that differ in their bullet or number, case and spaces alone."""
        return " ".join(BULLET.sub("", self.text, count=1).casefold().split()).rstrip(".!;:,")


class Tag(NamedTuple):
    """`logic` says that it is a block tag, or stands inside of one: `{% for %}…{% endfor %}`."""

    start: int
    end: int
    text: str
    logic: bool


def join(blocks: Iterable[Block]) -> str:
    return "".join(block.text + block.gap for block in blocks)


def blocks(text: str) -> list[Block]:
    """`join` gives the text again, character for character. Blank lines at the top are a block
    without text."""
    return list(_blocks(text))


# A search looks at the same few texts again and again.
@lru_cache(maxsize=256)
def _blocks(text: str) -> tuple[Block, ...]:
    lines = list(_lines(text))
    starts = [start for start, _ in lines[:1]]
    whole = _Inside(atoms(text))
    before, in_bullet = "", False
    for start, line in lines:
        if not line.strip():
            if start not in whole:
                before = ""
            continue
        begins = start not in whole and _begins(line, before, in_bullet=in_bullet)
        if begins:
            starts.append(start)
            in_bullet = bool(BULLET.match(line))
        before = line
    return tuple(_block(text, *span) for span in _between(starts, len(text)))


def tags(text: str) -> list[Tag]:
    """Live tags that are neither comments nor raw text, nor print a fixed text."""
    return list(_tags(text)) if "{{" in text or "{%" in text else []


@lru_cache(maxsize=1024)
def _tags(text: str) -> tuple[Tag, ...]:
    found: list[Tag] = []
    depth = 0
    for tag in TAG.finditer(text):
        block, expression = tag["block"], tag["expression"]
        if block is None and (expression is None or _LITERAL.match(expression)):
            continue
        step = _depth(block) if block is not None else 0
        found.append(Tag(tag.start(), tag.end(), _plain(tag[0]), block is not None or bool(depth)))
        depth = max(0, depth + step)
    return tuple(found)


def comments_of(text: str) -> set[str]:
    return {tag[0] for tag in TAG.finditer(text) if tag["comment"] is not None}


def atoms(text: str) -> list[Span]:
    """What is moved, dropped or replaced as one: code, data, template logic, kept parts."""
    found = [*fences(text), *spans(text), *spans(text, EXAMPLES), *_data(text), *_logic(text)]
    found += [tag.span() for tag in TAG.finditer(text)]
    return united(found)


def united(parts: Iterable[Span]) -> list[Span]:
    """In their order, with those that meet made one."""
    found: list[Span] = []
    for start, end in sorted(parts):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def input_start(text: str) -> int | None:
    """Where the section begins that carries the inputs at the end of a prompt; None where the
    inputs stand inside of its sentences, or there are none."""
    parts = blocks(text)
    last = next((n for n in range(len(parts) - 1, -1, -1) if carries(parts[n].text)), None)
    if last is None:
        return None
    while last and carries(parts[last - 1].text):
        last -= 1
    while last and _is_label(parts[last - 1].text):
        last -= 1
    return len(join(parts[:last]))


def split(text: str) -> tuple[str, str]:
    """The instructions, and the section of the inputs behind them: what is added stands between.
    Where more follows the inputs than they, all is instructions."""
    at = input_start(text)
    if at is None or (not text[:at].strip() and any(map(_instructs, blocks(text)))):
        return text, ""
    return text[:at], text[at:]


def _instructs(block: Block) -> bool:
    return bool(block.text) and not carries(block.text) and not _is_label(block.text)


def with_rule(text: str, rule: str) -> str:
    """The text with one more rule: at the end of its instructions, in their list where they end
    with one."""
    head, tail = split(text)
    stripped = head.rstrip()
    last = blocks(stripped)[-1].text if stripped else ""
    if not stripped:
        return f"{rule}\n\n{tail}"
    in_list = BULLET.match(last) and BULLET.match(rule)
    gap = head[len(stripped) :] or ("\n\n" if tail else "")
    return f"{stripped}{chr(10) if in_list else chr(10) * 2}{rule}{gap}{tail}"


class _Inside:
    """Places that lie inside of spans, not at their begin."""

    def __init__(self, found: list[Span]) -> None:
        self._starts = [start for start, _ in found]
        self._ends = [end for _, end in found]

    def __contains__(self, at: int) -> bool:
        place = bisect_right(self._starts, at - 1) - 1
        return place >= 0 and self._starts[place] < at < self._ends[place]


def _begins(line: str, before: str, *, in_bullet: bool) -> bool:
    if in_bullet and before and line[:1] in " \t":
        return False  # what a bullet holds
    if not before or any(found.match(line) for found in (BULLET, HEADING, _FENCE)):
        return True
    return any(found.search(before) for found in (_ENDED, _FENCE, HEADING))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    at = 0
    for line in text.split("\n"):
        yield at, line
        at += len(line) + 1


def _between(starts: list[int], end: int) -> Iterator[Span]:
    places = list(dict.fromkeys([*starts, end]))
    yield from pairwise(places)


def _block(text: str, start: int, end: int) -> Block:
    part = text[start:end]
    kept = part.rstrip()
    return Block(kept, part[len(kept) :])


def _data(text: str) -> Iterator[Span]:
    at = 0
    for found in json_blocks(text):
        start = text.find(found, at)
        if start >= 0:
            at = start + len(found)
            yield start, at


def _logic(text: str) -> Iterator[Span]:
    depth, opened = 0, 0
    for tag in TAG.finditer(text) if "{%" in text else ():
        step = _depth(tag["block"]) if tag["block"] is not None else 0
        if step > 0 and depth == 0:
            opened = tag.start()
        depth = max(0, depth + step)
        if step < 0 and depth == 0:
            yield opened, tag.end()


def _depth(block: str) -> int:
    word = _WORD.search(block)
    name = word[0] if word else ""
    if name.startswith("end"):
        return -1
    return int(name in _OPENERS or bool(_SET.match(block.strip("-+ \t\n"))))


def _plain(tag: str) -> str:
    """One way of writing it: `{{text}}` and `{{- text -}}` are `{{ text }}`."""
    inside = " ".join(tag[2:-2].strip("-+ \t\r\n").split())
    if not re.search(r"[\"']", inside):
        inside = re.sub(r"\s*\|\s*", " | ", inside)
    return f"{tag[:2]} {inside} {tag[-2:]}"


def carries(text: str) -> bool:
    """Whether its lines say no more than the names of the inputs that they hold."""
    found = tags(text)
    rest = text
    for tag in reversed(found):
        rest = f"{rest[: tag.start]}\0{rest[tag.end :]}"
    lines = [line for line in rest.split("\n") if line.strip()]
    return bool(found) and all(_is_label(line.replace("\0", " ")) for line in lines)


def _is_label(text: str) -> bool:
    if "\n" in text:
        return False
    bare = _MARKUP.sub(" ", text).strip()
    if not _WORD.search(bare):
        return True
    return len(_WORD.findall(bare)) <= _LABEL_WORDS and (
        bare.endswith((":", "：", "=")) or bool(HEADING.match(text))  # noqa: RUF001
    )
