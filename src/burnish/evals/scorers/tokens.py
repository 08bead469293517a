"""Words of a text, in any script.

A word is what stands between spaces and punctuation; of scripts that are written without spaces
each character is one.
"""

from __future__ import annotations

import re

_UNSPACED = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_SIGNS = (
    r"\s\x00-\x2f:-@\[-`{-\xa9\xab-\xb1\xb4\xb6-\xb8\xbb\xbf\xd7\xf7"
    "\u060c\u061b\u061f\u0964\u0965\u2000-\u206f\u20a0-\u20cf\u3000-\u3004\u3008-\u303f\uff01-\uff0f\uff1a-\uff20"
)
_WORD = re.compile(f"[{_UNSPACED}]|[^{_SIGNS}{_UNSPACED}]+")
_PIECE = re.compile(f"[{_UNSPACED}]|[^{_SIGNS}{_UNSPACED}]+|\\S")
# A row of signs is tried once: neither from its middle, nor in part.
_SENTENCE_END = re.compile(
    r"(?<![.!?…])[.!?…]++[\"'”’)\]]*+(?=\s|\Z)|[。！？｡]+|[।॥]+"  # noqa: RUF001
)


def words(text: str) -> list[str]:
    return _WORD.findall(text)


def pieces(text: str) -> list[str]:
    """Words, and each sign between them."""
    return _PIECE.findall(text)


def sentences(text: str) -> int:
    """Counted by their ends, so an abbreviation before a space counts as one."""
    ends = list(_SENTENCE_END.finditer(text))
    rest = text[ends[-1].end() :] if ends else text
    return len(ends) + bool(words(rest))
