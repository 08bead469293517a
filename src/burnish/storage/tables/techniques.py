"""How techniques did, by intent and day."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, Table

from burnish.storage.tables.base import Day, Verbatim, metadata

technique_statistics = Table(
    "technique_statistics",
    metadata,
    Column("technique", Verbatim, primary_key=True),
    Column("intent", Verbatim, primary_key=True),
    Column("day", Day, primary_key=True),
    Column("uses", Integer, nullable=False),
    Column("successes", Integer, nullable=False),
    Column("score_sum", Float, nullable=False),
    Column("score_n", Integer, nullable=False),
    Index("ix_technique_statistics_intent", "intent", "day"),
)
