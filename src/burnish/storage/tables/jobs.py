"""Jobs: long work and how far it is; and what is to be begun from time to time."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, Index, Integer, Table, UniqueConstraint

from burnish.storage.job import Progress
from burnish.storage.tables.base import Id, Json, UtcTime, Verbatim, metadata

# `attempts` is the fence too: whoever began a job earlier writes no more to it. A job is held
# until `leased_until`, also one that was cancelled and whose work has not ended yet.
jobs = Table(
    "jobs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", Verbatim, nullable=False),
    Column("subject", Verbatim, nullable=False),
    Column("state", Verbatim, nullable=False),
    Column("input", Json(dict[str, Any]), nullable=False),
    Column("result", Json, nullable=True),
    Column("error", Verbatim, nullable=False),
    Column("progress", Json(Progress), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("who", Verbatim, nullable=False),
    Column("worker", Verbatim, nullable=False),
    Column("key", Verbatim),
    Column("created_at", UtcTime, nullable=False),
    Column("not_before", UtcTime, nullable=False),
    Column("started_at", UtcTime),
    Column("heard_at", UtcTime),
    Column("leased_until", UtcTime),
    Column("ended_at", UtcTime),
    UniqueConstraint("key"),
    Index("ix_jobs_state_priority", "state", "priority"),
    Index("ix_jobs_kind", "kind"),
)

# `next_at` is when it is due; whoever moves it on begins the job, in the same transaction.
schedules = Table(
    "schedules",
    metadata,
    Column("name", Verbatim, primary_key=True),
    Column("kind", Verbatim, nullable=False),
    Column("cron", Verbatim, nullable=False),
    Column("zone", Verbatim, nullable=False),
    Column("input", Json(dict[str, Any]), nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("next_at", UtcTime, nullable=False),
    Column("last_at", UtcTime),
    Column("last_job", Verbatim, nullable=False),
    Column("who", Verbatim, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Index("ix_schedules_next_at", "next_at"),
)
