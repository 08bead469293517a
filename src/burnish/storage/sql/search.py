"""Search over SQLite: FTS5 for words and filters, BLOBs for vectors.

What only SQLite understands is in the statements of this module; tables and values are those of
every store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    TextClause,
    bindparam,
    column,
    delete,
    insert,
    select,
    table,
    text,
    update,
)

from burnish.shapes import decoder
from burnish.storage.index import (
    DocState,
    Indexed,
    IndexedText,
    Match,
    NewVector,
    SearchFilter,
    State,
    StoredVector,
)
from burnish.storage.sql.database import Database
from burnish.storage.sql.rows import prompt_of, version_of
from burnish.storage.tables.base import Id, UtcTime, Verbatim
from burnish.storage.tables.prompts import prompt_versions, prompts
from burnish.storage.tables.search import search_docs, search_leases, search_vectors

_d, _v, _l = search_docs.c, search_vectors.c, search_leases.c
# Of a hit in the name, in tags, in the description, in facets and in the body.
_BM25: Final = "bm25(search_fts, 8.0, 4.0, 4.0, 0.0, 1.0)"
_TEXTS: Final = "{name tags description body}"
_TITLES: Final = "{name tags description}"
_INTS = decoder(list[int])
_STATES = decoder(list[DocState])
# Bound values in one statement; SQLite takes more, but no plan gets better by it.
_CHUNK = 500


class SqlSearch:
    """A `SearchIndex` over SQLite."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def state(self) -> State:
        row = (await self._rows(_STATE))[0]
        return State(row[0] or 0, row[1] or 0)

    async def count(self, where: SearchFilter) -> int:
        source, values = _source(where)
        return int((await self._rows(_sql(f"SELECT count(*) {source}", values)))[0][0])

    async def docs(self, where: SearchFilter) -> list[int]:
        # One row of JSON: a row for each doc takes ten times as long.
        facets = _facets(where)
        if facets and not _conditions(where)[0]:
            # The index of words holds what can be found, and nothing else.
            statement = _sql(_OF_FACETS, {"facets": facets})
        else:
            source, values = _source(where)
            statement = _sql(f"SELECT json_group_array(d.doc) {source}", values)
        return sorted(_INTS.decode((await self._rows(statement))[0][0]))

    async def holders(
        self, words: Sequence[str], where: SearchFilter, most: int
    ) -> list[list[int]]:
        if not words:
            return []
        facets = _facets(where)
        lists = ", ".join(_HOLDERS.format(number=n) for n in range(len(words)))
        values: dict[str, Any] = {"most": most}
        values |= {f"w{n}": _expression([word], facets) for n, word in enumerate(words)}
        (row,) = await self._rows(_sql(f"SELECT {lists}", values))
        return [_INTS.decode(each) for each in row]

    async def matches(
        self,
        words: Sequence[str],
        where: SearchFilter,
        limit: int,
        *,
        every: bool = False,
        titles: bool = False,
        among: int,
    ) -> list[Match]:
        if not words:
            return []
        conditions, values = _conditions(where)
        joins = "JOIN search_docs AS d ON d.doc = search_fts.rowid" if conditions else ""
        if any(condition.startswith("p.") for condition in conditions):
            joins += " JOIN prompts AS p ON p.id = d.prompt_id"
        narrowed = "".join(f" AND {condition}" for condition in conditions)
        values |= {
            "match": _expression(words, _facets(where), every=every, titles=titles),
            "among": among,
            "limit": limit,
        }
        statement = _sql(_BEST.format(joins=joins, narrowed=narrowed), values)
        return [Match(doc, -score) for doc, score in await self._rows(statement)]

    async def containing(self, parts: Sequence[str], where: SearchFilter, limit: int) -> list[int]:
        if not parts:
            return []
        source, values = _source(where)
        values |= {"limit": limit} | {f"part{n}": part for n, part in enumerate(parts)}
        whole = "d.name || char(10) || d.tags || char(10) || d.description || char(10) || b.body"
        held = "".join(f" AND instr({whole}, :part{n}) > 0" for n in range(len(parts)))
        head, _, conditions = source.partition(" WHERE ")
        statement = (
            f"SELECT d.doc {head} JOIN search_bodies AS b ON b.version_id = d.version_id"
            f" WHERE {conditions} AND d.unspaced{held} ORDER BY d.doc DESC LIMIT :limit"
        )
        return [row[0] for row in await self._rows(_sql(statement, values))]

    async def words_near(self, beginning: str, limit: int) -> list[tuple[str, int]]:
        values = {"low": beginning, "high": f"{beginning}\U0010ffff", "limit": limit}
        rows = await self._rows(_sql(_NEAR, values))
        return [(row[0], int(row[1])) for row in rows]

    async def items(self, docs: Sequence[int]) -> list[Indexed]:
        found: dict[int, Indexed] = {}
        async with self._database.reading() as connection:
            for chunk in _chunks(docs):
                result = await connection.execute(_ITEMS, {"docs": chunk})
                for row in result.mappings():
                    found[row[_d.doc]] = Indexed(row[_d.doc], prompt_of(row), version_of(row))
        return [found[doc] for doc in docs if doc in found]

    async def texts(self, docs: Sequence[int]) -> list[IndexedText]:
        found: list[IndexedText] = []
        async with self._database.reading() as connection:
            for chunk in _chunks(docs):
                result = await connection.execute(_TEXTS_OF, {"docs": chunk})
                found += [IndexedText(**row) for row in result.mappings()]
        return found

    async def changes(self, since: int, limit: int) -> list[DocState]:
        rows = await self._rows(_sql(_CHANGES, {"since": since, "limit": limit}))
        return _STATES.decode(rows[0][0])

    async def vectors(self, embedder: str, since: int, limit: int) -> list[StoredVector]:
        values = {"embedder": embedder, "since": since, "limit": limit}
        return [StoredVector(*row) for row in await self._rows(_sql(_VECTORS, values))]

    async def put(self, embedder: str, vectors: Sequence[NewVector]) -> None:
        rows = [
            {"doc": v.doc, "embedder": embedder, "stamp": v.stamp, "vector": v.vector}
            for v in vectors
        ]
        if rows:
            async with self._database.writing() as connection:
                # Replacing gives a new id, by which others see that there is something new.
                await connection.execute(_PUT, rows)

    async def drop(self, *, keep: str) -> int:
        async with self._database.writing() as connection:
            gone = await connection.execute(delete(search_vectors).where(_v.embedder != keep))
        return gone.rowcount

    async def claim(self, task: str, holder: str, until: datetime, now: datetime) -> bool:
        async with self._database.writing() as connection:
            held = (
                await connection.execute(select(_l.holder, _l.until).where(_l.task == task))
            ).first()
            if held is None:
                values = {"task": task, "holder": holder, "until": until}
                await connection.execute(insert(search_leases).values(values))
                return True
            if held.holder != holder and held.until > now:
                return False
            await connection.execute(
                update(search_leases).where(_l.task == task).values(holder=holder, until=until)
            )
            return True

    async def release(self, task: str, holder: str) -> None:
        async with self._database.writing() as connection:
            await connection.execute(
                delete(search_leases).where(_l.task == task, _l.holder == holder)
            )

    async def rebuild(self) -> None:
        async with self._database.writing() as connection:
            for statement in _REBUILD:
                await connection.execute(text(statement))

    async def _rows(self, statement: TextClause) -> Sequence[Any]:
        async with self._database.reading() as connection:
            return (await connection.execute(statement)).fetchall()


_STATE = text("SELECT (SELECT max(stamp) FROM search_docs), (SELECT max(id) FROM search_vectors)")
_CHANGES = (
    "SELECT json_group_array(json_array(doc, stamp, json(live), category)) FROM ("
    "SELECT doc, stamp, CASE WHEN version_id IS NULL THEN 'false' ELSE 'true' END AS live, category"
    " FROM search_docs WHERE stamp > :since ORDER BY stamp LIMIT :limit)"
)
_VECTORS = (
    "SELECT id, doc, stamp, vector FROM search_vectors"
    " WHERE id > :since AND embedder = :embedder ORDER BY id LIMIT :limit"
)
_OF_FACETS = "SELECT json_group_array(rowid) FROM search_fts WHERE search_fts MATCH :facets"
_HOLDERS = (
    "(SELECT json_group_array(doc) FROM (SELECT rowid AS doc FROM search_fts"
    " WHERE search_fts MATCH :w{number} LIMIT :most))"
)
# The newest that match are weighed, so that a word which everybody uses costs no more than a rare
# one.
_BEST = f"""
SELECT doc, score FROM (
  SELECT search_fts.rowid AS doc, {_BM25} AS score FROM search_fts {{joins}}
  WHERE search_fts MATCH :match{{narrowed}} ORDER BY search_fts.rowid DESC LIMIT :among
) ORDER BY score, doc DESC LIMIT :limit"""  # noqa: S608 - all of it is ours
_NEAR = "SELECT term, doc FROM search_words WHERE term >= :low AND term <= :high LIMIT :limit"
# FTS5's own 'rebuild' reads no view that reads JSON.
_REBUILD = (
    "INSERT INTO search_touched (prompt_id) SELECT id FROM prompts ORDER BY id",
    "INSERT INTO search_fts (search_fts) VALUES ('delete-all')",
    """INSERT INTO search_fts (rowid, name, tags, description, facets, body)
    SELECT doc, name, tags, description, facets, body FROM search_texts""",
)
_BODIES = table("search_bodies", column("version_id", Id), column("body", Verbatim))
_ITEMS = (
    select(search_docs.c.doc, prompts, prompt_versions)
    .join(prompts, prompts.c.id == _d.prompt_id)
    .join(prompt_versions, prompt_versions.c.id == _d.version_id)
    .where(_d.doc.in_(bindparam("docs", expanding=True)))
)
_TEXTS_OF = (
    select(_d.doc, _d.stamp, _d.name, _d.tags, _d.description, _BODIES.c.body)
    .join(_BODIES, _BODIES.c.version_id == _d.version_id)
    .where(_d.doc.in_(bindparam("docs", expanding=True)))
)
_PUT = insert(search_vectors).prefix_with("OR REPLACE")


def _sql(statement: str, values: Mapping[str, Any]) -> TextClause:
    binds: list[BindParameter[Any]] = [
        bindparam(name, value, type_=UtcTime() if isinstance(value, datetime) else None)
        for name, value in values.items()
    ]
    return text(statement).bindparams(*binds)


def _chunks(docs: Sequence[int]) -> list[list[int]]:
    return [list(docs[start : start + _CHUNK]) for start in range(0, len(docs), _CHUNK)]


def _source(where: SearchFilter) -> tuple[str, dict[str, Any]]:
    """FROM and WHERE that leave the docs that can be found and meet the conditions."""
    conditions, values = _conditions(where)
    joins = " JOIN prompts AS p ON p.id = d.prompt_id" if conditions else ""
    if facets := _facets(where):
        values["facets"] = facets
        conditions.append("d.doc IN (SELECT rowid FROM search_fts WHERE search_fts MATCH :facets)")
    conditions.append("d.version_id IS NOT NULL")
    return f"FROM search_docs AS d{joins} WHERE {' AND '.join(conditions)}", values


def _conditions(where: SearchFilter) -> tuple[list[str], dict[str, Any]]:
    """What is too often changed, or too finely divided, to be a facet."""
    offered: tuple[tuple[str, Any, str], ...] = (
        ("since", where.since, "p.updated_at >= :since"),
        ("until", where.until, "p.updated_at < :until"),
        ("rating", where.min_rating, "p.rating_order >= :rating"),
        ("label", where.label, _LABELLED),
        ("phase", where.phase, _WENT_THROUGH),
    )
    given = [(name, value, sql) for name, value, sql in offered if value is not None]
    return [sql for _, _, sql in given], {name: value for name, value, _ in given}


_LABELLED = "EXISTS (SELECT 1 FROM labels AS l WHERE l.prompt_id = d.prompt_id AND l.name = :label)"
_WENT_THROUGH = (
    "EXISTS (SELECT 1 FROM runs AS r WHERE r.version_id = d.version_id AND r.phase = :phase)"
)


def _facets(where: SearchFilter) -> str:
    """The condition on facets, empty where there is none."""
    named = (
        ("c", where.category),
        ("a", where.author),
        ("m", where.model),
        ("p", where.provider),
        ("l", where.language),
    )
    asked = [f"{key}{_hex(value)}0" for key, value in named if value is not None]
    asked += [f"t{_hex(tag)}0" for tag in where.tags]
    return f"facets : ({' AND '.join(asked)})" if asked else ""


def _hex(value: str) -> str:
    return value.encode("utf-8", "surrogatepass").hex()


def _expression(
    words: Sequence[str], facets: str, *, every: bool = False, titles: bool = False
) -> str:
    """Each word in quotes, within which nothing means anything to FTS5."""
    quoted = (" AND " if every else " OR ").join(f'"{_plain(word)}"' for word in words)
    asked = f"{_TITLES if titles else _TEXTS} : ({quoted})"
    return f"{asked} AND {facets}" if facets else asked


def _plain(word: str) -> str:
    return word.replace("\0", " ").replace('"', '""')
