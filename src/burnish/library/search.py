"""Finding prompts by words, by meaning, and by both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec

from burnish.errors import UsageError
from burnish.library.embedders import Embedder
from burnish.library.lineage import Likeness
from burnish.library.listing import clean_tags
from burnish.library.ranked import MAX_QUERY, Mode, Part, Ranked, Ranker
from burnish.library.snippets import Snippet, snippet
from burnish.library.words import likeness, words_of
from burnish.prompts.prompt import Prompt
from burnish.storage.index import Indexed, IndexedText, SearchFilter, SearchIndex

Where = Literal["text", "description", "name"]
_CANDIDATES = 20
_ANYTHING = SearchFilter()
_A_GUESS = (
    "no prompt has a word of the query; these are the nearest in meaning, and may have nothing to "
    "do with it"
)


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """`score` is 0 to 1: by meaning the cosine, by words the share of the best hit's score, and
    in hybrid searches how surely the prompt is about what the query says: 1 where it has all its
    words, or is as near in meaning as prompts on one matter are; never less than that of a hit
    further down. `text` or `semantic` is None where that way did not find it. `where` tells which
    part of the prompt the snippet is of."""

    prompt: Prompt
    revision: int
    version_id: str
    score: float
    text: Part | None = None
    semantic: Part | None = None
    where: Where
    snippet: Snippet


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """`within` counts all prompts that meet the filters, found or not; `pending` those of the
    library that no vector stands for yet, so that only words find them."""

    items: tuple[Hit, ...]
    query: str
    mode: Mode
    within: int
    embedder: str = ""
    pending: int = 0
    notes: tuple[str, ...] = ()


class Similar(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt with nearly the same text. By its wording, `score` is the share of their runs of
    three words that both texts have; by its meaning, the cosine of their vectors."""

    name: str
    revision: int
    score: float
    by: Likeness = "wording"


class Reindexed(msgspec.Struct, frozen=True, kw_only=True):
    """`embedded` vectors are new, `removed` were those of other embedders."""

    embedder: str
    prompts: int
    embedded: int
    removed: int


class Search:
    """Over the index that a store keeps of itself. `embedder` is called when vectors are first
    needed, for it may take long to load. A search waits `patience_s` seconds for vectors that are
    missing."""

    def __init__(
        self,
        index: SearchIndex,
        embedder: Callable[[], Embedder],
        *,
        holder: str,
        patience_s: float = 0.0,
    ) -> None:
        self._index = index
        self._ranker = Ranker(index, embedder, holder=holder, patience_s=patience_s)

    async def search(
        self,
        query: str,
        *,
        mode: Mode = "hybrid",
        limit: int = 10,
        min_score: float = 0.0,
        where: SearchFilter = _ANYTHING,
    ) -> Found:
        """The prompts that fit the query best, best first, at most `limit` (1 to 1,000) and none
        whose score is below `min_score` (0 to 1).

        Signs of the query mean nothing special. Prompts without a vector yet are found by their
        words; few are embedded at once, many in the background, and `pending` counts them.
        Raises UsageError for an empty query or a value out of its range.
        """
        found = await self._ranker.rank(
            query, mode=mode, limit=limit, min_score=min_score, where=where
        )
        words = words_of(found.query)
        return Found(
            items=tuple(
                _hit(item, words, found.scores[item.doc], found.parts(item.doc))
                for item in await self._index.items(list(found.scores))
            ),
            query=found.query,
            mode=mode,
            within=found.within,
            embedder=found.embedder,
            pending=found.pending,
            notes=(*found.notes, *(self._doubts(found) if mode == "hybrid" else ())),
        )

    def _doubts(self, found: Ranked) -> tuple[str, ...]:
        """Some prompt is always the nearest; its score tells it may not fit."""
        nearest = max((part.score for part in found.semantic.values()), default=0.0)
        if found.text or not found.scores or nearest >= self._ranker.meaning.embedder.alike:
            return ()
        return (_A_GUESS,)

    async def near_duplicates(
        self, text: str, *, limit: int = 3, min_score: float = 0.6, leave_out: str = ""
    ) -> tuple[Similar, ...]:
        """Prompts whose text says nearly the same in the same words, most alike first; but not
        the one named `leave_out`."""
        found = await self._ranker.words.rarest(text[:MAX_QUERY], _CANDIDATES)
        like = [
            Similar(
                name=each.prompt.name,
                revision=each.version.revision,
                score=likeness(text, each.version.text),
            )
            for each in await self._index.items(found)
            if each.prompt.name != leave_out
        ]
        like.sort(key=lambda each: (-each.score, each.name))
        return tuple(each for each in like[:limit] if each.score >= min_score)

    async def like(self, prompt: Prompt, text: str, *, limit: int = 3) -> tuple[Similar, ...]:
        """Other prompts that are about the same, whatever their words; the nearest first."""
        mine = IndexedText(
            doc=0,
            stamp=0,
            name=prompt.name,
            tags=" ".join(prompt.tags),
            description=prompt.description,
            body=text,
        )
        meaning = self._ranker.meaning
        near, least = await meaning.like(mine, limit + 1), meaning.embedder.alike
        scores = {doc: score for doc, score in near.ranking if score >= least}
        like = [
            Similar(
                name=each.prompt.name,
                revision=each.version.revision,
                score=round(min(1.0, scores[each.doc]), 6),
                by="meaning",
            )
            for each in await self._index.items(list(scores))
            if each.prompt.id != prompt.id
        ]
        like.sort(key=lambda each: (-each.score, each.name))
        return tuple(like[:limit])

    async def reindex(self, progress: Callable[[int, int], None] | None = None) -> Reindexed:
        """Makes the index of words anew and every vector that is missing, and drops those of
        other embedders. `progress` is told how many of how many are embedded."""
        await self._index.rebuild()
        meaning = self._ranker.meaning
        embedded = await meaning.fill(progress)
        embedder = meaning.embedder.id
        removed = await self._index.drop(keep=embedder)
        prompts = await self._index.count(_ANYTHING)
        return Reindexed(embedder=embedder, prompts=prompts, embedded=embedded, removed=removed)

    async def settled(self) -> None:
        """Returns when the embedding in the background has ended."""
        await self._ranker.meaning.settled()

    async def close(self) -> None:
        """Ends what runs in the background; what it finished is kept."""
        await self._ranker.meaning.close()


def _hit(
    item: Indexed, words: list[str], score: float, parts: tuple[Part | None, Part | None]
) -> Hit:
    where, piece = _snippet(item, words)
    return Hit(
        prompt=item.prompt,
        revision=item.version.revision,
        version_id=item.version.id,
        score=score,
        text=parts[0],
        semantic=parts[1],
        where=where,
        snippet=piece,
    )


def filter_of(*, tags: Sequence[str] = (), **conditions: Any) -> SearchFilter:
    """The filter as a user gives it. Raises UsageError for a value that none can have."""
    where = SearchFilter(tags=clean_tags(tags), **conditions)
    if where.min_rating is not None and not 0 <= where.min_rating <= 1:
        raise UsageError(f"a rating of {where.min_rating}", hint="ratings are between 0 and 1")
    return where


def _snippet(item: Indexed, words: list[str]) -> tuple[Where, Snippet]:
    """Of the text where a word stands in it, else of what stands above it."""
    body = snippet(item.version.text, words)
    if body.marks:
        return "text", body
    others: tuple[tuple[Where, str], ...] = (
        ("description", item.prompt.description),
        ("name", item.prompt.name),
    )
    for where, text in others:
        piece = snippet(text, words)
        if piece.marks:
            return where, piece
    return "text", body
