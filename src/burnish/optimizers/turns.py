"""Examples that a prompt shows as turns of a talk: what would have been asked, and the right answer
to it. Models that chat follow those more closely than a list of examples in one message.

Each message of a turn stands whole between the marks of examples."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from burnish.optimizers.blocks import input_start
from burnish.optimizers.frozen import CLOSES, EXAMPLES, OPENS, spans
from burnish.prompts.prompt import Message
from burnish.prompts.render import as_text
from burnish.prompts.template import escape_all

VALUE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_ANY = ("(.*?)", "(.*)")
# Taking a text apart takes a power of its length.
_MOST_VALUES = 2
_COMMENT = re.compile(r"\{#.*?#\}\n?", re.DOTALL)

Messages = tuple[Message, ...]


class Demonstration(NamedTuple):
    """What a prompt was given, by variable, and the right answer to it."""

    inputs: Mapping[str, Any]
    output: Any


def turns_of(messages: Messages) -> Messages:
    """Those that only show examples, question by question."""
    found: list[Message] = []
    for number, message in enumerate(messages[:-1]):
        after = messages[number + 1]
        if _is_shown(message, "user") and _is_shown(after, "assistant"):
            found += [message, after]
    return tuple(found)


def without_turns(messages: Messages) -> Messages:
    shown = turns_of(messages)
    return tuple(each for each in messages if each not in shown) if shown else messages


def with_turns(messages: Messages, pairs: Sequence[Demonstration]) -> Messages | None:
    """None where the last message is none that a value of each input would make a whole one."""
    names = {name for pair in pairs for name in pair.inputs}
    frame = _frame(messages, names)
    if frame is None or any(not set(VALUE.findall(frame)) <= pair.inputs.keys() for pair in pairs):
        return None
    return _inserted(messages, [m for pair in pairs for m in _turn(frame, pair)])


def carried_turns(before: Messages, after: Messages) -> Messages:
    """`after` with the turns of `before`, asked as it asks."""
    turns = turns_of(before)
    if not turns:
        return after
    was, now = _frame(without_turns(before)), _frame(after)
    if was is not None and now is not None and was != now:
        turns = tuple(_asked_anew(each, was, now) for each in turns)
    return _inserted(after, turns)


def _is_shown(message: Message, role: str) -> bool:
    text = message.content
    return message.role == role and spans(text, EXAMPLES) == [(0, len(text))]


def _frame(messages: Messages, names: set[str] | None = None) -> str | None:
    """What the last message says with the inputs, where that is nothing but text and values; the
    instructions before them need not be said again. `names` are those of inputs, which nothing
    else may need."""
    if not messages or messages[-1].role != "user":
        return None
    if any(each.role == "placeholder" or OPENS in each.content for each in messages):
        return None
    frame = _COMMENT.sub("", _section(messages[-1].content)).strip()
    if not VALUE.search(frame) or re.search(r"[{}]", VALUE.sub("", frame)):
        return None
    before = messages[-1].content.removesuffix(_section(messages[-1].content))
    others = VALUE.findall("".join((*(each.content for each in messages[:-1]), before)))
    return None if names is not None and set(others) & names else frame


def _section(text: str) -> str:
    at = input_start(text)
    return text if at is None else text[at:]


def _turn(frame: str, pair: Demonstration) -> tuple[Message, Message]:
    asked = VALUE.sub(lambda found: as_text(pair.inputs[found[1]]), frame)
    return _marked("user", asked), _marked("assistant", as_text(pair.output))


def _marked(role: Any, text: str) -> Message:
    """Escaped as a whole: two values side by side may make a tag that neither is."""
    return Message(role, f"{OPENS}{closable(escape_all(text))}{CLOSES}")


def closable(text: str) -> str:
    """An escaped text that no mark behind it makes a tag with."""
    return f"{text[:-1]}{{{{ '{{' }}}}" if text.endswith("{") else text


def _inserted(messages: Messages, turns: Sequence[Message]) -> Messages:
    return (*messages[:-1], *turns, messages[-1])


def _asked_anew(message: Message, was: str, now: str) -> Message:
    """The same values in another text; as it is where they cannot be told from it."""
    if message.role != "user":
        return message
    names, text = VALUE.findall(was), _inside(message)
    if len(names) > _MOST_VALUES:
        return message
    words = [re.escape(each) for each in VALUE.split(was)[::2]]
    shortest, longest = (re.fullmatch(each.join(words), text, re.DOTALL) for each in _ANY)
    told_apart = shortest and longest and shortest.groups() == longest.groups()
    if shortest is None or not told_apart or "{" in text or not set(VALUE.findall(now)) <= {*names}:
        return message
    values = dict(zip(names, shortest.groups(), strict=True))
    return _marked("user", VALUE.sub(lambda one: values[one[1]], now))


def _inside(message: Message) -> str:
    text = message.content
    return text[text.index("#}") + 2 : text.rindex("{#")]
