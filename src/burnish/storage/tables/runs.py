"""Every model and offline call."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, Table, text

from burnish.storage.tables.base import Id, Json, UtcTime, Verbatim, metadata

# A parent may be written after its children: they end first. So `parent_id` is no foreign key.
runs = Table(
    "runs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", Verbatim, nullable=False),
    Column("version_id", Id, ForeignKey("prompt_versions.id")),
    Column("model", Verbatim, nullable=False),
    Column("parameters", Json(dict[str, Any]), nullable=False),
    Column("input", Json(), nullable=False),
    Column("output", Verbatim, nullable=False),
    Column("input_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Column("cost_usd", Float),
    Column("latency_ms", Float, nullable=False),
    Column("error", Verbatim, nullable=False),
    Column("parent_id", Id),
    Column("who", Verbatim, nullable=False),
    Column("trace_id", Verbatim, nullable=False),
    Column("phase", Verbatim, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)
Index("ix_runs_newest", runs.c.created_at.desc(), runs.c.id.desc())
Index("ix_runs_newest_of_kind", runs.c.kind, runs.c.created_at.desc(), runs.c.id.desc())
Index(
    "ix_runs_newest_of_version",
    runs.c.version_id,
    runs.c.created_at.desc(),
    runs.c.id.desc(),
    sqlite_where=text("version_id IS NOT NULL"),
    postgresql_where=text("version_id IS NOT NULL"),
)
Index(
    "ix_runs_newest_of_parent",
    runs.c.parent_id,
    runs.c.created_at.desc(),
    runs.c.id.desc(),
    sqlite_where=text("parent_id IS NOT NULL"),
    postgresql_where=text("parent_id IS NOT NULL"),
)
Index(
    "ix_runs_trace",
    runs.c.trace_id,
    sqlite_where=text("trace_id <> ''"),
    postgresql_where=text("trace_id <> ''"),
)
