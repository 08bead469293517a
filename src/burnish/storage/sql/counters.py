from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Insert, select

from burnish.shapes import decode
from burnish.storage.counters import Counted
from burnish.storage.sql.database import Database
from burnish.storage.tables import counters

_c = counters.c


class SqlCounters:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._upsert = _upsert(database.reader.dialect.name)

    async def add(self, amounts: Mapping[Counted, float]) -> None:
        # In the order of keys, which keeps writers out of deadlocks.
        rows = [_row(each, amounts[each]) for each in sorted(amounts)]
        if rows:
            async with self._database.writing() as connection:
                await connection.execute(self._upsert, rows)

    async def all(self) -> dict[Counted, float]:
        query = select(counters).order_by(_c.name, _c.labels)
        async with self._database.reading() as connection:
            rows = await connection.execute(query)
            return {(name, _labels(labels)): value for name, labels, value in rows}


def _row(counted: Counted, value: float) -> dict[str, Any]:
    name, labels = counted
    return {"name": name, "labels": msgspec.json.encode(labels).decode(), "value": value}


def _labels(text: str) -> tuple[tuple[str, str], ...]:
    return decode(text, tuple[tuple[str, str], ...])


def _upsert(dialect: str) -> Insert:
    # A dialect takes long to import, so only the one in use is.
    if dialect == "sqlite":
        from sqlalchemy.dialects.sqlite import insert
    else:
        from sqlalchemy.dialects.postgresql import insert
    statement = insert(counters)
    return statement.on_conflict_do_update(
        index_elements=["name", "labels"], set_={"value": _c.value + statement.excluded.value}
    )
