"""The rules that a prompt's config sets for its answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import msgspec

from burnish.generation.reading.words import LANGUAGE_OF_CODE, LANGUAGE_OF_NAME
from burnish.intents.language import UNKNOWN, detect_language

# Shorter texts are too short to tell a language by.
_LANGUAGE_CHARS = 80
# Languages that are told apart too rarely to refuse an answer for.
_ALIKE = (frozenset({"da", "no"}), frozenset({"bs", "hr", "sr"}), frozenset({"id", "ms"}))


class AnswerRules(msgspec.Struct, frozen=True, kw_only=True):
    """Lengths in characters; `language` is an ISO 639-1 code, empty for any."""

    min_length: int | None = None
    max_length: int | None = None
    language: str = ""

    @classmethod
    def of(cls, config: Mapping[str, Any], values: Mapping[str, Any]) -> Self:
        """`language_variable` names the variable whose value says the language."""
        language = config.get("language") or values.get(str(config.get("language_variable")))
        return cls(
            min_length=_length(config.get("min_length")),
            max_length=_length(config.get("max_length")),
            language=_code(language) if isinstance(language, str) else "",
        )

    @property
    def any(self) -> bool:
        return self != AnswerRules()

    def problem(self, text: str) -> str:
        """What is wrong with an answer, in words that a model can act on; empty when nothing."""
        length = len(text.strip())
        if self.min_length is not None and length < self.min_length:
            return f"it has {length} characters, not at least {self.min_length}"
        if self.max_length is not None and length > self.max_length:
            return f"it has {length} characters, not at most {self.max_length}"
        return self._wrong_language(text) if self.language else ""

    def _wrong_language(self, text: str) -> str:
        if len("".join(text.split())) < _LANGUAGE_CHARS:
            return ""
        found = detect_language(text)
        if found in (UNKNOWN, self.language) or any({found, self.language} <= g for g in _ALIKE):
            return ""
        return f"it is in {_name(found)}, not in {_name(self.language)}"


def _length(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _code(language: str) -> str:
    """Of a code such as `en-GB`, or of a name; empty for one that is not known."""
    code = language.strip().lower().replace("_", "-").partition("-")[0]
    if code in LANGUAGE_OF_CODE:
        return code
    name = LANGUAGE_OF_NAME.get(language.strip().lower())
    return next((code for code, known in LANGUAGE_OF_CODE.items() if known == name), "")


def _name(code: str) -> str:
    return LANGUAGE_OF_CODE.get(code, code)
