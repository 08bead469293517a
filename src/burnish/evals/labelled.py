"""Answers that people have graded, to try judges on.

The set that comes along has been written and labelled by the makers of Burnish, by one rule:
5 is right, complete and within every limit; 4 has flaws that do no harm; 3 is right in part, or
breaks a limit of form; 2 has a serious error; 1 is wrong or useless. From 4 on an answer passes.
`padded` answers are longer than they should be, `steering` ones try to instruct their judge.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec

from burnish.errors import NotFound, UsageError
from burnish.shapes import decoder

CRITERIA = (
    "The answer does what the request asks. It is right in every fact and every step, leaves "
    "nothing out that was asked for, and keeps each limit that was set: length, form, language, "
    "tone, and what must or must not stand in it."
)
_OURS = Path(__file__).parent / "data" / "labelled.jsonl"
_MOST_BYTES = 20 * 1024 * 1024


class Labelled(msgspec.Struct, frozen=True, kw_only=True):
    """`score` is 1 to 5."""

    id: str
    request: str
    answer: str
    score: int
    passed: bool
    task: str = ""
    kind: Literal["plain", "padded", "steering"] = "plain"


def our_labels() -> tuple[Labelled, ...]:
    return read_labels(_OURS)


def read_labels(path: Path) -> tuple[Labelled, ...]:
    """A file of JSON lines. Raises NotFound, and UsageError that names the line."""
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= _MOST_BYTES else b""
    except OSError as error:
        raise NotFound(
            f"{path} cannot be read: {error.strerror}", hint="check the path", subject=str(path)
        ) from None
    if size > _MOST_BYTES:
        raise UsageError(f"{path} has more than 20 MB of labels", hint="give a part of it")
    return tuple(_read(content.splitlines(), str(path)))


def _read(lines: Iterable[bytes], where: str) -> Iterable[Labelled]:
    shape = decoder(Labelled)
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            item = shape.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UsageError(
                f"line {number} of {where} is wrong: {error}",
                hint="each line is an object with id, request, answer, score and passed",
            ) from None
        if not 1 <= item.score <= 5:
            raise UsageError(
                f"line {number} of {where} has the score {item.score}", hint="use 1 to 5"
            )
        yield item
