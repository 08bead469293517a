"""A model's answer without what models put around one: fences, "Here is…", thinking aloud."""

from __future__ import annotations

import re

from burnish.prompts.prompt import Message

# An opening that is longer than this is no remark; it is the text.
_HEAD_CHARS = 400
_REMARK = re.compile(
    r"(?:(?:sure|certainly|of course|absolutely|okay|ok)\b[^\n]{0,80}[!.:]?\s*)?"
    r"(?:here(?:'s| is| are)\b[^\n]{0,120}:|(?:sure|certainly|of course)\b[^\n]{0,80}[!:.])"
    r"[ \t]*\n",
    re.IGNORECASE,
)
_FENCE = re.compile(r"```[\w-]*[ \t]*\n")
_CLOSING = re.compile(r"\s*(?:`{1,3})?\s*\Z")
_PARTS = re.compile(r"\A\[system\]\n(.*?)\n+\[user\]\n(.*)\Z", re.DOTALL)
_THINKING, _THOUGHT = "<think>", "</think>"


class Cleaner:
    """Takes an answer piece by piece and gives it on, cleaned, as soon as it is sure.

    The joined results of `feed` and `end` are the clean text, whatever the pieces were.
    """

    def __init__(self) -> None:
        self._held = ""
        self._in_text = False
        self._fenced = False

    def feed(self, piece: str) -> str:
        self._held += piece
        if not self._in_text and not self._begins(is_all=False):
            return ""
        return self._sure()

    def end(self) -> str:
        if not self._in_text:
            self._begins(is_all=True)
        rest = self._held.rstrip()
        if self._fenced:
            rest = rest.removesuffix("```").rstrip()
        self._held = ""
        return rest

    def _begins(self, *, is_all: bool) -> bool:
        """Drops what stands before the text; False while more is needed to know."""
        text = self._held.lstrip()
        if text.startswith(_THINKING):
            _, found, rest = text.partition(_THOUGHT)
            if not found and not is_all:
                return False
            text = rest.lstrip()
        enough = is_all or "\n" in text or len(text) >= _HEAD_CHARS
        if not enough or (_THINKING.startswith(text[: len(_THINKING)]) and not is_all):
            return False
        remark = _REMARK.match(text)
        if remark:
            text = text[remark.end() :].lstrip()
            if not text and not is_all:
                return False
            if "\n" not in text and text.startswith("`") and not is_all:
                return False
        fence = _FENCE.match(text)
        if fence:
            text, self._fenced = text[fence.end() :], True
        self._held, self._in_text = text, True
        return True

    def _sure(self) -> str:
        """All but what may turn out to be the end: white space, and a closing fence."""
        closing = _CLOSING.search(self._held[-200:])
        kept = len(self._held) - (len(closing[0]) if closing else 0)
        sure, self._held = self._held[:kept], self._held[kept:]
        return sure


def clean(answer: str) -> str:
    cleaner = Cleaner()
    return cleaner.feed(answer) + cleaner.end()


def messages_of(text: str) -> tuple[Message, ...]:
    """The messages of a prompt that is written with `[system]` and `[user]` marks, or one."""
    parts = _PARTS.match(text)
    if parts and parts[1].strip() and parts[2].strip():
        return (Message("system", parts[1].strip()), Message("user", parts[2].strip()))
    return (Message("user", text.removeprefix("[user]\n").strip()),)
