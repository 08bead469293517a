"""Knowledge: documents, their pieces, a full-text index of these, and vectors of their meaning.

Triggers keep the full-text index right in the transaction that changes a piece. A piece keeps its
row when its document changes around it, so its vector stays. Rows that are no longer needed are
emptied and taken again: an empty one with a new `stamp` tells other processes that what they knew
is gone, and docs stay small numbers.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    DDL,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
    event,
)

from burnish.storage.tables.base import Id, Json, UtcTime, Verbatim, metadata

knowledge_documents = Table(
    "knowledge_documents",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Verbatim, nullable=False),
    Column("origin", Verbatim, nullable=False),
    Column("kind", Verbatim, nullable=False),
    Column("category", Verbatim, nullable=False),
    Column("tags", Json(tuple[str, ...]), nullable=False),
    Column("content_hash", Verbatim, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("chars", Integer, nullable=False),
    Column("pages", Integer),
    Column("note", Verbatim, nullable=False),
    Column("added_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    UniqueConstraint("name"),
    Index("ix_knowledge_documents_content_hash", "content_hash"),
)

# The document's name, tags and category stand here too: an index forgets a text only when it is
# told exactly what it was given.
knowledge_chunks = Table(
    "knowledge_chunks",
    metadata,
    Column("doc", Integer, primary_key=True),
    Column("document_id", Id, ForeignKey("knowledge_documents.id")),
    Column("position", Integer, nullable=False),
    Column("page", Integer),
    Column("first_line", Integer),
    Column("last_line", Integer),
    Column("tokens", Integer, nullable=False),
    Column("name", Verbatim, nullable=False),
    Column("category", Verbatim, nullable=False),
    Column("tags", Verbatim, nullable=False),
    Column("heading", Verbatim, nullable=False),
    # What filters ask for, each as one word that no text holds by chance.
    Column("facets", Verbatim, nullable=False),
    Column("body", Verbatim, nullable=False),
    # Whether the text has words of a script without spaces, which no word index finds.
    Column("unspaced", Boolean, nullable=False),
    Column("stamp", Integer, nullable=False),
    Index("ix_knowledge_chunks_document_id", "document_id"),
    Index("ix_knowledge_chunks_stamp", "stamp"),
)

knowledge_vectors = Table(
    "knowledge_vectors",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("doc", Integer, ForeignKey("knowledge_chunks.doc"), nullable=False),
    Column("embedder", Verbatim, nullable=False),
    Column("stamp", Integer, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    UniqueConstraint("doc", "embedder"),
    sqlite_autoincrement=True,
)

_FTS = """
CREATE VIRTUAL TABLE knowledge_fts USING fts5(
  name, tags, heading, facets, body,
  content='knowledge_chunks', content_rowid='doc',
  tokenize='porter unicode61 remove_diacritics 2'
)"""
_VOCABULARY = "CREATE VIRTUAL TABLE knowledge_words USING fts5vocab('knowledge_fts', 'row')"
_FORGET = """
  INSERT INTO knowledge_fts (knowledge_fts, rowid, name, tags, heading, facets, body)
  VALUES ('delete', OLD.doc, OLD.name, OLD.tags, OLD.heading, OLD.facets, OLD.body);"""
_LEARN = """
  INSERT INTO knowledge_fts (rowid, name, tags, heading, facets, body)
  VALUES (NEW.doc, NEW.name, NEW.tags, NEW.heading, NEW.facets, NEW.body);"""

SQLITE_KNOWLEDGE: Final = (
    _FTS,
    _VOCABULARY,
    f"CREATE TRIGGER knowledge_added AFTER INSERT ON knowledge_chunks BEGIN {_LEARN}\nEND",
    f"""CREATE TRIGGER knowledge_changed
AFTER UPDATE OF name, tags, heading, facets, body ON knowledge_chunks BEGIN {_FORGET}{_LEARN}
END""",
)
for _statement in SQLITE_KNOWLEDGE:
    event.listen(metadata, "after_create", DDL(_statement).execute_if(dialect="sqlite"))
