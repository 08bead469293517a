"""One ranking of docs by words, by meaning, or by both, whatever the docs are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import accumulate, islice
from typing import Literal, get_args

import msgspec

from burnish.errors import UsageError
from burnish.library.embedders import Embedder, plain
from burnish.library.fusion import fuse
from burnish.library.meaning import Meaning, Meant
from burnish.library.words import Worded, Words
from burnish.storage.index import SearchFilter, TextIndex

Mode = Literal["hybrid", "text", "semantic"]
MAX_LIMIT = 1000
MAX_QUERY = 10_000
# As deep as rankings are fused: what stands further down changes no first page.
_DEPTH = 100
# The higher, the less a hit by some words of a query counts beside one by all of them.
STRAY = 3.0
# What a word that no doc has weighs beside one that a doc has.
_UNKNOWN = 0.3
_NO_WORDS = Worded([], {})
_NOTHING_MEANT = Meant(ranking=[], within=0, pending=0)


class Part(msgspec.Struct, frozen=True):
    """Where one way of searching has a hit, from 1, and its own score there: that of BM25, or the
    cosine of two vectors. By words, `covered` is how much of the query the hit has, 0 to 1."""

    rank: int
    score: float
    covered: float = 1.0


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """`scores` are those of the docs, best first, 0 to 1: by words the share of the best one's, by
    meaning the cosine, and in hybrid rankings the relevance, which the order of both rankings
    fused may only lift; `within` counts all docs that meet the
    filter, `pending` those of the index without a vector; `known` is how much of the query any
    doc has, 0 to 1."""

    query: str
    scores: dict[int, float]
    text: dict[int, Part]
    semantic: dict[int, Part]
    known: float
    within: int
    pending: int
    embedder: str
    notes: tuple[str, ...]
    alike: float

    def relevance(self, doc: int, meant: float | None = None) -> float:
        """How surely the doc is about what the query says, 0 to 1, whatever else there is: how
        much of the query it has, where words that no doc has say little, and how near its meaning
        comes to that of two texts on one matter (or `meant`, where that is known better). What
        both doubt remains in doubt."""
        text, semantic = self.parts(doc)
        sayable = self.known + _UNKNOWN * (1 - self.known)
        said = min(1.0, text.covered / sayable) if text and sayable else 0.0
        if meant is None:
            meant = min(1.0, max(0.0, semantic.score) / self.alike) if semantic else 0.0
        return round(1 - (1 - said) * (1 - meant), 6)

    def parts(self, doc: int) -> tuple[Part | None, Part | None]:
        """By words and by meaning."""
        return self.text.get(doc), self.semantic.get(doc)


class Ranker:
    """`embedder` is called when vectors are first needed, for it may take long to load."""

    def __init__(
        self,
        index: TextIndex,
        embedder: Callable[[], Embedder],
        *,
        holder: str,
        noun: str = "prompt",
        patience_s: float = 0.0,
    ) -> None:
        self._index = index
        self.words = Words(index, noun)
        self.meaning = Meaning(index, embedder, holder, noun, patience_s)
        self._counted: tuple[SearchFilter, int, int] | None = None

    async def rank(
        self, query: str, *, mode: Mode, limit: int, min_score: float, where: SearchFilter
    ) -> Ranked:
        """The docs that fit the query best, at most `limit` (1 to 1,000) and none whose score is
        below `min_score` (0 to 1). Raises UsageError for an empty query or a value out of its
        range."""
        query = _checked(query, mode, limit, min_score)
        worded, meant = await self._both(query, mode, where, limit)
        text, semantic = worded.ranking, meant.ranking
        found = Ranked(
            query=query,
            scores={},
            text=_parts(text, worded.covered),
            semantic=_parts(semantic, {}),
            known=worded.known,
            within=await self._within(where) if mode == "text" else meant.within,
            pending=meant.pending,
            embedder="" if mode == "text" else self.meaning.embedder.id,
            notes=(*worded.notes, *meant.notes),
            alike=0.0 if mode == "text" else self.meaning.embedder.alike,
        )
        if mode == "text":
            ranked = [(doc, score / text[0][1] if text[0][1] else 1.0) for doc, score in text]
        elif mode == "semantic":
            ranked = semantic
        else:
            ranked = _falling(self._fused(worded, semantic), found.relevance)
        return msgspec.structs.replace(found, scores=_best(ranked, min_score, limit))

    async def _within(self, where: SearchFilter) -> int:
        """Counting looks at each doc, so it is done again only when one has changed."""
        if not where.steady:
            return await self._index.count(where)
        stamp = (await self._index.state()).stamp
        if self._counted is None or self._counted[:2] != (where, stamp):
            self._counted = (where, stamp, await self._index.count(where))
        return self._counted[2]

    async def _both(
        self, query: str, mode: Mode, where: SearchFilter, limit: int
    ) -> tuple[Worded, Meant]:
        """The ways that the mode asks for, at the same time."""
        depth = max(limit, _DEPTH)
        if mode == "text":
            return await self.words.search(query, where, depth, wanted=limit), _NOTHING_MEANT
        if mode == "semantic":
            return _NO_WORDS, await self.meaning.search(query, where, depth)
        return await asyncio.gather(
            self.words.search(query, where, depth, wanted=limit),
            self.meaning.search(query, where, depth),
        )

    def _fused(self, worded: Worded, semantic: list[tuple[int, float]]) -> list[tuple[int, float]]:
        """A hit by words counts by how much of the query it has: one stray word of a question
        tells little beside what the question means."""
        rankings = {
            "text": [(doc, worded.covered[doc] ** STRAY) for doc, _ in worded.ranking],
            "semantic": [(doc, 1.0) for doc, _ in semantic],
        }
        return fuse(rankings, {"text": 1.0, "semantic": self.meaning.embedder.weight})


def _falling(
    ranked: list[tuple[int, float]], relevance: Callable[[int], float]
) -> list[tuple[int, float]]:
    """With the relevance of each, and never less than what stands below it."""
    docs = [doc for doc, _ in reversed(ranked)]
    return list(zip(docs, accumulate(map(relevance, docs), max), strict=True))[::-1]


def _best(ranked: list[tuple[int, float]], min_score: float, limit: int) -> dict[int, float]:
    rounded = ((doc, round(max(0.0, min(1.0, score)), 6)) for doc, score in ranked)
    return dict(islice((each for each in rounded if each[1] >= min_score), limit))


def _parts(ranking: list[tuple[int, float]], covered: dict[int, float]) -> dict[int, Part]:
    return {
        doc: Part(rank, round(score, 6), round(covered.get(doc, 1.0), 6))
        for rank, (doc, score) in enumerate(ranking, start=1)
    }


def _checked(query: str, mode: str, limit: int, min_score: float) -> str:
    if not plain(query).strip():
        raise UsageError("the query is empty", hint="say what you are looking for")
    if len(query) > MAX_QUERY:
        raise UsageError(f"the query has {len(query)} characters", hint=f"use at most {MAX_QUERY}")
    if mode not in get_args(Mode):
        raise UsageError(f"there is no mode {mode!r}", hint=f"use {', '.join(get_args(Mode))}")
    if not 1 <= limit <= MAX_LIMIT:
        raise UsageError(f"{limit} hits are not possible", hint=f"ask for 1 to {MAX_LIMIT}")
    if not 0 <= min_score <= 1:
        raise UsageError(f"a score of {min_score}", hint="scores are between 0 and 1")
    return query.strip()
