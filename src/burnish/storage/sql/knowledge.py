"""Knowledge over SQLite."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    RowMapping,
    bindparam,
    delete,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from burnish.errors import Conflict
from burnish.storage.index import UNSPACED
from burnish.storage.knowledge import Chunk, Document, IndexedChunk
from burnish.storage.sql.database import Database
from burnish.storage.sql.index import CHUNK, Layout, SqlIndex, chunks, facet
from burnish.storage.tables.knowledge import (
    knowledge_chunks,
    knowledge_documents,
    knowledge_vectors,
)

_d, _c, _v = knowledge_documents.c, knowledge_chunks.c, knowledge_vectors.c
_SEARCHED = ("name", "category", "tags", "heading", "facets", "body")
_Row = dict[str, Any]


# So long may others go on reading what they began to read before a removal.
_READERS_END_MS = 3000


class SqlKnowledgeIndex(SqlIndex):
    """A `KnowledgeIndex` over SQLite."""

    layout = Layout(
        docs=knowledge_chunks,
        vectors=knowledge_vectors,
        fts="knowledge_fts",
        vocabulary="knowledge_words",
        live="document_id IS NOT NULL",
        texts="{name tags heading body}",
        titles="{name tags heading}",
        # Of a hit in the name, in tags, in the headings, in facets and in the body.
        bm25="2.0, 2.0, 3.0, 0.0, 1.0",
        bodies="",
        held="d.name || char(10) || d.tags || char(10) || d.heading || char(10) || d.body",
        described="d.name, d.tags, d.heading AS description, d.body",
        rebuild=("INSERT INTO knowledge_fts (knowledge_fts) VALUES ('rebuild')",),
    )

    async def items(self, docs: Sequence[int]) -> list[IndexedChunk]:
        found: dict[int, IndexedChunk] = {}
        async with self._database.reading() as connection:
            for some in chunks(docs):
                result = await connection.execute(_ITEMS, {"docs": some})
                for row in result.mappings():
                    doc = row[_c.doc]
                    found[doc] = IndexedChunk(doc, _document_of(row), _chunk_of(row))
        return [found[doc] for doc in docs if doc in found]


class SqlKnowledge:
    def __init__(self, database: Database) -> None:
        self._database = database
        self.index = SqlKnowledgeIndex(database)

    async def put(self, document: Document, chunks: Sequence[Chunk]) -> None:
        try:
            async with self._database.writing() as connection:
                await _put_document(connection, document)
                await _put_chunks(connection, document, chunks)
        except IntegrityError:
            raise Conflict(
                f"another document is called {document.name!r}",
                hint="give this one another name with --name",
                subject=document.name,
            ) from None

    async def by_name(self, name: str) -> Document | None:
        return await self._first(select(*_DOCUMENT).where(_d.name == name))

    async def by_hash(self, content_hash: str) -> Document | None:
        query = select(*_DOCUMENT).where(_d.content_hash == content_hash)
        return await self._first(query.order_by(_d.added_at, _d.id).limit(1))

    async def all(self, *, category: str | None = None, tag: str | None = None) -> list[Document]:
        query = select(*_DOCUMENT).order_by(_d.name)
        if category is not None:
            query = query.where(_d.category == category)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        found = [_document_of(row) for row in rows]
        return [each for each in found if tag is None or tag in each.tags]

    async def chunks(self, document_id: str) -> list[Chunk]:
        query = select(knowledge_chunks).where(_c.document_id == document_id)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query.order_by(_c.position))).mappings().all()
        return [_chunk_of(row) for row in rows]

    async def remove(self, ids: Sequence[str]) -> bool:
        if not ids:
            return True
        async with self._database.writing() as connection:
            # What was on a page that is no longer used is overwritten, not only forgotten.
            await connection.execute(text("PRAGMA secure_delete = ON"))
            for start in range(0, len(ids), CHUNK):
                some = list(ids[start : start + CHUNK])
                held = select(_c.doc).where(_c.document_id.in_(some))
                docs = list((await connection.execute(held)).scalars())
                await _empty(connection, docs, await _stamp(connection))
                await connection.execute(delete(knowledge_documents).where(_d.id.in_(some)))
            # An index forgets a word by noting that it is gone; merging takes word and note out.
            await connection.execute(
                text("INSERT INTO knowledge_fts (knowledge_fts) VALUES ('optimize')")
            )
        async with self._database.reading() as connection:
            return await _emptied_log(connection)

    async def _first(self, query: Any) -> Document | None:
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).mappings().first()
        return None if row is None else _document_of(row)


async def _emptied_log(connection: AsyncConnection) -> bool:
    """Whether the log beside the file, which still has what was removed, could be emptied."""
    usual = (await connection.execute(text("PRAGMA busy_timeout"))).scalar_one()
    await connection.execute(text(f"PRAGMA busy_timeout = {_READERS_END_MS:d}"))
    try:
        # Within that time the database itself tries again and again.
        row = (await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))).one()
    finally:
        await connection.execute(text(f"PRAGMA busy_timeout = {usual:d}"))
    return not row[0]


async def _put_document(connection: AsyncConnection, document: Document) -> None:
    row = {c.name: getattr(document, c.name) for c in knowledge_documents.columns}
    changed = await connection.execute(
        update(knowledge_documents).where(_d.id == document.id).values(row)
    )
    if not changed.rowcount:
        await connection.execute(insert(knowledge_documents).values(row))


async def _put_chunks(
    connection: AsyncConnection, document: Document, chunks: Sequence[Chunk]
) -> None:
    """Pieces that are there already keep their rows, and with them their vectors."""
    query = select(knowledge_chunks).where(_c.document_id == document.id).order_by(_c.position)
    left: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for held in reversed((await connection.execute(query)).mappings().all()):
        left[tuple(held[_c[name]] for name in _SEARCHED)].append(held[_c.doc])
    kept: list[_Row] = []
    fresh: list[_Row] = []
    for position, chunk in enumerate(chunks):
        row = _row(document, chunk, position)
        docs = left.get(tuple(row[name] for name in _SEARCHED))
        if docs:
            kept.append(row | {"held": docs.pop()})
        else:
            fresh.append(row)
    if kept:
        places = ("position", "page", "first_line", "last_line", "tokens")
        await connection.execute(
            update(knowledge_chunks)
            .where(_c.doc == bindparam("held"))
            .values({name: bindparam(name) for name in places}),
            [{name: row[name] for name in ("held", *places)} for row in kept],
        )
    await _put_fresh(connection, fresh, [doc for docs in left.values() for doc in docs])


async def _put_fresh(connection: AsyncConnection, rows: list[_Row], spare: list[int]) -> None:
    """Rows that this document or others no longer need are taken first."""
    stamp = await _stamp(connection)
    if len(spare) < len(rows):
        empty = select(_c.doc).where(_c.document_id.is_(None)).order_by(_c.doc)
        found = await connection.execute(empty.limit(len(rows) - len(spare)))
        spare = [*spare, *found.scalars()]
    stamped = [row | {"stamp": stamp + n} for n, row in enumerate(rows)]
    taken = [row | {"held": doc} for row, doc in zip(stamped, spare, strict=False)]
    if taken:
        await _forget_vectors(connection, spare[: len(taken)])
        names = [name for name in taken[0] if name != "held"]
        await connection.execute(
            update(knowledge_chunks)
            .where(_c.doc == bindparam("held"))
            .values({name: bindparam(name) for name in names}),
            taken,
        )
    if stamped[len(spare) :]:
        await connection.execute(insert(knowledge_chunks), stamped[len(spare) :])
    await _empty(connection, spare[len(rows) :], stamp + len(rows))


async def _empty(connection: AsyncConnection, docs: Sequence[int], stamp: int) -> None:
    if not docs:
        return
    await _forget_vectors(connection, docs)
    nothing = dict.fromkeys(_SEARCHED, "") | {"document_id": None, "tokens": 0, "unspaced": False}
    await connection.execute(
        update(knowledge_chunks)
        .where(_c.doc == bindparam("held"))
        .values(nothing | {"stamp": bindparam("next")}),
        [{"held": doc, "next": stamp + n} for n, doc in enumerate(docs)],
    )


async def _forget_vectors(connection: AsyncConnection, docs: Sequence[int]) -> None:
    for some in chunks(docs):
        await connection.execute(delete(knowledge_vectors).where(_v.doc.in_(some)))


async def _stamp(connection: AsyncConnection) -> int:
    return int((await connection.execute(select(func.max(_c.stamp)))).scalar() or 0) + 1


def _row(document: Document, chunk: Chunk, position: int) -> _Row:
    own = {name: getattr(chunk, name) for name in chunk.__struct_fields__}
    facets = [facet("c", document.category), *(facet("t", tag) for tag in document.tags)]
    text_of = "\n".join((document.name, *document.tags, chunk.heading, chunk.body))
    return own | {
        "document_id": document.id,
        "position": position,
        "name": document.name,
        "category": document.category,
        "tags": " ".join(document.tags),
        "facets": " ".join(facets),
        "unspaced": UNSPACED.search(text_of) is not None,
    }


def _document_of(row: RowMapping) -> Document:
    fields = {c.name: row[c] for c in knowledge_documents.columns}
    return Document(**fields, chunks=row["chunks"])


def _chunk_of(row: RowMapping) -> Chunk:
    return Chunk(**{name: row[_c[name]] for name in Chunk.__struct_fields__})


_INNER = knowledge_chunks.alias("pieces")
_COUNT = (
    select(func.count())
    .where(_INNER.c.document_id == _d.id)
    .correlate(knowledge_documents)
    .scalar_subquery()
    .label("chunks")
)
_DOCUMENT = (knowledge_documents, _COUNT)
_ITEMS = (
    select(knowledge_chunks, *_DOCUMENT)
    .join(knowledge_documents, _d.id == _c.document_id)
    .where(_c.doc.in_(bindparam("docs", expanding=True)))
)
