"""Indexes of words and vectors over SQLite: FTS5 for words and filters, BLOBs for vectors.

What only SQLite understands is in the statements of this module; tables and values are those of
every store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    Table,
    bindparam,
    delete,
    insert,
    select,
    text,
    update,
)

from burnish.shapes import decoder
from burnish.storage.index import (
    DocState,
    IndexedText,
    Match,
    NewVector,
    SearchFilter,
    State,
    StoredVector,
)
from burnish.storage.sql.database import Database
from burnish.storage.sql.driver import driver_rows
from burnish.storage.tables.search import search_leases

_l = search_leases.c
_INTS = decoder(list[int])
_STATES = decoder(list[DocState])
# Bound values in one statement; SQLite takes more, but no plan gets better by it.
CHUNK = 500


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where an index has what, in SQL. `d` is the table of docs, `b` what `bodies` joins to it;
    `live` is true for a doc that can be found; `texts` and `titles` are columns of the full-text
    table, `bm25` their weights; `held` is all the text of a doc, and `described` its columns as
    name, tags, description and body."""

    docs: Table
    vectors: Table
    fts: str
    vocabulary: str
    live: str
    texts: str
    titles: str
    bm25: str
    bodies: str
    held: str
    described: str
    joins: str = ""
    rebuild: tuple[str, ...]


class _Query(NamedTuple):
    sql: str
    values: Mapping[str, Any]


class SqlIndex:
    """A `TextIndex` over SQLite."""

    layout: Layout

    def __init__(self, database: Database) -> None:
        self._database = database
        known = self.layout
        self._named = {
            "docs": known.docs.name,
            "vectors": known.vectors.name,
            "fts": known.fts,
            "words": known.vocabulary,
            "live": known.live,
            "bm25": known.bm25,
            "bodies": known.bodies,
            "described": known.described,
        }

    async def state(self) -> State:
        row = (await self._rows(self._sql(_STATE, {})))[0]
        return State(row[0] or 0, row[1] or 0)

    async def count(self, where: SearchFilter) -> int:
        statement = self._by_facets("count(*)", where)
        if statement is None:
            source, values = self._source(where)
            statement = _Query(f"SELECT count(*) {source}", values)
        return int((await self._rows(statement))[0][0])

    async def docs(self, where: SearchFilter) -> list[int]:
        # One row of JSON: a row for each doc takes ten times as long.
        statement = self._by_facets("json_group_array(rowid)", where)
        if statement is None:
            source, values = self._source(where)
            statement = _Query(f"SELECT json_group_array(d.doc) {source}", values)
        return sorted(_INTS.decode((await self._rows(statement))[0][0]))

    def _by_facets(self, wanted: str, where: SearchFilter) -> _Query | None:
        """Where only facets are asked for, the index of words alone answers, ten times as fast:
        it holds what can be found, and nothing else."""
        facets = _facets(where)
        if not facets or self.conditions(where)[0]:
            return None
        return self._sql(_OF_FACETS, {"facets": facets}, wanted=wanted)

    async def holders(
        self, words: Sequence[str], where: SearchFilter, most: int
    ) -> list[list[int]]:
        if not words:
            return []
        facets = _facets(where)
        fts = self.layout.fts
        lists = ", ".join(_HOLDERS.format(fts=fts, number=n) for n in range(len(words)))
        values: dict[str, Any] = {"most": most}
        values |= {f"w{n}": self._expression([word], facets) for n, word in enumerate(words)}
        (row,) = await self._rows(_Query(f"SELECT {lists}", values))
        return [_INTS.decode(each) for each in row]

    async def matches(
        self, words: Sequence[str], where: SearchFilter, limit: int, *, among: int
    ) -> list[Match]:
        if not words:
            return []
        narrowed, values = self._narrowed(where)
        asked = {"match": self._expression(words, _facets(where)), "among": among, "limit": limit}
        query = self._sql(_BEST, values | asked, narrowed=narrowed)
        return [Match(doc, -score) for doc, score in await self._rows(query)]

    async def holding_all(
        self, words: Sequence[str], where: SearchFilter, limit: int, *, enough: int
    ) -> tuple[list[int], list[int]]:
        if not words:
            return [], []
        narrowed, values = self._narrowed(where)
        facets = _facets(where)
        values |= {
            "titled": self._expression(words, facets, every=True, titles=True),
            "match": self._expression(words, facets, every=True),
            "limit": limit,
            "enough": enough,
        }
        query = self._sql(_HOLDING_ALL, values, narrowed=narrowed)
        titled, held = (await self._rows(query))[0]
        return _INTS.decode(titled), _INTS.decode(held)

    async def containing(self, parts: Sequence[str], where: SearchFilter, limit: int) -> list[int]:
        if not parts:
            return []
        known = self.layout
        source, values = self._source(where)
        values |= {"limit": limit} | {f"part{n}": part for n, part in enumerate(parts)}
        held = "".join(f" AND instr({known.held}, :part{n}) > 0" for n in range(len(parts)))
        head, _, conditions = source.partition(" WHERE ")
        statement = (
            f"SELECT d.doc {head}{known.bodies}"
            f" WHERE {conditions} AND d.unspaced{held} ORDER BY d.doc DESC LIMIT :limit"
        )
        return [row[0] for row in await self._rows(_Query(statement, values))]

    async def words_near(self, beginning: str, limit: int) -> list[tuple[str, int]]:
        values = {"low": beginning, "high": f"{beginning}\U0010ffff", "limit": limit}
        rows = await self._rows(self._sql(_NEAR, values))
        return [(row[0], int(row[1])) for row in rows]

    async def texts(self, docs: Sequence[int]) -> list[IndexedText]:
        found: list[IndexedText] = []
        statement = text(_TEXTS_OF.format(**self._named)).bindparams(
            bindparam("docs", expanding=True)
        )
        async with self._database.reading() as connection:
            for chunk in chunks(docs):
                result = await connection.execute(statement, {"docs": chunk})
                found += [IndexedText(**row) for row in result.mappings()]
        return found

    async def changes(self, since: int, limit: int) -> list[DocState]:
        rows = await self._rows(self._sql(_CHANGES, {"since": since, "limit": limit}))
        return _STATES.decode(rows[0][0])

    async def vectors(self, embedder: str, since: int, limit: int) -> list[StoredVector]:
        values = {"embedder": embedder, "since": since, "limit": limit}
        return [StoredVector(*row) for row in await self._rows(self._sql(_VECTORS, values))]

    async def unembedded(self, embedder: str) -> list[int]:
        rows = await self._rows(self._sql(_UNEMBEDDED, {"embedder": embedder}))
        return _INTS.decode(rows[0][0])

    async def put(self, embedder: str, vectors: Sequence[NewVector]) -> None:
        rows = [
            {"doc": v.doc, "embedder": embedder, "stamp": v.stamp, "vector": v.vector}
            for v in vectors
        ]
        if rows:
            async with self._database.writing() as connection:
                # Replacing gives a new id, by which others see that there is something new.
                statement = insert(self.layout.vectors).prefix_with("OR REPLACE")
                await connection.execute(statement, rows)

    async def drop(self, *, keep: str) -> int:
        held = self.layout.vectors
        async with self._database.writing() as connection:
            gone = await connection.execute(delete(held).where(held.c.embedder != keep))
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
            for statement in self.layout.rebuild:
                await connection.execute(text(statement))

    def conditions(self, where: SearchFilter) -> tuple[list[str], dict[str, Any]]:
        """What of a filter is no facet, as SQL with its values. Those about what `joins` brings
        begin with `p.`."""
        del where
        return [], {}

    def _narrowed(self, where: SearchFilter) -> tuple[str, dict[str, Any]]:
        """What follows the full-text table's name, up to its MATCH, and leaves the docs that meet
        the conditions which are no facets."""
        conditions, values = self.conditions(where)
        known = self.layout
        joins = f" JOIN {known.docs.name} AS d ON d.doc = {known.fts}.rowid" if conditions else ""
        if any(condition.startswith("p.") for condition in conditions):
            joins += known.joins
        return " AND ".join((f"{joins} WHERE true", *conditions)), values

    def _source(self, where: SearchFilter) -> tuple[str, dict[str, Any]]:
        """FROM and WHERE that leave the docs that can be found and meet the conditions."""
        known = self.layout
        conditions, values = self.conditions(where)
        joins = known.joins if conditions else ""
        if facets := _facets(where):
            values["facets"] = facets
            conditions.append(
                f"d.doc IN (SELECT rowid FROM {known.fts} WHERE {known.fts} MATCH :facets)"  # noqa: S608
            )
        conditions.append(f"d.{known.live}")
        return f"FROM {known.docs.name} AS d{joins} WHERE {' AND '.join(conditions)}", values

    def _expression(
        self, words: Sequence[str], facets: str, *, every: bool = False, titles: bool = False
    ) -> str:
        """Each word in quotes, within which nothing means anything to FTS5."""
        quoted = (" AND " if every else " OR ").join(f'"{_plain(word)}"' for word in words)
        columns = self.layout.titles if titles else self.layout.texts
        asked = f"{columns} : ({quoted})"
        return f"{asked} AND {facets}" if facets else asked

    def _sql(self, statement: str, values: Mapping[str, Any], **parts: str) -> _Query:
        return _Query(statement.format(**self._named, **parts), values)

    async def _rows(self, query: _Query) -> Sequence[Any]:
        return await driver_rows(self._database, query.sql, query.values)


_STATE: Final = "SELECT (SELECT max(stamp) FROM {docs}), (SELECT max(id) FROM {vectors})"
_CHANGES: Final = (
    "SELECT json_group_array(json_array(doc, stamp, json(live), category)) FROM ("
    "SELECT doc, stamp, CASE WHEN {live} THEN 'true' ELSE 'false' END AS live, category"
    " FROM {docs} WHERE stamp > :since ORDER BY stamp LIMIT :limit)"
)
_VECTORS: Final = (
    "SELECT id, doc, stamp, vector FROM {vectors}"
    " WHERE id > :since AND embedder = :embedder ORDER BY id LIMIT :limit"
)
_UNEMBEDDED: Final = (
    "SELECT json_group_array(doc) FROM (SELECT d.doc FROM {docs} AS d WHERE d.{live}"
    " AND NOT EXISTS (SELECT 1 FROM {vectors} AS v WHERE v.doc = d.doc"
    " AND v.embedder = :embedder AND v.stamp = d.stamp) ORDER BY d.doc)"
)
_TEXTS_OF: Final = (
    "SELECT d.doc, d.stamp, {described} FROM {docs} AS d{bodies} WHERE d.{live} AND d.doc IN :docs"
)
_OF_FACETS: Final = "SELECT {wanted} FROM {fts} WHERE {fts} MATCH :facets"
_HOLDERS: Final = (
    "(SELECT json_group_array(doc) FROM (SELECT rowid AS doc FROM {fts}"
    " WHERE {fts} MATCH :w{number} LIMIT :most))"
)
# The newest that match are weighed, so that a word which everybody uses costs no more than a rare
# one.
_BEST: Final = """
SELECT doc, score FROM (
  SELECT {fts}.rowid AS doc, bm25({fts}, {bm25}) AS score FROM {fts}{narrowed}
  AND {fts} MATCH :match ORDER BY {fts}.rowid DESC LIMIT :among
) ORDER BY score, doc DESC LIMIT :limit"""
_HOLDING_ALL: Final = """
WITH titled AS MATERIALIZED (
  SELECT json_group_array(doc) AS docs FROM (SELECT {fts}.rowid AS doc FROM {fts}{narrowed}
  AND {fts} MATCH :titled ORDER BY {fts}.rowid DESC LIMIT :limit)
)
SELECT docs, CASE WHEN json_array_length(docs) >= :enough THEN '[]' ELSE (
  SELECT json_group_array(doc) FROM (SELECT {fts}.rowid AS doc FROM {fts}{narrowed}
  AND {fts} MATCH :match ORDER BY {fts}.rowid DESC LIMIT :limit)
) END FROM titled"""
_NEAR: Final = "SELECT term, doc FROM {words} WHERE term >= :low AND term <= :high LIMIT :limit"


def chunks(docs: Sequence[int]) -> list[list[int]]:
    return [list(docs[start : start + CHUNK]) for start in range(0, len(docs), CHUNK)]


def facet(kind: str, value: str) -> str:
    """A condition as one word that no text holds by chance."""
    return f"{kind}{value.encode('utf-8', 'surrogatepass').hex()}0"


def _facets(where: SearchFilter) -> str:
    """The condition on facets, empty where there is none."""
    named = (
        ("c", where.category),
        ("a", where.author),
        ("m", where.model),
        ("p", where.provider),
        ("l", where.language),
    )
    asked = [facet(key, value) for key, value in named if value is not None]
    asked += [facet("t", tag) for tag in where.tags]
    return f"facets : ({' AND '.join(asked)})" if asked else ""


def _plain(word: str) -> str:
    return word.replace("\0", " ").replace('"', '""')
