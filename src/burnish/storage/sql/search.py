"""The index of prompts over SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, text

from burnish.storage.index import Indexed, SearchFilter
from burnish.storage.sql.driver import TypedRows
from burnish.storage.sql.index import Layout, SqlIndex
from burnish.storage.sql.rows import prompt_of, version_of
from burnish.storage.tables.base import encode_json
from burnish.storage.tables.prompts import prompt_versions, prompts
from burnish.storage.tables.search import search_docs, search_vectors

_d = search_docs.c


class SqlSearch(SqlIndex):
    """A `SearchIndex` over SQLite."""

    layout = Layout(
        docs=search_docs,
        vectors=search_vectors,
        fts="search_fts",
        vocabulary="search_words",
        live="version_id IS NOT NULL",
        texts="{name tags description body}",
        titles="{name tags description}",
        # Of a hit in the name, in tags, in the description, in facets and in the body.
        bm25="8.0, 4.0, 4.0, 0.0, 1.0",
        bodies=" JOIN search_bodies AS b ON b.version_id = d.version_id",
        held="d.name || char(10) || d.tags || char(10) || d.description || char(10) || b.body",
        described="d.name, d.tags, d.description, b.body",
        joins=" JOIN prompts AS p ON p.id = d.prompt_id",
        # FTS5's own 'rebuild' reads no view that reads JSON.
        rebuild=(
            "INSERT INTO search_touched (prompt_id) SELECT id FROM prompts ORDER BY id",
            "INSERT INTO search_fts (search_fts) VALUES ('delete-all')",
            """INSERT INTO search_fts (rowid, name, tags, description, facets, body)
            SELECT doc, name, tags, description, facets, body FROM search_texts""",
        ),
    )

    async def items(self, docs: Sequence[int]) -> list[Indexed]:
        rows = await _ITEMS.mappings(self._database, {"docs": encode_json(list(docs))})
        found = {row[_d.doc]: Indexed(row[_d.doc], prompt_of(row), version_of(row)) for row in rows}
        return [found[doc] for doc in docs if doc in found]

    def conditions(self, where: SearchFilter) -> tuple[list[str], dict[str, Any]]:
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
_ITEMS = TypedRows(
    select(search_docs.c.doc, prompts, prompt_versions)
    .join(prompts, prompts.c.id == _d.prompt_id)
    .join(prompt_versions, prompt_versions.c.id == _d.version_id)
    .where(_d.doc.in_(text("SELECT value FROM json_each(:docs)")))
)
