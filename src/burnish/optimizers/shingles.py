"""Runs of words of examples, kept as numbers, to tell whether a prompt copies them."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from burnish.storage.example import Example

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]

INPUT_RUN, EXPECTED_RUN = 8, 5
_LONG_EXPECTED = 5
_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff"
# A character of a script without spaces is a word here, and counts as half of one.
_WORD = re.compile(rf"[{_CJK}]|(?:(?![{_CJK}])\w)+")
_CJK_CHAR = re.compile(f"[{_CJK}]")
_DEPTH = 20


class Shingles:
    """`most` bounds how many runs are kept (8 bytes each). Where there are more, a fixed part of
    them is, so that a copy of a few lines is still found and that of one run may be missed."""

    def __init__(self, examples: Iterable[Example] = (), *, most: int = 2_000_000) -> None:
        inputs, expected = _Collected(most // 2), _Collected(most // 2)
        for example in examples:
            for text in texts_of(example.inputs):
                inputs.add(_runs(_words(text), INPUT_RUN))
            for text in texts_of(example.expected):
                words = _words(text)
                if len(words) > _LONG_EXPECTED:
                    expected.add(_runs(words, EXPECTED_RUN))
        self._kept = {INPUT_RUN: inputs.all(), EXPECTED_RUN: expected.all()}

    def copied(self, text: str, allowed: str = "") -> str:
        """The first run of words that stands in an example and not in `allowed`; empty if none."""
        words = _words(text)
        for run, kept in self._kept.items():
            if not len(kept) or len(words) < run:
                continue
            places = _places(_runs(words, run), kept, _own(allowed, run))
            if found := _long_enough(words, places, run):
                return text[found[0] : found[1]]
        return ""


class _Collected:
    """Different runs, `most` of them; which those are depends on the runs alone."""

    def __init__(self, most: int) -> None:
        self._most, self._held = most, 0
        self._parts: list[Hashes] = []

    def add(self, runs: Hashes) -> None:
        self._parts.append(runs)
        self._held += len(runs)
        if self._held > 2 * self._most:
            self._parts = [self.all()]
            self._held = len(self._parts[0])

    def all(self) -> Hashes:
        """Sorted."""
        import numpy as np

        found = np.unique(np.concatenate([np.zeros(0, np.uint64), *self._parts]))
        if len(found) <= self._most:
            return found
        # Mixed first: the last word of a run decides too little about its highest bits.
        mixed = found * np.uint64(0xD6E8FEB86659FD93)
        return np.sort(found[np.argsort(mixed)[: self._most]])


def texts_of(value: Any, depth: int = 0) -> Iterator[str]:
    """Every text in plain JSON."""
    if isinstance(value, str):
        yield value
    elif depth < _DEPTH and isinstance(value, Mapping):
        for item in cast("Mapping[str, Any]", value).values():
            yield from texts_of(item, depth + 1)
    elif depth < _DEPTH and isinstance(value, list | tuple):
        for item in cast("list[Any]", value):
            yield from texts_of(item, depth + 1)


Words = list[re.Match[str]]


def _words(text: str) -> Words:
    return list(_WORD.finditer(text))


def _weight(word: re.Match[str]) -> float:
    return 0.5 if _CJK_CHAR.match(word[0]) else 1.0


@lru_cache(maxsize=8192)
def _hash(word: str) -> int:
    return zlib.crc32(word.casefold().encode("utf-8", "replace"))


@lru_cache(maxsize=8)
def _own(text: str, run: int) -> Hashes:
    """Of an original, which is asked about for each of its candidates."""
    return _runs(_words(text), run)


def _runs(words: Words, length: int) -> Hashes:
    """One number for each run of so many words: a polynomial over their hashes, modulo 2**64."""
    import numpy as np

    count = len(words) - length + 1
    if count <= 0:
        return np.zeros(0, np.uint64)
    each = np.array([_hash(word[0]) for word in words], np.uint64)
    total = np.zeros(count, np.uint64)
    for place in range(length):
        total = total * np.uint64(0x9E3779B97F4A7C15) + each[place : place + count]
    return total


def _places(runs: Hashes, kept: Hashes, own: Hashes) -> list[int]:
    """Of the runs that are among `kept`, which are sorted, and not among `own`."""
    import numpy as np

    near = kept[np.minimum(np.searchsorted(kept, runs), len(kept) - 1)]
    hits = np.flatnonzero(near == runs)
    return [int(place) for place in hits if runs[place] not in own] if len(hits) else []


def _long_enough(words: Words, places: list[int], run: int) -> tuple[int, int] | None:
    """The first words in a row that weigh as much as `run` of them, as far as they go."""
    for number, place in enumerate(places):
        if number and place == places[number - 1] + 1:
            continue
        last = place
        for later in places[number + 1 :]:
            if later != last + 1:
                break
            last = later
        if sum(map(_weight, words[place : last + run])) >= run:
            return words[place].start(), words[last + run - 1].end()
    return None
