"""Texts that no intent can be read from: no letters at all, or keys struck at random."""

from __future__ import annotations

import re

from burnish.intents.features import concepts

_WORD = re.compile(r"[^\W\d_]+")
_SUM = re.compile(r"\d\s*[-+*/^=\u00d7\u00f7%x]\s*\(?\d")
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{6,}")
_VOWELS = frozenset("aeiouyäöüáéíóúàèìòùâêîôûåæøãõ")
_KEY_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_FEW_WORDS = 8


def is_nonsense(text: str) -> bool:
    """No letters and nothing to compute, or few words most of which nobody could pronounce."""
    words = _WORD.findall(text.lower()[:400])
    if not words:
        return not _SUM.search(text)
    if len(words) > _FEW_WORDS or any(True for _ in concepts(words)):
        return False
    struck = sum(len(word) for word in words if _struck(word))
    return struck > 0.6 * sum(map(len, words))


def _struck(word: str) -> bool:
    if not word.isascii() or len(word) < 4:
        return False
    if len(set(word)) <= 2 and len(word) >= 5:
        return True
    if any(word in row or word[::-1] in row for row in _KEY_ROWS):
        return True
    if _CONSONANTS.search(word):
        return True
    one_row = any(set(word) <= set(row) for row in _KEY_ROWS[1:])
    vowels = sum(letter in _VOWELS for letter in word)
    return len(word) >= 5 and (vowels == 0 or (one_row and len(word) >= 7))
