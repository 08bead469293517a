"""Finding texts by their words, in bounded time however common the words are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from math import log1p

import msgspec

from burnish.library.embedders import is_common, plain, stem
from burnish.remember import Lately
from burnish.storage.index import UNSPACED, SearchFilter, TextIndex

# Docs that one search weighs. The rarest words say most about what is looked for, so they come
# first; a word that more docs hold is weighed among the newest of them.
_BUDGET = 500
_MANY = range(_BUDGET)
_COMMON, _COMMON_S = 10_000, 60.0
_WANTED = 10
_MAX_WORDS = 32
# A slip of the pen changes a word's length by one letter at most.
_SIMILARITY, _LONGER = 0.75, 1
_NEAR = 3000
# White space and ASCII signs: what else separates words is left to the index, which knows.
_SPLIT = re.compile(r"[\s!-/:-@\[-`{-~\u2000-\u206f\u3000-\u303f]+")
_SHINGLE = 3
_ANYTHING = SearchFilter()


class Worded(msgspec.Struct, frozen=True):
    """Docs with their score, best first; how much of the query each of them has, 0 to 1; notes on
    what was looked for instead; and how much of the query any doc has, 0 to 1."""

    ranking: list[tuple[int, float]]
    covered: dict[int, float]
    notes: tuple[str, ...] = ()
    known: float = 1.0


class Words:
    """`noun` is what a doc is called in what is said to people."""

    def __init__(self, index: TextIndex, noun: str = "prompt") -> None:
        self._index = index
        self._noun = noun
        self._common = Lately(_COMMON_S, _COMMON)

    async def search(
        self, query: str, where: SearchFilter, limit: int, *, wanted: int = _WANTED
    ) -> Worded:
        """At most `limit`, of which a page shows the first `wanted`."""
        words = words_of(query)
        words = [word for word in words if not is_common(word)] or words
        unspaced = [word for word in words if UNSPACED.search(word)]
        holders = await self._holders(words, where)
        notes: list[str] = []
        for word in [w for w, docs in holders.items() if not docs and w not in unspaced]:
            meant = await self._meant(word)
            if meant and meant not in holders:
                # What was meant stands in for what was written.
                del holders[word]
                holders |= await self._holders([meant], where)
                notes.append(f"no {self._noun} has {word!r}; words like {meant!r} were looked for")
        found = await self._matches(holders, where, limit, wanted)
        covered, known = _coverage(found, holders)
        for place, doc in enumerate(await self._index.containing(unspaced, where, limit)):
            found.setdefault(doc, 1.0 / (1.0 + place))
            covered[doc] = 1.0
        ranked = sorted(found.items(), key=lambda each: (-each[1], each[0]))
        return Worded(ranked[:limit], covered, tuple(notes), known)

    async def rarest(self, text: str, limit: int) -> list[int]:
        """The docs that share most of the text's rarest words."""
        # The longest words are the likelier ones to be rare.
        words = sorted(words_of(text, most=400), key=lambda word: (-len(word), word))[:48]
        found = await self._matches(await self._holders(words, _ANYTHING), _ANYTHING, limit)
        return sorted(found, key=lambda doc: -found[doc])[:limit]

    async def _holders(self, words: Sequence[str], where: SearchFilter) -> dict[str, Sequence[int]]:
        """Of each word. Which words very many docs hold is remembered for a minute: such words
        are in most queries, and dear to count."""
        asked = [word for word in words if not self._common.has((where, word))]
        found = dict(zip(asked, await self._index.holders(asked, where, _BUDGET), strict=True))
        for word, docs in found.items():
            if len(docs) >= _BUDGET:
                self._common.add((where, word))
        return {word: found.get(word, _MANY) for word in words}

    async def _matches(
        self,
        holders: Mapping[str, Sequence[int]],
        where: SearchFilter,
        limit: int,
        wanted: int = _WANTED,
    ) -> dict[int, float]:
        counts = {word: len(docs) for word, docs in holders.items() if docs}
        present = sorted(counts, key=lambda word: counts[word])
        if not present:
            return {}
        if counts[present[0]] >= _BUDGET:
            return await self._among_common(present, where, limit, wanted)
        chosen, docs = present[:1], counts[present[0]]
        for word in present[1:]:
            docs += counts[word]
            if docs > _BUDGET:
                break
            chosen.append(word)
        found = await self._index.matches(chosen, where, limit, among=_BUDGET)
        return {match.doc: match.score for match in found}

    async def _among_common(
        self, words: Sequence[str], where: SearchFilter, limit: int, wanted: int
    ) -> dict[int, float]:
        """Every word is in very many docs, so none says much: the newest that hold all of them,
        those with all in their titles first."""
        titled, held = await self._index.holding_all(words, where, limit, enough=wanted)
        return dict.fromkeys(held, 1.0) | dict.fromkeys(titled, 2.0)

    async def _meant(self, word: str) -> str:
        """The indexed word, without its ending, that is spelled most like it."""
        word = plain(word)
        if len(word) < 4 or not word.isalpha():
            return ""
        matcher = SequenceMatcher(b=word, autojunk=False)
        best, score = "", (0.0, 0)
        sizes = {len(word), len(stem(word))}
        for near, docs in await self._index.words_near(word[:2], _NEAR):
            if min(abs(len(near) - size) for size in sizes) > _LONGER:
                continue
            matcher.set_seq1(near)
            if matcher.real_quick_ratio() < _SIMILARITY or matcher.quick_ratio() < _SIMILARITY:
                continue
            likely = (round(matcher.ratio(), 3), docs)
            if likely[0] >= _SIMILARITY and likely > score:
                best, score = near, likely
        return best


def _coverage(
    found: Iterable[int], holders: Mapping[str, Sequence[int]]
) -> tuple[dict[int, float], float]:
    """How much of the query each doc has, and all docs together: 1 for all its words, of which
    rare ones weigh more, and those that no doc has most."""
    weights = {word: 1.0 / (1.0 + log1p(len(docs))) for word, docs in holders.items()}
    whole = sum(weights.values())
    covered = dict.fromkeys(found, 0.0)
    for word, docs in holders.items():
        # Where only the first holders are known, every doc passes for one.
        for doc in covered if len(docs) >= _BUDGET else covered.keys() & set(docs):
            covered[doc] += weights[word] / whole
    return covered, sum(weights[word] for word, docs in holders.items() if docs) / (whole or 1.0)


def words_of(text: str, most: int = _MAX_WORDS) -> list[str]:
    """The different words, in their order."""
    words = dict.fromkeys(plain(word) for word in _SPLIT.split(text) if word)
    return list(words)[:most]


def likeness(one: str, other: str) -> float:
    """The share of their runs of three words that both texts have; 1 for equal texts."""
    first, second = _runs(one), _runs(other)
    if not first or not second:
        return 0.0
    return round(2 * len(first & second) / (len(first) + len(second)), 6)


def _runs(text: str) -> set[tuple[str, ...]]:
    words = [plain(word) for word in _SPLIT.split(text) if word]
    if len(words) <= _SHINGLE:
        return {tuple(words)} if words else set()
    return {tuple(words[n : n + _SHINGLE]) for n in range(len(words) - _SHINGLE + 1)}
