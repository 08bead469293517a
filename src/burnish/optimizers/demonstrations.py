"""Examples that a prompt shows: a block of its own that everything else leaves alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from burnish.optimizers.blocks import input_start
from burnish.optimizers.frozen import CLOSES, EXAMPLES, OPENS, is_frozen, spans
from burnish.optimizers.turns import (
    Demonstration,
    Messages,
    carried_turns,
    closable,
    with_turns,
    without_turns,
)
from burnish.prompts.prompt import Message
from burnish.prompts.render import as_text
from burnish.prompts.template import escape_all

_HEAD = "Examples:"
_LONG = 1_500


class Place(NamedTuple):
    """In which message, and from where to where."""

    message: int
    start: int
    end: int


def shown(messages: Messages, pairs: Sequence[Demonstration]) -> Messages:
    """The messages with these pairs as their examples, in place of those that they showed.

    A place that the prompt marks itself is where they go. Otherwise they stand before the section
    that brings the inputs, or at the end of the instructions. The texts print as they are, whatever
    template syntax they hold. Messages that are kept whole are never changed: where there is no
    other, nothing is shown."""
    return _put(without_turns(messages), _written(pairs) if pairs else "")


def shown_as_turns(messages: Messages, pairs: Sequence[Demonstration]) -> Messages | None:
    """The messages with these pairs as turns before the last one, in place of what they showed.
    None where that one cannot be asked for an example, or the prompt marks another place."""
    return with_turns(without(messages), pairs)


def without(messages: Messages) -> Messages:
    """The messages without what they show; a place that the prompt marks itself stays."""
    return _put(without_turns(messages), "")


def carried(before: Messages, after: Messages) -> Messages:
    """`after` with the examples that `before` shows."""
    after = without_turns(after)
    base = without_turns(before)
    place = _place_of(base)
    after = _put(after, _inside(base, place).strip() if place else "")
    return carried_turns(before, after)


def too_long(pair: Demonstration, most: int = _LONG) -> bool:
    """Whether it takes more characters than an example in a prompt should."""
    return len(_written([pair])) - len(_HEAD) > most


def _put(messages: Messages, body: str) -> Messages:
    messages = _emptied(messages)
    if not body:
        return messages
    own = _place_of(messages)
    body = closable(body)
    place = own or _default(messages)
    if place is None:
        return messages
    text = messages[place.message].content
    if own:
        on_line = not text[: own.start].rpartition("\n")[2].strip()
        filled = f"{OPENS}\n{body}\n{CLOSES}" if on_line else f"{OPENS}{body}{CLOSES}"
    elif place.start == len(text):
        filled = f"{OPENS}\n\n{body}{CLOSES}"
    else:
        filled = f"{OPENS}{body}\n\n{CLOSES}"
    return _changed(messages, place, filled)


def _emptied(messages: Messages) -> Messages:
    """Without the block where it stands at the place that it would get anyway; else with an empty
    one, so that the place is not forgotten."""
    place = _place_of(messages)
    if place is None:
        return messages
    gone = _changed(messages, place, "")
    if _default(gone) == Place(place.message, place.start, place.start):
        return gone
    return _changed(messages, place, OPENS + CLOSES)


def _place_of(messages: Messages) -> Place | None:
    for number, message in enumerate(messages):
        if message.role != "placeholder":
            for start, end in spans(message.content, EXAMPLES):
                return Place(number, start, end)
    return None


def _inside(messages: Messages, place: Place) -> str:
    block = messages[place.message].content[place.start : place.end]
    return block[block.index("#}") + 2 : block.rindex("{#")]


def _default(messages: Messages) -> Place | None:
    free = [n for n, message in enumerate(messages) if not is_frozen(message)]
    users = [n for n in free if messages[n].role == "user"]
    first = next((n for n in free if messages[n].role == "system"), free[0] if free else None)
    if users or len(free) == 1:
        number = users[-1] if users else free[0]
        at = input_start(messages[number].content)
        # A message that brings nothing but the inputs stays so, where another one instructs.
        if at is not None and (at or first == number):
            return Place(number, at, at)
    if first is None:
        return None
    end = len(messages[first].content)
    return Place(first, end, end)


def _changed(messages: Messages, place: Place, text: str) -> Messages:
    old = messages[place.message]
    new = Message(old.role, old.content[: place.start] + text + old.content[place.end :])
    return (*messages[: place.message], new, *messages[place.message + 1 :])


def _written(pairs: Sequence[Demonstration]) -> str:
    return "\n\n".join([_HEAD, *(_pair(pair) for pair in pairs)])


def _pair(pair: Demonstration) -> str:
    names = list(pair.inputs)
    labels = ["Input"] if len(names) == 1 else names
    lines = [_line(label, pair.inputs[name]) for label, name in zip(labels, names, strict=True)]
    return "\n".join([*lines, _line("Output", pair.output)])


def _line(label: str, value: Any) -> str:
    text = as_text(value)
    return f"{escape_all(label)}:{chr(10) if chr(10) in text else ' '}{escape_all(text)}"
