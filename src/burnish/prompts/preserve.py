"""Law 2: what a user wrote survives every transformation, or the result is rejected.

`added_around` is for transformations that only add (techniques, the offline composer): the
user's text must stand in the result unbroken. `lost` is for rewrites (phases, optimisers,
merges): wording may change, structure may not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Literal

import msgspec

from burnish.errors import StructureLost
from burnish.prompts.fences import fences
from burnish.prompts.tags import INCLUDE

LossKind = Literal["variable", "include", "code", "json", "table", "url", "number", "line breaks"]


class Loss(msgspec.Struct, frozen=True):
    kind: LossKind
    text: str

    def __str__(self) -> str:
        shown = self.text if len(self.text) <= 60 else f"{self.text[:57]}…"
        return f"{self.kind} {shown!r}"


_INLINE_CODE = re.compile(r"(?<!`)`[^`\n]+`(?!`)")
_VARIABLE = re.compile(
    r"\{\{-?\s*+([A-Za-z_][\w.]*+)[^{}\n]*\}\}|(?<![\w{])\{([A-Za-z_]\w*)\}(?!\})"
)
_BLOCK_TAG = re.compile(r"\{%[^{}%]*(?:%(?!\})[^{}%]*)*%\}")
_INCLUDE = re.compile(INCLUDE)
_URL = re.compile(r"\bhttps?://[^\s<>\"'`)\]}]+[^\s<>\"'`)\]}.,;:!?]")
_TABLE_ROW = re.compile(r"^[ \t]*\|.*\|[ \t]*\r?$", re.MULTILINE)
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d[\d.,:/]*\d|(?<![\w.])\d")
_LINE_BREAK = re.compile(r"\r\n|\r|\n")


def lost(before: str, after: str) -> tuple[Loss, ...]:
    """Every protected part of `before` that occurs less often in `after`."""
    remaining = Counter(_parts(after))
    losses: list[Loss] = []
    for part, times in Counter(_parts(before)).items():
        if part.kind == "number":
            # A number may move into other surroundings ("3" into "3."), so it is looked for.
            kept = remaining[part] >= times or _number_kept(part.text, after, times)
        elif part.kind in ("variable", "include"):
            kept = remaining[part] >= times  # its name in plain words is no variable
        else:
            kept = remaining[part] >= times or after.count(part.text) >= times
        if not kept:
            losses.append(part)
    if _breaks(before) > _breaks(after):
        losses.append(Loss("line breaks", f"{_breaks(before)} before, {_breaks(after)} after"))
    return tuple(losses)


def added_around(before: str, after: str) -> bool:
    """Whether `after` holds the whole of `before`, character by character."""
    return before in after


def require_kept(before: str, after: str) -> None:
    """Raises StructureLost naming what a rewrite dropped."""
    losses = lost(before, after)
    if losses:
        shown = ", ".join(str(loss) for loss in losses[:5])
        more = f" and {len(losses) - 5} more" if len(losses) > 5 else ""
        raise StructureLost(
            f"the rewrite lost {shown}{more}", hint="it was rejected and the text kept as it was"
        )


def _parts(text: str) -> Iterator[Loss]:
    pieces: list[str] = []
    end = 0
    for start, stop in fences(text):
        yield Loss("code", text[start:stop].rstrip("\r"))
        pieces.append(text[end:start])
        end = stop
    rest = "\n".join([*pieces, text[end:]])
    for block in json_blocks(rest):
        yield Loss("json", block)
        rest = rest.replace(block, "\n", 1)
    for code in _INLINE_CODE.finditer(rest):
        yield Loss("code", code[0])
    for match in _VARIABLE.finditer(text):
        yield Loss("variable", match[1] or match[2])
    for tag in _INCLUDE.finditer(text):
        yield Loss("include", tag[0])
    for tag in _BLOCK_TAG.finditer(_INCLUDE.sub(" ", rest)):
        yield Loss("variable", tag[0])
    for url in _URL.finditer(rest):
        yield Loss("url", url[0])
    for row in _TABLE_ROW.finditer(rest):
        yield Loss("table", row[0].strip())
    for number in _NUMBER.finditer(_URL.sub(" ", _TABLE_ROW.sub(" ", rest))):
        yield Loss("number", number[0])


def json_blocks(text: str) -> list[str]:
    """The outermost `{…}` and `[…]` spans that are valid JSON, in the order of the text."""
    blocks: list[str] = []
    end = 0
    # Reading a span costs its length, so nested spans of a hostile text get one budget together.
    budget = 10 * len(text) + 1000
    for start, stop in sorted(_bracketed(text), key=lambda span: (span[0], -span[1])):
        if start < end:
            continue
        budget -= stop - start
        if budget < 0:
            break
        if _is_json(text[start:stop]):
            blocks.append(text[start:stop])
            end = stop
    return blocks


def _bracketed(text: str) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    opened: list[int] = []
    in_string = False
    for token in re.finditer(r"\\.|[\"{}\[\]\n]", text):
        char = token[0]
        if char == '"':
            in_string = bool(opened) and not in_string
        elif char == "\n":
            in_string = False  # a JSON string never spans lines: this quote was prose
        elif in_string or len(char) > 1:
            continue
        elif char in "{[":
            opened.append(token.start())
        elif opened:
            spans.append((opened.pop(), token.end()))
    return spans


def _is_json(span: str) -> bool:
    if '"' not in span and not span.startswith("["):
        return False
    try:
        msgspec.json.decode(span)
    except (msgspec.DecodeError, RecursionError):
        return False
    return len(span) > 4


def _number_kept(number: str, after: str, times: int) -> bool:
    return len(re.findall(rf"(?<!\d){re.escape(number)}(?!\d)", after)) >= times


def _breaks(text: str) -> int:
    return len(_LINE_BREAK.findall(text.strip()))
