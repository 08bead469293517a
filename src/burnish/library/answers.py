"""What a prompt's config may ask of the answers to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from burnish.errors import UsageError
from burnish.intents.language import detect_language

# Shorter answers are too short to tell a language by.
_LANGUAGE_CHARS = 40


class AnswerRules(msgspec.Struct, frozen=True, kw_only=True):
    """Lengths in characters, without blank space around the answer; `language` as `en`, `de`…"""

    min_length: int = 0
    max_length: int = 0
    language: str = ""

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> AnswerRules:
        """Raises UsageError for a rule of a wrong type."""
        given = {name: config[name] for name in cls.__struct_fields__ if name in config}
        try:
            return msgspec.convert(given, cls)
        except msgspec.ValidationError as error:
            raise UsageError(
                f"the prompt's rules for answers are wrong: {error}",
                hint="min_length and max_length are whole numbers, language is text",
            ) from None

    def __bool__(self) -> bool:
        return bool(self.min_length or self.max_length or self.language)

    def problem(self, answer: str) -> str:
        """What is wrong with an answer, so that a model can mend it; empty where nothing is."""
        text = answer.strip()
        if len(text) < self.min_length:
            return f"it has {len(text)} characters; at least {self.min_length} are asked for"
        if self.max_length and len(text) > self.max_length:
            return f"it has {len(text)} characters; at most {self.max_length} are allowed"
        if self.language and len(text) >= _LANGUAGE_CHARS:
            found = detect_language(text)
            if found not in (self.language, "unknown"):
                return f"it is in the language {found!r}; {self.language!r} is asked for"
        return ""
