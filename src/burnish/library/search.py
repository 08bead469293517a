"""Finding prompts by words, by meaning, and by both."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args

import msgspec

from burnish.errors import UsageError
from burnish.library.embedders import Embedder, plain
from burnish.library.fusion import fuse
from burnish.library.lineage import Likeness
from burnish.library.listing import clean_tags
from burnish.library.meaning import Meaning, Meant
from burnish.library.snippets import Snippet, snippet
from burnish.library.words import Worded, Words, likeness, words_of
from burnish.prompts.prompt import Prompt
from burnish.storage.index import Indexed, IndexedText, SearchFilter, SearchIndex

Mode = Literal["hybrid", "text", "semantic"]
Where = Literal["text", "description", "name"]
MAX_LIMIT = 1000
# As deep as rankings are fused: what stands further down changes no first page.
_DEPTH = 100
_MAX_QUERY = 10_000
_CANDIDATES = 20
# The higher, the less a hit by some words of a query counts beside one by all of them.
STRAY = 3.0
_ANYTHING = SearchFilter()
_NO_WORDS = Worded([], {}, ())
_NOTHING_MEANT = Meant(ranking=[], within=0, pending=0)


class Part(msgspec.Struct, frozen=True):
    """Where one way of searching has a hit, from 1, and its own score there: that of BM25, or the
    cosine of two vectors. By words, `covered` is how much of the query the hit has, 0 to 1."""

    rank: int
    score: float
    covered: float = 1.0


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """`score` is 0 to 1: by meaning the cosine, by words the share of the best hit's score, and
    in hybrid searches 1 for what is first by both. `text` or `semantic` is None where that way
    did not find it. `where` tells which part of the prompt the snippet is of."""

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
    needed, for it may take long to load."""

    def __init__(
        self, index: SearchIndex, embedder: Callable[[], Embedder], *, holder: str
    ) -> None:
        self._index = index
        self._words = Words(index)
        self._meaning = Meaning(index, embedder, holder)

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
        query = _checked(query, mode, limit, min_score)
        depth = max(limit, _DEPTH)
        worded, meant = await self._both(query, mode, where, depth)
        text, semantic = worded.ranking, meant.ranking
        within = meant.within
        if mode == "text":
            within = await self._index.count(where)
            ranked = [(doc, score / text[0][1] if text[0][1] else 1.0) for doc, score in text]
        else:
            ranked = semantic if mode == "semantic" else self._fused(worded, semantic)
        rounded = ((doc, round(max(0.0, min(1.0, score)), 6)) for doc, score in ranked)
        wanted = [each for each in rounded if each[1] >= min_score][:limit]
        return Found(
            items=await self._hits(
                wanted, query, _parts(text, worded.covered), _parts(semantic, {})
            ),
            query=query,
            mode=mode,
            within=within,
            embedder="" if mode == "text" else self._meaning.embedder.id,
            pending=meant.pending,
            notes=(*worded.notes, *meant.notes),
        )

    async def near_duplicates(
        self, text: str, *, limit: int = 3, min_score: float = 0.6, leave_out: str = ""
    ) -> tuple[Similar, ...]:
        """Prompts whose text says nearly the same in the same words, most alike first; but not
        the one named `leave_out`."""
        found = await self._words.rarest(text[:_MAX_QUERY], _CANDIDATES)
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
        near, least = await self._meaning.like(mine, limit + 1), self._meaning.embedder.alike
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
        embedded = await self._meaning.fill(progress)
        embedder = self._meaning.embedder.id
        removed = await self._index.drop(keep=embedder)
        prompts = await self._index.count(_ANYTHING)
        return Reindexed(embedder=embedder, prompts=prompts, embedded=embedded, removed=removed)

    async def settled(self) -> None:
        """Returns when the embedding in the background has ended."""
        await self._meaning.settled()

    async def close(self) -> None:
        """Ends what runs in the background; what it finished is kept."""
        await self._meaning.close()

    async def _both(
        self, query: str, mode: Mode, where: SearchFilter, depth: int
    ) -> tuple[Worded, Meant]:
        """The ways that the mode asks for, at the same time."""
        if mode == "text":
            return await self._words.search(query, where, depth), _NOTHING_MEANT
        if mode == "semantic":
            return _NO_WORDS, await self._meaning.search(query, where, depth)
        return await asyncio.gather(
            self._words.search(query, where, depth), self._meaning.search(query, where, depth)
        )

    def _fused(self, worded: Worded, semantic: list[tuple[int, float]]) -> list[tuple[int, float]]:
        """A hit by words counts by how much of the query it has: one stray word of a question
        tells little beside what the question means."""
        rankings = {
            "text": [(doc, worded.covered[doc] ** STRAY) for doc, _ in worded.ranking],
            "semantic": [(doc, 1.0) for doc, _ in semantic],
        }
        return fuse(rankings, {"text": 1.0, "semantic": self._meaning.embedder.weight})

    async def _hits(
        self,
        wanted: list[tuple[int, float]],
        query: str,
        text: dict[int, Part],
        semantic: dict[int, Part],
    ) -> tuple[Hit, ...]:
        scores = dict(wanted)
        words = words_of(query)
        items = await self._index.items([doc for doc, _ in wanted])
        hits: list[Hit] = []
        for item in items:
            where, piece = _snippet(item, words)
            hits.append(
                Hit(
                    prompt=item.prompt,
                    revision=item.version.revision,
                    version_id=item.version.id,
                    score=scores[item.doc],
                    text=text.get(item.doc),
                    semantic=semantic.get(item.doc),
                    where=where,
                    snippet=piece,
                )
            )
        return tuple(hits)


def filter_of(*, tags: Sequence[str] = (), **conditions: Any) -> SearchFilter:
    """The filter as a user gives it. Raises UsageError for a value that none can have."""
    where = SearchFilter(tags=clean_tags(tags), **conditions)
    if where.min_rating is not None and not 0 <= where.min_rating <= 1:
        raise UsageError(f"a rating of {where.min_rating}", hint="ratings are between 0 and 1")
    return where


def _parts(ranking: list[tuple[int, float]], covered: dict[int, float]) -> dict[int, Part]:
    return {
        doc: Part(rank, round(score, 6), round(covered.get(doc, 1.0), 6))
        for rank, (doc, score) in enumerate(ranking, start=1)
    }


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


def _checked(query: str, mode: str, limit: int, min_score: float) -> str:
    if not plain(query).strip():
        raise UsageError("the query is empty", hint="say what you are looking for")
    if len(query) > _MAX_QUERY:
        raise UsageError(f"the query has {len(query)} characters", hint=f"use at most {_MAX_QUERY}")
    if mode not in get_args(Mode):
        raise UsageError(f"there is no mode {mode!r}", hint=f"use {', '.join(get_args(Mode))}")
    if not 1 <= limit <= MAX_LIMIT:
        raise UsageError(f"{limit} hits are not possible", hint=f"ask for 1 to {MAX_LIMIT}")
    if not 0 <= min_score <= 1:
        raise UsageError(f"a score of {min_score}", hint="scores are between 0 and 1")
    return query.strip()
