"""Who changed what. Only ever added to."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import DDL, Column, Index, Integer, Table, UniqueConstraint, event

from burnish.storage.tables.base import Id, Json, UtcTime, Verbatim, metadata

audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", Id, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("who", Verbatim, nullable=False),
    Column("kind", Verbatim, nullable=False),
    Column("action", Verbatim, nullable=False),
    Column("subject", Verbatim, nullable=False),
    Column("address", Verbatim, nullable=False),
    Column("request_id", Verbatim, nullable=False),
    Column("before", Json(dict[str, Any]), nullable=False),
    Column("after", Json(dict[str, Any]), nullable=False),
    Column("previous", Verbatim, nullable=False),
    Column("hash", Verbatim, nullable=False),
    Index("ix_audit_who", "who", "number"),
)

audit_names = Table(
    "audit_names",
    metadata,
    Column("reference", Verbatim, primary_key=True),
    Column("kind", Verbatim, nullable=False),
    Column("id", Verbatim, nullable=False),
    Column("name", Verbatim, nullable=False),
    UniqueConstraint("kind", "id", "name"),
)

_REFUSED = "SELECT RAISE(ABORT, 'the audit log is only ever added to')"
SQLITE_AUDIT: Final = (
    f"CREATE TRIGGER audit_kept BEFORE UPDATE ON audit BEGIN {_REFUSED}; END",
    f"CREATE TRIGGER audit_not_cut BEFORE DELETE ON audit BEGIN {_REFUSED}; END",
)
for _statement in SQLITE_AUDIT:
    event.listen(metadata, "after_create", DDL(_statement).execute_if(dialect="sqlite"))
