"""Experiments, their log, who saw which variant, and what came of it.

Triggers tell memories of prompts in other processes when an experiment changes, as they do for
prompts (see `changes.py`): a variant must stop being served as soon as somebody stops it.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    DDL,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    Table,
    UniqueConstraint,
    event,
    text,
)

from burnish.storage.experiment import Plan
from burnish.storage.tables.base import Id, Json, UtcTime, Verbatim, metadata, partial_index

experiments = Table(
    "experiments",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Verbatim, nullable=False),
    Column("kind", Verbatim, nullable=False),
    Column("prompt", Verbatim, nullable=False),
    Column("label", Verbatim, nullable=False),
    Column("plan", Json(Plan), nullable=False),
    Column("state", Verbatim, nullable=False),
    Column("salt", Verbatim, nullable=False),
    Column("shares", Json(dict[str, float]), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("taking", Float, nullable=False),
    Column("slot", Json(tuple[float, float]), nullable=False),
    Column("step", Integer, nullable=False),
    Column("step_at", UtcTime),
    Column("evaluations", Json(tuple[str, ...]), nullable=False),
    Column("job_id", Verbatim, nullable=False),
    Column("winner", Verbatim, nullable=False),
    Column("verdict", Verbatim, nullable=False),
    Column("promoted", Integer),
    Column("before", Integer),
    Column("by", Verbatim, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("started_at", UtcTime),
    Column("ended_at", UtcTime),
    UniqueConstraint("name", name="uq_experiments_name"),
    Index("ix_experiments_prompt", "prompt", "state"),
    Index("ix_experiments_state", "state"),
)

experiment_moves = Table(
    "experiment_moves",
    metadata,
    Column("id", Id, primary_key=True),
    Column("experiment_id", Id, ForeignKey("experiments.id"), nullable=False),
    Column("what", Verbatim, nullable=False),
    Column("by", Verbatim, nullable=False),
    Column("why", Verbatim, nullable=False),
    Column("facts", Json(dict[str, Any]), nullable=False),
    Column("at", UtcTime, nullable=False),
    Index("ix_experiment_moves_experiment", "experiment_id", "id"),
)

exposures = Table(
    "exposures",
    metadata,
    Column("experiment_id", Id, primary_key=True),
    Column("unit", Verbatim, primary_key=True),
    Column("variant", Verbatim, nullable=False),
    Column("chance", Float, nullable=False),
    Column("slices", Json(dict[str, str]), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("since", UtcTime, nullable=False),
    Index("ix_exposures_at", "experiment_id", "at", "unit"),
    sqlite_with_rowid=False,
)

# Without a bond to exposures: an outcome may arrive before its exposure does.
outcomes = Table(
    "outcomes",
    metadata,
    Column("experiment_id", Id, primary_key=True),
    Column("unit", Verbatim, primary_key=True),
    Column("metric", Verbatim, primary_key=True),
    Column("key", Verbatim, primary_key=True),
    Column("value", Float, nullable=False),
    Column("denominator", Float, nullable=False),
    Column("run_id", Verbatim, nullable=False),
    Column("at", UtcTime, nullable=False),
    sqlite_with_rowid=False,
)
partial_index("ix_outcomes_run", outcomes.c.run_id, where=text("run_id <> ''"))

_SAY = "INSERT INTO prompt_changes (name, kind) VALUES ({0}.prompt, 'prompt');"
SQLITE_EXPERIMENT_CHANGES: Final = (
    f"""CREATE TRIGGER changes_experiment_added AFTER INSERT ON experiments
BEGIN {_SAY.format("NEW")} END""",
    f"""CREATE TRIGGER changes_experiment_changed AFTER UPDATE ON experiments
BEGIN {_SAY.format("NEW")} END""",
    f"""CREATE TRIGGER changes_experiment_removed AFTER DELETE ON experiments
BEGIN {_SAY.format("OLD")} END""",
)
for _statement in SQLITE_EXPERIMENT_CHANGES:
    event.listen(metadata, "after_create", DDL(_statement).execute_if(dialect="sqlite"))
