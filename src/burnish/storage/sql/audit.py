from __future__ import annotations

import secrets
from collections.abc import Sequence

from msgspec import structs
from sqlalchemy import ColumnElement, RowMapping, delete, insert, or_, select
from sqlalchemy.exc import IntegrityError

from burnish.errors import StoreError
from burnish.storage.audit import AuditEntry, AuditFilter, Someone, sealed
from burnish.storage.sql.database import Database
from burnish.storage.tables import audit, audit_names

_c = audit.c
_n = audit_names.c
_FIELDS = tuple(each for each in AuditEntry.__struct_fields__ if each != "name")
_LAST = select(audit).order_by(_c.number.desc()).limit(1)
# Where writers do not wait for one another, two may want the same number.
_TRIES = 50


class SqlAudit:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def reference(self, someone: Someone) -> str:
        known = select(_n.reference).where(*_same(someone))
        async with self._database.reading() as connection:
            found = await connection.scalar(known)
        if found is not None:
            return str(found)
        row = {**structs.asdict(someone), "reference": f"p{secrets.token_hex(8)}"}
        try:
            async with self._database.writing() as connection:
                await connection.execute(insert(audit_names), row)
        except IntegrityError:
            # Another process was faster.
            return await self.reference(someone)
        return row["reference"]

    async def names(self, references: Sequence[str]) -> dict[str, str]:
        query = select(_n.reference, _n.name).where(_n.reference.in_(references))
        async with self._database.reading() as connection:
            rows = await connection.execute(query)
            return {row.reference: row.name for row in rows}

    async def erase(self, user_id: str, name: str) -> None:
        gone = delete(audit_names).where(or_(_n.id == user_id, _n.name == name))
        async with self._database.writing() as connection:
            await connection.execute(gone)

    async def add(self, entry: AuditEntry) -> AuditEntry:
        for _ in range(_TRIES):
            try:
                return await self._added(entry)
            except IntegrityError:
                continue
        raise StoreError("the audit log is written by too many at once", retryable=True)

    async def _added(self, entry: AuditEntry) -> AuditEntry:
        async with self._database.writing() as connection:
            last = (await connection.execute(_LAST)).mappings().first()
            placed = sealed(entry, None if last is None else _entry(last))
            row = {name: getattr(placed, name) for name in _FIELDS}
            await connection.execute(insert(audit), row)
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
    for column, value in ((_n.name, where.who), (_n.id, where.who_id)):
        if value is not None:
            found.append(_c.who.in_(select(_n.reference).where(column == value)))
    if where.subject is not None:
        named = select("@" + _n.reference).where(_n.name == where.subject)
        found.append(or_(_c.subject == where.subject, _c.subject.in_(named)))
    if where.action is not None:
        is_whole = not where.action.endswith(".")
        found.append(_c.action == where.action if is_whole else _c.action.startswith(where.action))
    found += [_c.at >= where.since] if where.since else []
    return found + ([_c.at < where.until] if where.until else [])


def _entry(row: RowMapping) -> AuditEntry:
    return AuditEntry(**{name: row[name] for name in _FIELDS})


def _same(someone: Someone) -> tuple[ColumnElement[bool], ...]:
    return (_n.kind == someone.kind, _n.id == someone.id, _n.name == someone.name)
