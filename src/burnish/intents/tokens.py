"""How many tokens a text has, without any vendor's vocabulary.

Byte-pair vocabularies differ by a few per cent among themselves. What they share: short common
words are one token, long words split about every six letters, digits go in threes, punctuation
and line breaks count, and scripts outside Latin cost more a character.
"""

from __future__ import annotations

import re

_PIECE = re.compile(r"[A-Za-z]+|[^\W\d_a-zA-Z]+|\d{1,3}|[^\w\s]+|_+|\n+|[ \t]{2,}")


def estimate_tokens(text: str) -> int:
    total = 0.0
    for match in _PIECE.finditer(text):
        piece = match[0]
        first = piece[0]
        if first.isascii() and first.isalpha():
            total += 1 if len(piece) <= 8 else 1 + (len(piece) - 8) / 5.5
        elif first.isalpha():
            total += _other_script(piece)
        elif first.isdigit() or first in " \t\n_":
            total += 1
        else:
            total += 1 if len(piece) <= 2 else len(piece) / 2
    return max(1, round(total)) if text.strip() else 0


def _other_script(piece: str) -> float:
    code = ord(piece[0])
    if code < 0x0250:  # Latin with accents
        return max(1.0, len(piece) / 3.5)
    if 0x3040 <= code <= 0x30FF or 0x4E00 <= code <= 0x9FFF or 0xAC00 <= code <= 0xD7AF:
        return len(piece) * 0.85
    if code < 0x0700:  # Greek, Cyrillic, Hebrew, Arabic
        return max(1.0, len(piece) / 2.4)
    return len(piece) * 0.7
