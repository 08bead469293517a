"""Pieces of knowledge by words, by meaning, and by both."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from burnish.library.embedders import Embedder, Hashed
from burnish.library.knowledge.values import KnowledgeFound, KnowledgeHit, cite
from burnish.library.meaning import embed
from burnish.library.ranked import Mode, Ranked, Ranker
from burnish.library.snippets import snippet
from burnish.library.words import words_of
from burnish.storage.index import UNSPACED, SearchFilter
from burnish.storage.knowledge import IndexedChunk, KnowledgeIndex

_BATCH = 32
# From which likeness on two texts without spaces are about the same: they share few pairs of
# letters by chance.
_SURE_UNSPACED = 0.25
_MOSTLY = 0.3


class KnowledgeSearch:
    def __init__(
        self, index: KnowledgeIndex, embedder: Callable[[], Embedder], *, holder: str
    ) -> None:
        self._index = index
        self._ranker = Ranker(index, embedder, holder=holder, noun="piece")

    async def search(
        self, query: str, *, mode: Mode, limit: int, min_score: float, where: SearchFilter
    ) -> KnowledgeFound:
        found = await self._ranker.rank(
            query, mode=mode, limit=limit, min_score=min_score, where=where
        )
        words = words_of(found.query)
        items = await self._index.items(list(found.scores))
        alike = await asyncio.to_thread(_alike, found.query, items)
        return KnowledgeFound(
            items=tuple(_hit(each, words, found, alike.get(each.doc)) for each in items),
            query=found.query,
            mode=mode,
            within=found.within,
            embedder=found.embedder,
            pending=found.pending,
            notes=found.notes,
        )

    async def fill(self, progress: Callable[[int, int], None] | None = None) -> int:
        """Makes every vector that is missing, without reading those that are there; tells how
        many. Ends what does so in the background."""
        meaning = self._ranker.meaning
        await meaning.close()
        docs = await self._index.unembedded(meaning.embedder.id)
        made = 0
        for start in range(0, len(docs), _BATCH):
            made += await embed(self._index, meaning.embedder, docs[start : start + _BATCH])
            if progress is not None:
                progress(min(start + _BATCH, len(docs)), len(docs))
        return made

    async def drop_others(self) -> None:
        """Takes out the vectors of other embedders."""
        await self._index.drop(keep=self._ranker.meaning.embedder.id)

    async def settled(self) -> None:
        await self._ranker.meaning.settled()

    async def close(self) -> None:
        await self._ranker.meaning.close()


def _alike(query: str, items: Sequence[IndexedChunk]) -> dict[int, float]:
    """How surely query and pieces mean the same by hashed words, 0 to 1, for a query in a script
    without spaces: words are not found in it, and sentence vectors of English know nothing of it.
    Empty for any other."""
    letters = sum(sign.isalpha() for sign in query)
    if not items or len(UNSPACED.findall(query)) <= _MOSTLY * letters:
        return {}
    rows = Hashed().encode([query, *(f"{i.chunk.heading}. {i.chunk.body}" for i in items)])
    scores = (rows[1:] @ rows[0]).tolist()
    return {
        item.doc: min(1.0, max(0.0, score) / _SURE_UNSPACED)
        for item, score in zip(items, scores, strict=True)
    }


def _hit(item: IndexedChunk, words: list[str], found: Ranked, meant: float | None) -> KnowledgeHit:
    text, semantic = found.parts(item.doc)
    return KnowledgeHit(
        document=item.document.name,
        document_id=item.document.id,
        cite=cite(item.document.name, item.chunk),
        chunk=item.chunk,
        score=found.scores[item.doc],
        relevance=found.relevance(item.doc, meant),
        text=text,
        semantic=semantic,
        snippet=snippet(item.chunk.body, words),
    )
