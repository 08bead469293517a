"""Prompts, their versions, and the labels that point at versions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    UniqueConstraint,
    false,
    text,
)

from burnish.prompts.prompt import Message, Variable
from burnish.storage.tables.base import Id, Json, UtcTime, Verbatim, metadata, partial_index

_ALIVE = text("deleted_at IS NULL")

# `rating_order` is rating_sum / rating_count, and -1 before the first rating: databases disagree
# on where NULL sorts, and an index cannot settle it in both.
prompts = Table(
    "prompts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Verbatim, nullable=False),
    Column("category", Verbatim, nullable=False),
    Column("tags", Json(tuple[str, ...]), nullable=False),
    Column("description", Verbatim, nullable=False),
    Column("owner", Verbatim, nullable=False),
    Column("usage_count", Integer, nullable=False, server_default="0"),
    Column("rating_sum", Float, nullable=False, server_default="0"),
    Column("rating_count", Integer, nullable=False, server_default="0"),
    Column("rating_order", Float, nullable=False, server_default="-1"),
    Column("latest_revision", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("deleted_at", UtcTime),
    # The newest of any branch; `latest_revision` is the main branch's.
    Column("last_revision", Integer, nullable=False, server_default="0"),
    Column("last_used_at", UtcTime),
    CheckConstraint("rating_count >= 0 AND usage_count >= 0", name="counts"),
)
partial_index(
    "uq_prompts_name_alive",
    prompts.c.name,
    unique=True,
    where=_ALIVE,
)
Index("ix_prompts_name_deleted_at", prompts.c.name, prompts.c.deleted_at)
partial_index(
    "ix_prompts_best",
    prompts.c.rating_order.desc(),
    prompts.c.usage_count.desc(),
    prompts.c.name,
    where=_ALIVE,
)
partial_index(
    "ix_prompts_best_in_category",
    prompts.c.category,
    prompts.c.rating_order.desc(),
    prompts.c.usage_count.desc(),
    prompts.c.name,
    where=_ALIVE,
)
partial_index(
    "ix_prompts_updated",
    prompts.c.updated_at.desc(),
    prompts.c.name,
    where=_ALIVE,
)

prompt_versions = Table(
    "prompt_versions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("prompt_id", Id, ForeignKey("prompts.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("messages", Json(tuple[Message, ...]), nullable=False),
    Column("variables", Json(tuple[Variable, ...]), nullable=False),
    Column("config", Json(dict[str, Any]), nullable=False),
    Column("author", Verbatim, nullable=False),
    Column("message", Verbatim, nullable=False),
    Column("parents", Json(tuple[str, ...]), nullable=False),
    Column("content_hash", Verbatim, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("metadata", Json(dict[str, Any]), key="version_metadata", nullable=False),
    Column("branch", Verbatim, nullable=False, server_default="main"),
    Column("archived_at", UtcTime),
    UniqueConstraint("prompt_id", "revision"),
    CheckConstraint("revision >= 1", name="revision"),
)

labels = Table(
    "labels",
    metadata,
    Column("prompt_id", Id, primary_key=True),
    Column("name", Verbatim, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("moved_by", Verbatim, nullable=False),
    Column("moved_at", UtcTime, nullable=False),
    Column("tag", Boolean, nullable=False, server_default=false()),
    ForeignKeyConstraint(
        ["prompt_id", "revision"], ["prompt_versions.prompt_id", "prompt_versions.revision"]
    ),
)

# Only ever added to: who moved which label when, from where, to where, and why.
label_moves = Table(
    "label_moves",
    metadata,
    Column("id", Id, primary_key=True),
    Column("prompt_id", Id, ForeignKey("prompts.id"), nullable=False),
    Column("label", Verbatim, nullable=False),
    Column("from_revision", Integer),
    Column("to_revision", Integer),
    Column("moved_by", Verbatim, nullable=False),
    Column("moved_at", UtcTime, nullable=False),
    Column("why", Verbatim, nullable=False),
    Index("ix_label_moves_prompt_id_moved_at", "prompt_id", "moved_at", "id"),
)

branches = Table(
    "branches",
    metadata,
    Column("prompt_id", Id, primary_key=True),
    Column("name", Verbatim, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("from_revision", Integer, nullable=False),
    Column("made_by", Verbatim, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    ForeignKeyConstraint(
        ["prompt_id", "revision"], ["prompt_versions.prompt_id", "prompt_versions.revision"]
    ),
)

# Somebody's wish to move a protected label, and what another person made of it.
label_requests = Table(
    "label_requests",
    metadata,
    Column("id", Id, primary_key=True),
    Column("prompt_id", Id, ForeignKey("prompts.id"), nullable=False),
    Column("label", Verbatim, nullable=False),
    Column("from_revision", Integer),
    Column("to_revision", Integer),
    Column("asked_by", Verbatim, nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("why", Verbatim, nullable=False),
    Column("state", Verbatim, nullable=False),
    Column("decided_by", Verbatim, nullable=False),
    Column("decided_at", UtcTime),
    Column("because", Verbatim, nullable=False),
    Column("tag", Boolean, nullable=False, server_default=false()),
    Index("ix_label_requests_state_asked_at", "state", "asked_at", "id"),
)

# How versions came from one another, where their parents do not tell.
relations = Table(
    "relations",
    metadata,
    Column("from_version", Id, ForeignKey("prompt_versions.id"), primary_key=True),
    Column("to_version", Id, ForeignKey("prompt_versions.id"), primary_key=True),
    Column("kind", Verbatim, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Index("ix_relations_to_version", "to_version"),
)
