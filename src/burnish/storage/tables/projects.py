"""Projects, and who belongs to them. What is in a project is in a database of its own."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table, UniqueConstraint

from burnish.principal import Right
from burnish.storage.tables.base import Id, Json, UtcTime, Verbatim, metadata

projects = Table(
    "projects",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Verbatim, nullable=False),
    Column("description", Verbatim, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", Verbatim, nullable=False),
    UniqueConstraint("name"),
)

members = Table(
    "members",
    metadata,
    Column("project_id", Id, ForeignKey("projects.id"), primary_key=True),
    Column("user_id", Id, ForeignKey("users.id"), primary_key=True),
    Column("role", Verbatim, nullable=False),
    Column("rights", Json(tuple[Right, ...]), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", Verbatim, nullable=False),
    Index("ix_members_user_id", "user_id"),
)
