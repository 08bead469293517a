"""Finding texts by what they mean, and keeping the vectors for it up to date."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import msgspec

from burnish.errors import BurnishError
from burnish.library.embedders import Embedder, encode_texts
from burnish.library.vectors import Docs, Vectors
from burnish.remember import Remembered
from burnish.storage.index import IndexedText, NewVector, SearchFilter, TextIndex

# So many are embedded before an answer is given, which takes less than a second; more wait for
# the background.
_AT_ONCE = 16
_BATCH = 16
_LEASE = timedelta(seconds=60)
_LOAD = 20_000
_LOAD_DOCS = 100_000
_ALL = 100_000_000
_ANYTHING = SearchFilter()
_QUERIES, _QUERIES_S = 512, 3600.0


class Meant(msgspec.Struct, frozen=True, kw_only=True):
    ranking: list[tuple[int, float]]
    within: int
    pending: int
    notes: tuple[str, ...] = ()


async def embed(index: TextIndex, embedder: Embedder, docs: Sequence[int]) -> int:
    """Makes the vectors of the docs; tells how many of them there still are."""
    texts = await index.texts(docs)
    if texts:
        rows = await asyncio.to_thread(encode_texts, embedder, texts)
        content = rows.astype("<f2")
        vectors = [
            NewVector(each.doc, each.stamp, row.tobytes())
            for each, row in zip(texts, content, strict=True)
        ]
        await index.put(embedder.id, vectors)
    return len(texts)


class Meaning:
    """`holder` names this process among those that may embed the same library; one at a time
    does. `noun` is what a doc is called in what is said to people. Who begins to embed many waits
    `patience_s` seconds for it."""

    def __init__(
        self,
        index: TextIndex,
        embedder: Callable[[], Embedder],
        holder: str,
        noun: str = "prompt",
        patience_s: float = 0.0,
    ) -> None:
        self._index = index
        self._make = embedder
        self._holder = holder
        self._noun = noun
        self._patience_s = patience_s
        self._lock = asyncio.Lock()
        self._vectors: Vectors | None = None
        self._queries = Remembered[Any](_QUERIES_S, _QUERIES)
        self._task: asyncio.Task[None] | None = None
        self._failure = ""
        self._last: tuple[SearchFilter, int, list[int]] | None = None

    @cached_property
    def embedder(self) -> Embedder:
        return self._make()

    async def search(self, query: str, where: SearchFilter, limit: int) -> Meant:
        vector, missing = await asyncio.gather(
            asyncio.to_thread(self._encoded, query), self._up_to_date()
        )
        return await self._nearest(vector, where, limit, missing)

    async def like(self, text: IndexedText, limit: int) -> Meant:
        """What stands next to a prompt: compared as prompts are with one another, so that the same
        text comes to 1."""
        vectors = await asyncio.to_thread(encode_texts, self.embedder, [text])
        return await self._nearest(vectors[0], _ANYTHING, limit, await self._up_to_date())

    async def _up_to_date(self) -> int:
        """How many docs have no vector, after what can be done about it at once."""
        missing = await self._refresh()
        return await self._catch_up(missing) if missing else 0

    async def _nearest(self, vector: Any, where: SearchFilter, limit: int, missing: int) -> Meant:
        docs = await self._among(where) if where else None
        async with self._lock:
            held = self._held()
            found = await asyncio.to_thread(held.nearest, vector, limit, docs)
            within = held.live if docs is None else len(docs)
        least = self.embedder.unrelated
        return Meant(
            ranking=[each for each in found if each[1] >= least],
            within=within,
            pending=missing,
            notes=self._notes(missing),
        )

    async def _among(self, where: SearchFilter) -> list[int]:
        """The docs that meet the conditions; those met last are remembered as long as no doc
        changes."""
        stamp = self._held().stamp
        if self._last is not None and self._last[:2] == (where, stamp):
            return self._last[2]
        docs = await self._index.docs(where)
        if where.steady:
            self._last = (where, stamp, docs)
        return docs

    async def fill(self, progress: Callable[[int, int], None] | None = None) -> int:
        """Embeds all that is missing, here and now; tells how many."""
        await self.close()
        missing = await self._refresh()
        done = 0
        while left := await self._missing(_BATCH):
            made = await self._embed(left)
            done += made
            if progress is not None:
                progress(done, max(done, missing))
            if not made and not await self._refresh():
                break
        return done

    async def settled(self) -> None:
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def close(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _catch_up(self, missing: int) -> int:
        """Embeds a few at once, or begins to embed many. Returns what is missing still."""
        if missing <= _AT_ONCE:
            await self._embed(await self._missing(_AT_ONCE))
            return await self._refresh()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._in_background(), name="burnish-embedding")
            # Once: those who ask while it runs get what there is.
            await asyncio.wait({self._task}, timeout=self._patience_s)
            missing = await self._refresh()
        return missing

    async def _in_background(self) -> None:
        """While another process is at it, it is left to that one; a later search looks again."""
        task = f"embed {self._noun}s {self.embedder.id}"
        try:
            while left := await self._missing(_BATCH):
                now = datetime.now(UTC)
                if not await self._index.claim(task, self._holder, now + _LEASE, now):
                    return
                await self._embed(left)
                await self._refresh()
            self._failure = ""
        except BurnishError as error:
            # Nobody waits for this task: the next search tells.
            self._failure = str(error)
        finally:
            # Also where it was stopped while it claimed: the store may have done it all the same.
            await self._index.release(task, self._holder)

    async def _embed(self, docs: list[int]) -> int:
        made = await embed(self._index, self.embedder, docs)
        await self._refresh()
        return made

    async def _missing(self, limit: int) -> list[int]:
        async with self._lock:
            return self._held().docs_missing(limit)

    async def _refresh(self) -> int:
        """Learns what changed in the store, whoever changed it. Returns how many docs have no
        vector."""
        async with self._lock:
            state = await self._index.state()
            held = self._held()
            if state.stamp < held.stamp:
                # An older database stands in the place of the one that was read.
                self._vectors = None
                held = self._held()
            while state.stamp > held.stamp or state.vector > held.vector_id:
                await self._learn(held)
                held.vector_id = max(held.vector_id, state.vector)
            return held.missing

    async def _learn(self, held: Vectors) -> None:
        if held.stamp:
            held.learn_docs(await self._index.changes(held.stamp, _ALL))
        else:
            await self._learn_first(held)
        while new := await self._index.vectors(self.embedder.id, held.vector_id, _LOAD):
            if not await asyncio.to_thread(held.learn_vectors, new):
                held.learn_docs(await self._index.changes(held.stamp, _ALL))

    async def _learn_first(self, held: Vectors) -> None:
        """All docs there are, some at a time: a million of them at once would take more memory
        than their vectors."""
        every = Docs()
        since = 0
        while some := await self._index.changes(since, _LOAD_DOCS):
            every.add(some)
            since = some[-1].stamp
        if since:
            await asyncio.to_thread(held.learn_first, every)

    def _held(self) -> Vectors:
        if self._vectors is None:
            self._vectors = Vectors(self.embedder.dimension)
        return self._vectors

    def _encoded(self, query: str) -> Any:
        return self._queries.get(query, lambda: self.embedder.encode([query])[0])

    def _notes(self, missing: int) -> tuple[str, ...]:
        if not missing:
            return ()
        notes = [f"{missing} {self._noun}s are not embedded yet and are found by their words alone"]
        if self._failure:
            notes.append(f"embedding failed: {self._failure}")
        return tuple(notes)
