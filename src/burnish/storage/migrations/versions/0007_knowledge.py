"""Knowledge: documents, their pieces, and an index of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.String(length=36).with_variant(sa.Uuid(as_uuid=False), "postgresql")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.String(length=32).with_variant(sa.DateTime(timezone=True), "postgresql")

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

STATEMENTS = (
    _FTS,
    _VOCABULARY,
    f"CREATE TRIGGER knowledge_added AFTER INSERT ON knowledge_chunks BEGIN {_LEARN}\nEND",
    f"""CREATE TRIGGER knowledge_changed
AFTER UPDATE OF name, tags, heading, facets, body ON knowledge_chunks BEGIN {_FORGET}{_LEARN}
END""",
)


def upgrade() -> None:
    _documents()
    _chunks()
    op.create_table(
        "knowledge_vectors",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("doc", sa.Integer(), nullable=False),
        sa.Column("embedder", TEXT, nullable=False),
        sa.Column("stamp", sa.Integer(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_vectors")),
        sa.ForeignKeyConstraint(
            ["doc"],
            ["knowledge_chunks.doc"],
            name=op.f("fk_knowledge_vectors_doc_knowledge_chunks"),
        ),
        sa.UniqueConstraint("doc", "embedder", name=op.f("uq_knowledge_vectors_doc_embedder")),
        sqlite_autoincrement=True,
    )
    if op.get_bind().dialect.name == "sqlite":
        for statement in STATEMENTS:
            op.execute(statement)


def _documents() -> None:
    op.create_table(
        "knowledge_documents",
        sa.Column("id", ID, nullable=False),
        *(_text(name) for name in ("name", "origin", "kind", "category")),
        sa.Column("tags", sa.JSON(), nullable=False),
        _text("content_hash"),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("chars", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=True),
        _text("note"),
        sa.Column("added_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_documents")),
        sa.UniqueConstraint("name", name=op.f("uq_knowledge_documents_name")),
    )
    op.create_index("ix_knowledge_documents_content_hash", "knowledge_documents", ["content_hash"])


def _chunks() -> None:
    op.create_table(
        "knowledge_chunks",
        sa.Column("doc", sa.Integer(), nullable=False),
        sa.Column("document_id", ID, nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=True)
            for name in ("page", "first_line", "last_line")
        ),
        sa.Column("tokens", sa.Integer(), nullable=False),
        *(_text(name) for name in ("name", "category", "tags", "heading", "facets", "body")),
        sa.Column("unspaced", sa.Boolean(), nullable=False),
        sa.Column("stamp", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("doc", name=op.f("pk_knowledge_chunks")),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["knowledge_documents.id"],
            name=op.f("fk_knowledge_chunks_document_id_knowledge_documents"),
        ),
    )
    op.create_index("ix_knowledge_chunks_document_id", "knowledge_chunks", ["document_id"])
    op.create_index("ix_knowledge_chunks_stamp", "knowledge_chunks", ["stamp"])


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=False)
