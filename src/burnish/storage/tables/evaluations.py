"""Evaluations, and a result for each answer."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, Table

from burnish.storage.example import ScorerSpec
from burnish.storage.result import Score
from burnish.storage.tables.base import Id, Json, UtcTime, Verbatim, metadata

evaluations = Table(
    "evaluations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("prompts", Json(tuple[str, ...]), nullable=False),
    Column("models", Json(tuple[str, ...]), nullable=False),
    Column("dataset", Verbatim, nullable=False),
    Column("split", Verbatim),
    Column("tags", Json(tuple[str, ...]), nullable=False),
    Column("examples", Integer, nullable=False),
    Column("repeats", Integer, nullable=False),
    Column("scorers", Json(tuple[ScorerSpec, ...]), nullable=False),
    Column("baseline", Verbatim, nullable=False),
    Column("parameters", Json(dict[str, Any]), nullable=False),
    Column("concurrency", Integer, nullable=False),
    Column("max_cost_usd", Float),
    Column("fresh", Boolean, nullable=False),
    Column("job_id", Verbatim, nullable=False),
    Column("who", Verbatim, nullable=False),
    Column("stop", Verbatim, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Index("ix_evaluations_created_at", "created_at"),
)

# `cell` numbers the answers of an evaluation; `example` is the id that it has in its dataset.
results = Table(
    "results",
    metadata,
    Column("evaluation_id", Id, ForeignKey("evaluations.id"), primary_key=True),
    Column("cell", Integer, primary_key=True),
    Column("prompt", Verbatim, nullable=False),
    Column("model", Verbatim, nullable=False),
    Column("example", Verbatim, nullable=False),
    Column("repeat", Integer, nullable=False),
    Column("run_id", Verbatim, nullable=False),
    Column("output", Verbatim, nullable=False),
    Column("error", Verbatim, nullable=False),
    Column("scores", Json(tuple[Score, ...]), nullable=False),
    Column("score", Float),
    Column("passed", Boolean),
    Column("latency_ms", Float, nullable=False),
    Column("input_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Column("cost_usd", Float),
    Column("cached", Boolean, nullable=False),
    Column("judge_calls", Integer, nullable=False, server_default="0"),
    Column("judge_cost_usd", Float, server_default="0"),
    Column("tags", Json(tuple[str, ...]), nullable=False),
    sqlite_with_rowid=False,
)
