"""How much each has asked for lately."""

from __future__ import annotations

from sqlalchemy import Column, Float, Table

from burnish.storage.tables.base import Verbatim, metadata

buckets = Table(
    "buckets",
    metadata,
    Column("who", Verbatim, primary_key=True),
    Column("full_at", Float, nullable=False, index=True),
)
