"""Requests that were answered, by the key that their sender gave them."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, Table

from burnish.storage.tables.base import UtcTime, Verbatim, metadata

# `status` is empty while the request is being worked on.
requests = Table(
    "requests",
    metadata,
    Column("who", Verbatim, primary_key=True),
    Column("key", Verbatim, primary_key=True),
    Column("request_hash", Verbatim, nullable=False),
    Column("begun_at", UtcTime, nullable=False),
    Column("status", Integer),
    Column("answer", LargeBinary),
    Column("media_type", Verbatim, nullable=False),
    Index("ix_requests_begun_at", "begun_at"),
    sqlite_with_rowid=False,
)
