"""A ready prompt, and the examples that show what a good answer to it has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import msgspec

from burnish.intents.intent import Intent
from burnish.prompts.prompt import Message, Variable, join_messages


class StarterTest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Values to try a prompt with, and what to expect of the answer.

    `expect` is for a person or a judge to read. The others can be checked as they stand: words
    that the answer `contains` or `lacks` (letter case aside), the fields of the `json` that it is
    (of each object, where it is a list of them), and the most words that it may have.
    """

    inputs: dict[str, Any] = {}
    expect: tuple[str, ...]
    contains: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    json: tuple[str, ...] = ()
    max_words: int | None = None

    def problems(self, answer: str) -> tuple[str, ...]:
        """What an answer breaks of all that can be checked; `expect` is left to a reader."""
        return tuple(self._problems(answer))

    def _problems(self, answer: str) -> Iterator[str]:
        found = answer.casefold()
        yield from (
            f"{text!r} is missing" for text in self.contains if text.casefold() not in found
        )
        yield from (f"{each!r} is in it" for each in self.lacks if each.casefold() in found)
        if self.json:
            yield from _missing_fields(answer, self.json)
        words = len(answer.split())
        if self.max_words is not None and words > self.max_words:
            yield f"it has {words} words, at most {self.max_words} are allowed"


class StarterPrompt(msgspec.Struct, frozen=True, kw_only=True):
    """`version` counts the changes of the prompt itself, from 1. The inputs of the `tests` have
    a value for every variable: its example, where the test has none of its own."""

    name: str
    category: str
    version: int
    intent: Intent
    tags: tuple[str, ...]
    description: str
    techniques: tuple[str, ...]
    messages: tuple[Message, ...]
    variables: tuple[Variable, ...]
    best_practices: tuple[str, ...]
    tests: tuple[StarterTest, ...]

    @property
    def text(self) -> str:
        """All messages as one text."""
        return join_messages(self.messages)

    def metadata(self) -> dict[str, Any]:
        """What a copy in the library keeps: where it came from, and what is not part of a text."""
        kept: dict[str, Any] = {
            "starter": {"name": self.name, "version": self.version},
            "intent": self.intent,
            "techniques": self.techniques,
            "best_practices": self.best_practices,
            "tests": self.tests,
        }
        return msgspec.json.decode(msgspec.json.encode(kept))


def _missing_fields(answer: str, fields: tuple[str, ...]) -> Iterator[str]:
    try:
        value = msgspec.json.decode(answer)
    except msgspec.DecodeError:
        yield "it is not JSON alone"
        return
    items = cast("list[object]", value) if isinstance(value, list) else [cast("object", value)]
    for item in items:
        if not isinstance(item, dict):
            yield "it is JSON without fields"
            return
        yield from (f"the field {field!r} is missing" for field in fields if field not in item)
