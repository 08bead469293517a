"""What versions include, by name: what is named may come later, go, or move."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table

from burnish.storage.tables.base import Id, Verbatim, metadata

# `asked` is what the text says (`shared/tone@production`), `name` the prompt that it means.
includes = Table(
    "includes",
    metadata,
    Column("version_id", Id, ForeignKey("prompt_versions.id"), primary_key=True),
    Column("asked", Verbatim, primary_key=True),
    Column("name", Verbatim, nullable=False),
    Index("ix_includes_name", "name"),
)
