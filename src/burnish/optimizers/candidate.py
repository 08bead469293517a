"""A whole prompt that a search looks at."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Any

import msgspec

from burnish.prompts.prompt import Message

ORIGINAL = "original"


class Candidate(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """`messages` are templates, `parameters` those of the model that may differ. `parents` are the
    ids of those that it was made of by an `operator`, and `why` says what for. `demonstrations`
    are the ids of the examples that it shows."""

    messages: tuple[Message, ...]
    parameters: dict[str, Any] = {}
    demonstrations: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    operator: str = ORIGINAL
    why: str = ""

    @cached_property
    def id(self) -> str:
        """Of what the model is asked alone: two ways to one text lead to one candidate."""
        asked = msgspec.json.encode([self.messages, self.parameters], order="deterministic")
        return hashlib.blake2b(asked, digest_size=8).hexdigest()

    @cached_property
    def length(self) -> int:
        """In characters."""
        return sum(len(each.content) for each in self.messages)
