"""Parts of a prompt that no search may change.

They stand between `{# keep #}` and `{# /keep #}`, which print nothing. So does what shows examples,
between `{# examples #}` and `{# /examples #}`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from burnish.errors import UsageError
from burnish.prompts.prompt import Message
from burnish.prompts.tags import STRING, TAG, line_of

KEEP, EXAMPLES = "keep", "examples"
OPENS, CLOSES = f"{{# {EXAMPLES} #}}", f"{{# /{EXAMPLES} #}}"

_TEXT = re.compile(rf"\s*{STRING}\s*\Z")

Span = tuple[int, int]


def regions(text: str) -> list[str]:
    """The exact texts, marks included, in their order. Raises UsageError for marks that do not
    match."""
    return [text[start:end] for start, end in spans(text)]


def spans(text: str, word: str = KEEP) -> list[Span]:
    """Where the parts begin and end, their marks included. Raises UsageError as `regions`."""
    found: list[Span] = []
    opened: int | None = None
    for tag in TAG.finditer(text) if word in text and "{#" in text else ():
        mark = (tag["comment"] or "").strip("-+ \t\r\n")
        if mark == word:
            if opened is not None:
                raise _unmatched(text, tag.start(), word, "begins inside of another")
            opened = tag.start()
        elif mark == f"/{word}":
            if opened is None:
                raise _unmatched(text, tag.start(), word, "ends that has not begun")
            found.append((opened, tag.end()))
            opened = None
    if opened is not None:
        raise _unmatched(text, opened, word, "has no end")
    return found


def is_frozen(message: Message) -> bool:
    """Whether nothing of the message may change."""
    if message.role == "placeholder":
        return True
    text = message.content.strip()
    return spans(text) == [(0, len(text))]


def check(messages: Sequence[Message]) -> None:
    """Raises UsageError for marks that do not match, for more than one place of examples, and for
    variables in it, which would be lost with what stands there."""
    places, turns = 0, list[str]()
    for message in messages:
        if message.role == "placeholder":
            continue
        kept = spans(message.content)
        for start, end in spans(message.content, EXAMPLES):
            if (start, end) == (0, len(message.content)):
                turns.append(message.role)
            else:
                places += 1
            _refuse_live(message.content[start:end])
            if any(start < stop and first < end for first, stop in kept):
                raise UsageError(
                    "the place of the examples stands inside of a part that is kept",
                    hint="move {# examples #}…{# /examples #} out of {# keep #}…{# /keep #}",
                )
    # Turns of a talk, question by question, are one place.
    in_pairs = turns == ["user", "assistant"] * (len(turns) // 2)
    places += min(len(turns), 1) if in_pairs else len(turns)
    if places > 1:
        raise UsageError(
            f"the prompt has {places} places for examples",
            hint="leave one {# examples #}…{# /examples #}",
        )


def _refuse_live(block: str) -> None:
    for tag in TAG.finditer(block):
        prints = tag["expression"]
        if tag["block"] is not None or (prints is not None and not _TEXT.match(prints)):
            raise UsageError(
                f"the place of the examples holds {tag[0]!r}, which other examples would replace",
                hint="put it before {# examples #} or behind {# /examples #}",
            )


def _unmatched(text: str, at: int, word: str, what: str) -> UsageError:
    return UsageError(
        f"line {line_of(text, at)}: a part marked {word!r} {what}",
        hint=f"write {{# {word} #}} before and {{# /{word} #}} after it, and none inside of it",
    )
