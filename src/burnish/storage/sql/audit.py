from __future__ import annotations

from msgspec import structs
from sqlalchemy import ColumnElement, RowMapping, insert, select
from sqlalchemy.exc import IntegrityError

from burnish.errors import StoreError
from burnish.storage.audit import AuditEntry, AuditFilter, sealed
from burnish.storage.sql.database import Database
from burnish.storage.tables import audit

_c = audit.c
_FIELDS = AuditEntry.__struct_fields__
_LAST = select(audit).order_by(_c.number.desc()).limit(1)
# Where writers do not wait for one another, two may want the same number.
_TRIES = 50


class SqlAudit:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, entry: AuditEntry) -> AuditEntry:
        for _ in range(_TRIES):
            try:
                return await self._added(entry)
            except IntegrityError:
                continue
        raise StoreError("the audit log is written by too many at once", retryable=True)

    async def _added(self, entry: AuditEntry) -> AuditEntry:
        async with self._database.writing() as connection:
            row = (await connection.execute(_LAST)).mappings().first()
            placed = sealed(entry, None if row is None else _entry(row))
            await connection.execute(insert(audit), structs.asdict(placed))
        return placed

    async def page(
        self, where: AuditFilter, limit: int, before: int | None = None
    ) -> list[AuditEntry]:
        query = select(audit).where(*_conditions(where)).order_by(_c.number.desc()).limit(limit)
        if before is not None:
            query = query.where(_c.number < before)
        async with self._database.reading() as connection:
            return [_entry(row) for row in (await connection.execute(query)).mappings()]

    async def rows(self, after: int, limit: int) -> list[AuditEntry]:
        query = select(audit).where(_c.number > after).order_by(_c.number).limit(limit)
        async with self._database.reading() as connection:
            return [_entry(row) for row in (await connection.execute(query)).mappings()]


def _conditions(where: AuditFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for name in ("who", "who_id", "subject"):
        value = getattr(where, name)
        found += [] if value is None else [_c[name] == value]
    if where.action is not None:
        is_whole = not where.action.endswith(".")
        found.append(_c.action == where.action if is_whole else _c.action.startswith(where.action))
    found += [_c.at >= where.since] if where.since else []
    return found + ([_c.at < where.until] if where.until else [])


def _entry(row: RowMapping) -> AuditEntry:
    return AuditEntry(**{name: row[name] for name in _FIELDS})
