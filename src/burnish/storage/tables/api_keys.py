"""Keys that programs show to the server."""

from __future__ import annotations

from sqlalchemy import Column, Table, UniqueConstraint

from burnish.principal import Right
from burnish.storage.tables.base import Id, Json, UtcTime, Verbatim, metadata

# A name stands in histories, so it is never given twice.
api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Verbatim, nullable=False),
    Column("role", Verbatim, nullable=False),
    Column("rights", Json(tuple[Right, ...]), nullable=False),
    Column("secret_hash", Verbatim, nullable=False),
    Column("created_by", Verbatim, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
    Column("last_used_at", UtcTime),
    Column("revoked_at", UtcTime),
    Column("project", Verbatim, nullable=False, server_default=""),
    Column("owner", Verbatim, nullable=False, server_default=""),
    UniqueConstraint("name", "owner"),
)
