"""A model's answer without what models put around one: fences, "Here is…", thinking aloud."""

from __future__ import annotations

import re

from burnish.prompts.prompt import Message

# Two remarks and a fence fit into three lines, and no remark is as long as this.
_HEAD_LINES, _HEAD_CHARS = 3, 400
# A line that speaks of the prompt as a thing handed over, with or without a "Sure!" before it. A
# prompt's own first line may begin with any of these words, but says none of itself.
_REMARK = re.compile(
    r"(?:(?:sure|certainly|of course|absolutely|okay|ok)[!.,:]?\s*)?"
    r"(?:here(?:'s| is| are)|below is|this is)\b[^\n]{0,80}\bprompt\b[^\n]{0,60}[:.!][ \t]*\n\s*",
    re.IGNORECASE,
)
_FENCE = re.compile(r"```(?:markdown|md|text|txt|prompt|plaintext|xml)?[ \t]*\n")
_CLOSING = re.compile(r"(?<!\s)\s*+(?:(?<!`)`{1,3})?\s*+\Z")
_SYSTEM, _USER = "[system]\n", "[user]\n"
_THINKING, _THOUGHT = "<think>", "</think>"


class Cleaner:
    """Takes an answer piece by piece and gives it on, cleaned, as soon as it is sure.

    The joined results of `feed` and `end` are the clean text, whatever the pieces were.
    """

    def __init__(self) -> None:
        self._held: list[str] = []
        self._in_text = self._in_thought = self._fenced = False

    def feed(self, piece: str) -> str:
        if not piece.strip():
            self._held.append(piece)  # joined when more comes; it may be the end
            return ""
        text = "".join([*self._held, piece])
        if not self._in_text:
            begun = self._begun(text, is_all=False)
            if begun is None:
                return ""
            text = begun
        closing = _CLOSING.search(text)
        kept = closing.start() if closing else len(text)
        self._held = [text[kept:]]
        return text[:kept]

    def end(self) -> str:
        rest = "".join(self._held)
        if not self._in_text:
            rest = self._begun(rest, is_all=True) or ""
        self._held = []
        rest = rest.rstrip()
        return rest.removesuffix("```").rstrip() if self._fenced else rest

    def _begun(self, text: str, *, is_all: bool) -> str | None:
        """The text without what stands before it; None while more is needed to know."""
        text = self._after_thought(text.lstrip())
        self._held = [text]
        if self._in_thought:
            return "" if is_all else None
        if not is_all and (_THINKING.startswith(text[: len(_THINKING)]) or not _is_enough(text)):
            return None
        if remark := _REMARK.match(text):
            text = text[remark.end() :]
        if fence := _FENCE.match(text):
            text, self._fenced = text[fence.end() :], True
        self._in_text = True
        return text

    def _after_thought(self, text: str) -> str:
        """Drops what a model thinks aloud; of an open thought only the last few signs are kept."""
        if text.startswith(_THINKING):
            text, self._in_thought = text[len(_THINKING) :], True
        if not self._in_thought:
            return text
        _, found, rest = text.partition(_THOUGHT)
        if not found:
            return text[-len(_THOUGHT) :]
        self._in_thought = False
        return rest.lstrip()


def _is_enough(text: str) -> bool:
    lines = text.split("\n", _HEAD_CHARS)[:-1]
    letters = sum(map(len, text.split()))
    return letters >= _HEAD_CHARS or sum(bool(line.strip()) for line in lines) >= _HEAD_LINES


def clean(answer: str) -> str:
    cleaner = Cleaner()
    return cleaner.feed(answer) + cleaner.end()


def messages_of(text: str) -> tuple[Message, ...]:
    """The messages of a prompt that is written with `[system]` and `[user]` marks, or one."""
    if text.startswith(_SYSTEM):
        system, found, user = text.removeprefix(_SYSTEM).partition(f"\n{_USER}")
        if found and system.strip() and user.strip():
            return (Message("system", system.strip()), Message("user", user.strip()))
    return (Message("user", text.removeprefix(_USER).strip()),)
