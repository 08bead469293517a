from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Insert

from burnish.storage.run import TechniqueStatistic, TechniqueTotal
from burnish.storage.sql import queries
from burnish.storage.sql.database import Database
from burnish.storage.tables import technique_statistics

_COUNTS = ("uses", "successes", "score_sum", "score_n")


class SqlTechniques:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._upsert = technique_upsert(database.reader.dialect.name)

    async def add(self, statistics: Sequence[TechniqueStatistic]) -> None:
        if not statistics:
            return
        rows = [{n: getattr(s, n) for n in s.__struct_fields__} for s in statistics]
        async with self._database.writing() as connection:
            await connection.execute(self._upsert, rows)

    async def days(
        self, *, technique: str | None = None, intent: str | None = None, since: date | None = None
    ) -> list[TechniqueStatistic]:
        query = queries.technique_days(technique, intent, since)
        async with self._database.reading() as connection:
            result = await connection.execute(query)
        return [TechniqueStatistic(**row) for row in result.mappings()]

    async def totals(
        self, *, intent: str | None = None, since: date | None = None
    ) -> list[TechniqueTotal]:
        async with self._database.reading() as connection:
            result = await connection.execute(queries.technique_totals(intent, since))
        return [TechniqueTotal(**row) for row in result.mappings()]


def technique_upsert(dialect: str) -> Insert:
    # A dialect takes long to import, so only the one in use is.
    if dialect == "sqlite":
        from sqlalchemy.dialects.sqlite import insert
    else:
        from sqlalchemy.dialects.postgresql import insert
    statement = insert(technique_statistics)
    c = technique_statistics.c
    return statement.on_conflict_do_update(
        index_elements=["technique", "intent", "day"],
        set_={name: c[name] + statement.excluded[name] for name in _COUNTS},
    )
