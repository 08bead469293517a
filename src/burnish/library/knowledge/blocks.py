"""The blocks of a text: headings, fences, tables and paragraphs, each as offsets into it."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import Literal

import msgspec

from burnish.library.knowledge.document_text import DocumentText
from burnish.prompts.fences import fences

BlockKind = Literal["heading", "fence", "table", "paragraph"]
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t#]*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_ROW = re.compile(r"[ \t]*\|.*\|[ \t]*$")
# Longer lines are no titles.
_MAX_TITLE = 200


class Block(msgspec.Struct, frozen=True):
    """`level` and `title` are those of a heading."""

    start: int
    end: int
    kind: BlockKind
    level: int = 0
    title: str = ""


def blocks(document: DocumentText) -> list[Block]:
    """All of the text but its blank lines, in order. Only structured texts have anything but
    paragraphs; a page ends each paragraph."""
    text = document.text
    lines = text.split("\n")
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
    fenced = dict(fences(text)) if document.structured else {}
    pages = set(document.pages)
    found: list[Block] = []
    number = 0
    while number < len(lines):
        start = starts[number]
        if start in fenced:
            found.append(Block(start, fenced[start], "fence"))
            while starts[number + 1] <= fenced[start]:
                number += 1
        elif lines[number].strip():
            block = _block(lines, number, start, structured=document.structured)
            joins = found and found[-1].end + 1 == start and start not in pages
            _add(found, block, joins=bool(joins))
        number += 1
    return found


def _block(lines: list[str], number: int, start: int, *, structured: bool) -> Block:
    line = lines[number]
    end = start + len(line)
    if not structured or len(line) > _MAX_TITLE:
        return Block(start, end, "paragraph")
    if heading := _HEADING.match(line):
        return Block(start, end, "heading", len(heading[1]), heading[2].strip())
    if _ROW.match(line):
        return Block(start, end, "table")
    follows = lines[number + 1] if number + 1 < len(lines) else ""
    if line[:1].strip() and line[0] not in "-*+>|=" and (under := _UNDERLINE.match(follows)):
        before = lines[number - 1] if number else ""
        if not before.strip():
            level = 1 if under[1][0] == "=" else 2
            return Block(start, end + 1 + len(follows), "heading", level, line.strip())
    return Block(start, end, "paragraph")


def _add(found: list[Block], block: Block, *, joins: bool) -> None:
    """Lines of one kind without a blank line between them are one block."""
    last = found[-1] if found else None
    if last is not None and block.start < last.end:
        return  # the line under a heading
    if joins and last is not None and last.kind == block.kind and block.kind != "heading":
        found[-1] = Block(last.start, block.end, block.kind)
    else:
        found.append(block)
