"""Words in the pieces that the embedding model knows, without the model's own tokenizer.

The vocabulary is kept as one 64-bit hash a piece, in the order of their ids: enough to tell
whether a piece is one of them and which, and a third of the size of the words. `build` makes it
from a tokenizer file. The steps are those of BERT's uncased tokenizer (Devlin et al., 2019,
arXiv:1810.04805): controls dropped, accents stripped, lower case, split at spaces, punctuation
and Chinese characters, then the longest known piece first (Wu et al., 2016, arXiv:1609.08144).
"""

from __future__ import annotations

import hashlib
import sys
import unicodedata
from pathlib import Path
from typing import Any

import msgspec

_UNKNOWN, _START, _END = 100, 101, 102
_LONGEST_WORD = 100
_KEPT_WORDS = 4096
_DROPPED = ("Mn", "Cc", "Cf", "Co")
_CHINESE = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B920, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


def piece_hash(piece: str) -> int:
    digest = hashlib.blake2b(piece.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")


class _Forms(dict[int, str]):
    """What each character becomes, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        form = self[code] = _form(chr(code))
        return form


def _form(char: str) -> str:
    code, category = ord(char), unicodedata.category(char)
    if char in "\t\n\r":
        return " "
    if char == "\ufffd" or category in _DROPPED:
        return ""
    if char.isspace():
        return " "
    punctuation = category.startswith("P") or (code < 128 and not char.isalnum())
    if punctuation or any(low <= code <= high for low, high in _CHINESE):
        return f" {char} "
    return char.lower()


class WordPiece:
    """`vocabulary` holds the hashes of the pieces, in the order of their ids."""

    def __init__(self, vocabulary: Any) -> None:
        self._ids: dict[int, int] = {each: at for at, each in enumerate(vocabulary.tolist())}
        self._forms = _Forms()
        self._words: dict[str, tuple[int, ...]] = {}

    def encode(self, text: str, limit: int) -> list[int]:
        """The ids between the marks of start and end, `limit` of them in all. What is beyond is
        not looked at. The model's special tokens are plain text here."""
        ids = [_START]
        plain = text if text.isascii() else unicodedata.normalize("NFD", text)
        for word in plain.translate(self._forms).split():
            ids += self._pieces(word)
            if len(ids) >= limit:
                break
        return [*ids[: limit - 1], _END]

    def _pieces(self, word: str) -> tuple[int, ...]:
        if len(word) > _LONGEST_WORD:
            # It is unknown whatever it is, and keeping such words would fill the memory.
            return (_UNKNOWN,)
        known = self._words.get(word)
        if known is None:
            if len(self._words) >= _KEPT_WORDS:
                self._words.clear()
            known = self._words[word] = tuple(self._split(word))
        return known

    def _split(self, word: str) -> list[int]:
        """The longest piece that the rest of the word begins with, again and again; a word with
        a rest that no piece begins is unknown as a whole."""
        if len(word) > _LONGEST_WORD:
            return [_UNKNOWN]
        ids: list[int] = []
        start = 0
        while start < len(word):
            found = self._longest(word, start)
            if found is None:
                return [_UNKNOWN]
            ids.append(found[0])
            start = found[1]
        return ids

    def _longest(self, word: str, start: int) -> tuple[int, int] | None:
        mark = "##" if start else ""
        for end in range(len(word), start, -1):
            known = self._ids.get(piece_hash(mark + word[start:end]))
            if known is not None:
                return known, end
        return None


def build(tokenizer: Path, target: Path) -> int:
    """Writes the hashes of a tokenizer file's pieces; gives how many there are."""
    import numpy as np

    pieces: dict[str, int] = msgspec.json.decode(tokenizer.read_bytes())["model"]["vocab"]
    hashes = [piece_hash(piece) for piece in sorted(pieces, key=pieces.__getitem__)]
    if len(set(hashes)) != len(hashes) or sorted(pieces.values()) != list(range(len(pieces))):
        raise ValueError("two pieces share a hash, or the ids have gaps")
    np.save(target, np.array(hashes, dtype=np.uint64), allow_pickle=False)
    return len(hashes)


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]))
