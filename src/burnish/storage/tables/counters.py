"""What is counted for monitoring."""

from __future__ import annotations

from sqlalchemy import Column, Float, Table

from burnish.storage.tables.base import Verbatim, metadata

counters = Table(
    "counters",
    metadata,
    Column("name", Verbatim, primary_key=True),
    # Sorted pairs as JSON: a text can be part of a key everywhere.
    Column("labels", Verbatim, primary_key=True),
    Column("value", Float, nullable=False),
)
