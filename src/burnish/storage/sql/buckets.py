from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Insert, delete, select

from burnish.storage.sql.database import Database
from burnish.storage.tables import buckets

_c = buckets.c


class SqlBuckets:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._upsert = _upsert(database.reader.dialect.name)

    async def move(self, who: str, to: Callable[[float], float]) -> None:
        async with self._database.writing() as connection:
            # The row is made first: nobody can hold one that is not there.
            await connection.execute(self._upsert, {"who": who, "full_at": 0.0})
            held = select(_c.full_at).where(_c.who == who).with_for_update()
            old = float((await connection.execute(held)).scalar_one())
            new = to(old)
            if new != old:
                changed = buckets.update().where(_c.who == who).values(full_at=new)
                await connection.execute(changed)

    async def full_at(self, who: str) -> float:
        async with self._database.reading() as connection:
            found = await connection.scalar(select(_c.full_at).where(_c.who == who))
        return float(found or 0.0)

    async def forget(self, before: datetime) -> int:
        async with self._database.writing() as connection:
            gone = await connection.execute(delete(buckets).where(_c.full_at < before.timestamp()))
        return gone.rowcount


def _upsert(dialect: str) -> Insert:
    # A dialect takes long to import, so only the one in use is.
    if dialect == "sqlite":
        from sqlalchemy.dialects.sqlite import insert
    else:
        from sqlalchemy.dialects.postgresql import insert
    return insert(buckets).on_conflict_do_nothing(index_elements=["who"])
