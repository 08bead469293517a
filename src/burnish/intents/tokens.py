"""How many tokens a text has, without any vendor's vocabulary.

Byte-pair vocabularies differ by a few per cent among themselves. What they share: common English
words are one token, words of other languages split every few letters, digits go in threes,
punctuation and line breaks count, and each script has its own price a letter. The figures are
fitted to o200k.
"""

from __future__ import annotations

import re
from collections import Counter

_MARKS = r"\u0300-\u036f\u0900-\u0903\u093a-\u094f\u0981-\u0983\u09bc-\u09cd\u0e31-\u0e4e"
_PIECE = re.compile(rf"[^\W\d_](?:[^\W\d_]|[{_MARKS}])*|\d{{1,3}}|[^\w\s]+\n*|_+|\n+|[ \t]{{2,}}")
_ENGLISH = re.compile(
    r"\b(?:the|and|of|to|is|in|for|with|my|you|it|that|this|on|are|be|what|how|from|an?|or|i)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")
# Tokens a letter by the code point that a script begins at; the last that fits counts.
_SCRIPTS = (
    (0x0250, 0.42),  # Greek
    (0x0400, 0.34),  # Cyrillic, Armenian
    (0x0590, 0.42),  # Hebrew, Arabic
    (0x0900, 0.36),  # scripts of India
    (0x0E00, 0.45),  # Thai and its neighbours
    (0x1E00, 0.42),  # Vietnamese, Greek with accents
    (0x3040, 0.79),  # kana, Chinese characters
    (0xAC00, 0.83),  # Hangul
)


def estimate_tokens(text: str) -> int:
    if not text.strip():
        return 0
    sample = text[:4000]
    # Plain English has one of these words in five; other Latin languages have few.
    english = len(_ENGLISH.findall(sample)) * 14 >= len(_WORD.findall(sample))
    pieces = Counter(_PIECE.findall(text))
    total = sum(_tokens(piece, english) * count for piece, count in pieces.items())
    return max(1, round(total))


def _tokens(piece: str, english: bool) -> float:
    first = piece[0]
    if first == "_":
        return 0.3  # mostly part of the next piece
    if first.isdigit() or first in " \t\n":
        return 1.0
    if not first.isalpha():
        return _punctuation(piece.rstrip("\n"))
    if ord(first) >= 0x0250:
        return max(1.0, len(piece) * _price(ord(first)))
    if english and piece.isascii():
        return 1.03 if len(piece) <= 8 else 1.03 + (len(piece) - 8) / 5.5
    accents = 0 if piece.isascii() else sum(not letter.isascii() for letter in piece)
    return 1.0 + max(0, len(piece) - 4) / 5.2 + 0.25 * accents


def _punctuation(marks: str) -> float:
    if len(marks) <= 2:
        return 1.0
    return 1.0 + len(marks) / 16 if len(set(marks)) == 1 else len(marks) / 2


def _price(code: int) -> float:
    return next(price for start, price in reversed(_SCRIPTS) if code >= start)
