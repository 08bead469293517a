"""People, their sessions, and tokens that are good once. Of tokens and passwords hashes alone."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, UniqueConstraint

from burnish.principal import Right
from burnish.storage.tables.base import Id, Json, UtcTime, Verbatim, metadata

users = Table(
    "users",
    metadata,
    Column("id", Id, primary_key=True),
    Column("email", Verbatim, nullable=False),
    Column("name", Verbatim, nullable=False),
    Column("password_hash", Verbatim, nullable=False),
    Column("role", Verbatim, nullable=False),
    Column("rights", Json(tuple[Right, ...]), nullable=False),
    Column("tier", Verbatim, nullable=False),
    Column("preferences", Json(dict[str, Any]), nullable=False),
    Column("learn", Boolean, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", Verbatim, nullable=False),
    Column("seen_at", UtcTime),
    Column("locked_until", UtcTime),
    Column("disabled_at", UtcTime),
    Column("verified_at", UtcTime),
    UniqueConstraint("email"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey("users.id"), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("ends_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("why", Verbatim, nullable=False),
    Index("ix_sessions_user_id", "user_id"),
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("hash", Verbatim, primary_key=True),
    Column("session_id", Id, ForeignKey("sessions.id"), nullable=False),
    Column("used_at", UtcTime),
    Index("ix_refresh_tokens_session_id", "session_id"),
)

one_time_tokens = Table(
    "one_time_tokens",
    metadata,
    Column("hash", Verbatim, primary_key=True),
    Column("purpose", Verbatim, nullable=False),
    Column("email", Verbatim, nullable=False),
    Column("role", Verbatim, nullable=False),
    Column("created_by", Verbatim, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("ends_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
    Index("ix_one_time_tokens_email", "email"),
)
