"""One ranking of docs by words, by meaning, or by both, whatever the docs are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
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
_NO_WORDS = Worded([], {})
_NOTHING_MEANT = Meant(ranking=[], within=0, pending=0)


class Part(msgspec.Struct, frozen=True):
    """Where one way of searching has a hit, from 1, and its own score there: that of BM25, or the
    cosine of two vectors. By words, `covered` is how much of the query the hit has, 0 to 1."""

    rank: int
    score: float
    covered: float = 1.0


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """`scores` are those of the docs, best first, 0 to 1; `within` counts all docs that meet the
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
    ) -> None:
        self._index = index
        self.words = Words(index, noun)
        self.meaning = Meaning(index, embedder, holder, noun)
        self._counted: tuple[SearchFilter, int, int] | None = None

    async def rank(
        self, query: str, *, mode: Mode, limit: int, min_score: float, where: SearchFilter
    ) -> Ranked:
        """The docs that fit the query best, at most `limit` (1 to 1,000) and none whose score is
        below `min_score` (0 to 1). Raises UsageError for an empty query or a value out of its
        range."""
        query = _checked(query, mode, limit, min_score)
        worded, meant = await self._both(query, mode, where, max(limit, _DEPTH))
        text, semantic = worded.ranking, meant.ranking
        within = meant.within
        if mode == "text":
            within = await self._within(where)
            ranked = [(doc, score / text[0][1] if text[0][1] else 1.0) for doc, score in text]
        else:
            ranked = semantic if mode == "semantic" else self._fused(worded, semantic)
        rounded = ((doc, round(max(0.0, min(1.0, score)), 6)) for doc, score in ranked)
        return Ranked(
            query=query,
            scores=dict([each for each in rounded if each[1] >= min_score][:limit]),
            text=_parts(text, worded.covered),
            semantic=_parts(semantic, {}),
            known=worded.known,
            within=within,
            pending=meant.pending,
            embedder="" if mode == "text" else self.meaning.embedder.id,
            notes=(*worded.notes, *meant.notes),
        )

    async def _within(self, where: SearchFilter) -> int:
        """Counting looks at each doc, so it is done again only when one has changed."""
        if not where.steady:
            return await self._index.count(where)
        stamp = (await self._index.state()).stamp
        if self._counted is None or self._counted[:2] != (where, stamp):
            self._counted = (where, stamp, await self._index.count(where))
        return self._counted[2]

    async def _both(
        self, query: str, mode: Mode, where: SearchFilter, depth: int
    ) -> tuple[Worded, Meant]:
        """The ways that the mode asks for, at the same time."""
        if mode == "text":
            return await self.words.search(query, where, depth), _NOTHING_MEANT
        if mode == "semantic":
            return _NO_WORDS, await self.meaning.search(query, where, depth)
        return await asyncio.gather(
            self.words.search(query, where, depth), self.meaning.search(query, where, depth)
        )

    def _fused(self, worded: Worded, semantic: list[tuple[int, float]]) -> list[tuple[int, float]]:
        """A hit by words counts by how much of the query it has: one stray word of a question
        tells little beside what the question means."""
        rankings = {
            "text": [(doc, worded.covered[doc] ** STRAY) for doc, _ in worded.ranking],
            "semantic": [(doc, 1.0) for doc, _ in semantic],
        }
        return fuse(rankings, {"text": 1.0, "semantic": self.meaning.embedder.weight})


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
