"""Searches for a better prompt: what was asked for, each answer, and what each step made."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, Table

from burnish.storage.example import ScorerSpec
from burnish.storage.tables.base import Id, Json, UtcTime, Verbatim, metadata

# The version may be deleted with its prompt, and so it is no foreign key: what was found stays.
optimizations = Table(
    "optimizations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("prompt", Verbatim, nullable=False),
    Column("version_id", Id, nullable=False),
    Column("algorithm", Verbatim, nullable=False),
    Column("goal", Verbatim, nullable=False),
    Column("dataset", Verbatim, nullable=False),
    Column("model", Verbatim, nullable=False),
    Column("writer", Verbatim, nullable=False),
    Column("scorers", Json(tuple[ScorerSpec, ...]), nullable=False),
    Column("parameters", Json(dict[str, Any]), nullable=False),
    Column("budget", Json(dict[str, Any]), nullable=False),
    Column("settings", Json(dict[str, Any]), nullable=False),
    Column("seed", Integer, nullable=False),
    Column("concurrency", Integer, nullable=False),
    Column("fresh", Boolean, nullable=False),
    Column("job_id", Verbatim, nullable=False),
    Column("who", Verbatim, nullable=False),
    Column("ended_step", Integer),
    Column("ended_why", Verbatim, nullable=False),
    Column("outcome", Verbatim, nullable=False),
    Column("text", Verbatim, nullable=False),
    Column("best", Verbatim, nullable=False),
    Column("report", Json(dict[str, Any]), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Index("ix_optimizations_prompt", "prompt"),
)

# `candidate` is made of its text; `example` is its number among those of the optimisation.
optimization_answers = Table(
    "optimization_answers",
    metadata,
    Column("optimization_id", Id, ForeignKey("optimizations.id"), primary_key=True),
    Column("candidate", Verbatim, primary_key=True),
    Column("example", Integer, primary_key=True),
    Column("repeat", Integer, primary_key=True),
    Column("value", Float),
    Column("cost_usd", Float),
    Column("latency_ms", Float, nullable=False),
    Column("input_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Column("calls", Integer, nullable=False),
    Column("error", Verbatim, nullable=False),
    Column("output", Verbatim, nullable=False),
    Column("notes", Verbatim, nullable=False),
    Column("run_id", Verbatim, nullable=False),
    Column("paid_usd", Float, nullable=False, server_default="0"),
    Column("unpriced", Integer, nullable=False, server_default="0"),
    sqlite_with_rowid=False,
)

optimization_steps = Table(
    "optimization_steps",
    metadata,
    Column("optimization_id", Id, ForeignKey("optimizations.id"), primary_key=True),
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("operator", Verbatim, nullable=False),
    Column("drafted", Json(dict[str, Any]), nullable=False),
    Column("at", UtcTime, nullable=False),
    sqlite_with_rowid=False,
)
