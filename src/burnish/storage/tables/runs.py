"""Every model and offline call."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    Table,
    false,
    text,
)

from burnish.storage.run import Attempt
from burnish.storage.tables.base import Id, Json, UtcTime, Verbatim, metadata, partial_index

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
    Column("prompt", Verbatim, nullable=False, server_default=""),
    Column("cached_tokens", Integer, nullable=False, server_default="0"),
    Column("estimated", Boolean, nullable=False, server_default=false()),
    Column("requests", Integer, nullable=False, server_default="0"),
    Column("retries", Integer, nullable=False, server_default="0"),
    Column("cached", Boolean, nullable=False, server_default=false()),
    Column("valid", Boolean),
    Column("attempts", Json(tuple[Attempt, ...]), nullable=False, server_default="[]"),
)
# Ascending, though the newest are read first: runs come in the order of time, and an index that
# grows at its end takes them faster. Kind and model are in it to be compared without a look at the
# run itself; indexes of their own would cost each run more than that.
Index("ix_runs_newest", runs.c.created_at, runs.c.id, runs.c.kind, runs.c.model)
partial_index(
    "ix_runs_newest_of_version",
    runs.c.version_id,
    runs.c.created_at,
    runs.c.id,
    where=text("version_id IS NOT NULL"),
)
partial_index(
    "ix_runs_newest_of_parent",
    runs.c.parent_id,
    runs.c.created_at,
    runs.c.id,
    where=text("parent_id IS NOT NULL"),
)
partial_index(
    "ix_runs_trace",
    runs.c.trace_id,
    where=text("trace_id <> ''"),
)
partial_index(
    "ix_runs_newest_of_prompt",
    runs.c.prompt,
    runs.c.created_at,
    runs.c.id,
    where=text("prompt <> ''"),
)
partial_index(
    "ix_runs_newest_failed",
    runs.c.created_at,
    runs.c.id,
    where=text("error <> ''"),
)
