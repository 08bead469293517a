"""Pieces of knowledge by words, by meaning, and by both."""

from __future__ import annotations

from collections.abc import Callable

from burnish.library.embedders import Embedder
from burnish.library.knowledge.values import KnowledgeFound, KnowledgeHit, cite
from burnish.library.ranked import Mode, Part, Ranker
from burnish.library.snippets import snippet
from burnish.library.words import words_of
from burnish.storage.index import SearchFilter
from burnish.storage.knowledge import IndexedChunk, KnowledgeIndex


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
        sure = self._ranker.meaning.embedder.sure
        items = await self._index.items(list(found.scores))
        return KnowledgeFound(
            items=tuple(
                _hit(each, words, found.scores[each.doc], found.parts(each.doc), sure)
                for each in items
            ),
            query=found.query,
            mode=mode,
            within=found.within,
            embedder=found.embedder,
            pending=found.pending,
            notes=found.notes,
        )

    async def fill(self, progress: Callable[[int, int], None] | None = None) -> int:
        """Embeds all that is missing and drops the vectors of other embedders."""
        meaning = self._ranker.meaning
        embedded = await meaning.fill(progress)
        await self._index.drop(keep=meaning.embedder.id)
        return embedded

    async def settled(self) -> None:
        await self._ranker.meaning.settled()

    async def close(self) -> None:
        await self._ranker.meaning.close()


def _hit(
    item: IndexedChunk,
    words: list[str],
    score: float,
    parts: tuple[Part | None, Part | None],
    sure: float,
) -> KnowledgeHit:
    text, semantic = parts
    covered = text.covered if text else 0.0
    meant = semantic.score / sure if semantic else 0.0
    return KnowledgeHit(
        document=item.document.name,
        document_id=item.document.id,
        cite=cite(item.document.name, item.chunk),
        chunk=item.chunk,
        score=score,
        relevance=round(max(0.0, min(1.0, max(covered, meant))), 6),
        text=text,
        semantic=semantic,
        snippet=snippet(item.chunk.body, words),
    )
