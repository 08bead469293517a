"""What was said of answers and prompts. Only ever added to."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Integer, Table, text

from burnish.storage.tables.base import Id, Json, UtcTime, Verbatim, metadata, partial_index

# Runs are forgotten while what was said of them stays, so `run_id` is no foreign key.
feedback = Table(
    "feedback",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", Verbatim, nullable=False),
    Column("value", Float),
    Column("rating", Float),
    Column("success", Boolean),
    Column("latency_ms", Float),
    Column("comment", Verbatim, nullable=False),
    Column("prompt_id", Id, ForeignKey("prompts.id")),
    Column("prompt", Verbatim, nullable=False),
    Column("version_id", Id, ForeignKey("prompt_versions.id")),
    Column("revision", Integer),
    Column("run_id", Id),
    Column("model", Verbatim, nullable=False),
    Column("intent", Verbatim, nullable=False),
    Column("techniques", Json(tuple[str, ...]), nullable=False),
    Column("who", Verbatim, nullable=False),
    Column("learn", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)
partial_index("ix_feedback_of_prompt", feedback.c.prompt, feedback.c.id, where=text("prompt <> ''"))
partial_index("ix_feedback_of_run", feedback.c.run_id, where=text("run_id IS NOT NULL"))
