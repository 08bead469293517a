"""Installed packs, and the prompts that each brought."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table

from burnish.storage.tables.base import Id, Json, UtcTime, Verbatim, metadata

packs = Table(
    "packs",
    metadata,
    Column("name", Verbatim, primary_key=True),
    Column("version", Verbatim, nullable=False),
    Column("title", Verbatim, nullable=False),
    Column("description", Verbatim, nullable=False),
    Column("authors", Json(tuple[str, ...]), nullable=False),
    Column("licence", Verbatim, nullable=False),
    Column("homepage", Verbatim, nullable=False),
    Column("checksum", Verbatim, nullable=False),
    Column("source", Verbatim, nullable=False),
    Column("commit", Verbatim, nullable=False),
    Column("key", Verbatim, nullable=False),
    Column("prefix", Verbatim, nullable=False),
    Column("installed_by", Verbatim, nullable=False),
    Column("installed_at", UtcTime, nullable=False),
)

# `name` is the prompt's in the pack; prompts that were deleted since keep their row.
pack_prompts = Table(
    "pack_prompts",
    metadata,
    Column("pack", Verbatim, ForeignKey("packs.name"), primary_key=True),
    Column("name", Verbatim, primary_key=True),
    Column("prompt_id", Id, ForeignKey("prompts.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("content_hash", Verbatim, nullable=False),
    Column("created", Boolean, nullable=False),
    Column("listed", Boolean, nullable=False),
    Index("ix_pack_prompts_prompt_id", "prompt_id"),
)
