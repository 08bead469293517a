from __future__ import annotations

from datetime import datetime

from msgspec import structs
from sqlalchemy import ColumnElement, and_, delete, insert, or_, select, update

from burnish.storage.requests import KeyedRequest
from burnish.storage.sql.database import Database
from burnish.storage.tables import requests

_c = requests.c


class SqlRequests:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(
        self, request: KeyedRequest, *, kept_since: datetime, unfinished_since: datetime
    ) -> KeyedRequest | None:
        same = _named(request.who, request.key)
        old = or_(
            _c.begun_at < kept_since,
            and_(_c.status.is_(None), _c.begun_at < unfinished_since),
        )
        async with self._database.writing() as connection:
            await connection.execute(delete(requests).where(*same, old))
            row = (await connection.execute(select(requests).where(*same))).mappings().first()
            if row is not None:
                return KeyedRequest(**row)
            await connection.execute(insert(requests), structs.asdict(request))
        return None

    async def finish(self, request: KeyedRequest) -> None:
        same = _named(request.who, request.key)
        answer = await self._database.keeping.told(request.answer, request.media_type)
        told = {"status": request.status, "answer": answer}
        changed = update(requests).where(*same).values(**told, media_type=request.media_type)
        async with self._database.writing() as connection:
            await connection.execute(changed)

    async def forget(self, who: str, key: str) -> None:
        async with self._database.writing() as connection:
            await connection.execute(delete(requests).where(*_named(who, key)))

    async def forget_old(self, before: datetime) -> int:
        async with self._database.writing() as connection:
            gone = await connection.execute(delete(requests).where(_c.begun_at < before))
        return gone.rowcount


def _named(who: str, key: str) -> tuple[ColumnElement[bool], ...]:
    return (_c.who == who, _c.key == key)
