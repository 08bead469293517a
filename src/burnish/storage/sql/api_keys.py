from __future__ import annotations

from datetime import datetime

from msgspec import structs
from sqlalchemy import RowMapping, insert, select, update
from sqlalchemy.exc import IntegrityError

from burnish.errors import Conflict
from burnish.storage.api_keys import ApiKey
from burnish.storage.sql.database import Database
from burnish.storage.tables import api_keys

_c = api_keys.c
_SHOWN = ApiKey.__struct_fields__


class SqlApiKeys:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, key: ApiKey, secret_hash: str) -> None:
        row = {**structs.asdict(key), "secret_hash": secret_hash}
        try:
            async with self._database.writing() as connection:
                await connection.execute(insert(api_keys), row)
        except IntegrityError:
            raise Conflict(
                f"there is or was a key {key.name!r} already",
                hint="name it otherwise: names stand in histories",
                subject=key.name,
            ) from None

    async def find(self, key_id: str) -> tuple[ApiKey, str] | None:
        async with self._database.reading() as connection:
            rows = await connection.execute(select(api_keys).where(_c.id == key_id))
            row = rows.mappings().first()
        return None if row is None else (_key(row), row["secret_hash"])

    async def all(self, owner: str | None = None) -> list[ApiKey]:
        query = select(api_keys).order_by(_c.id.desc())
        if owner is not None:
            query = query.where(_c.owner == owner)
        async with self._database.reading() as connection:
            rows = await connection.execute(query)
            return [_key(row) for row in rows.mappings()]

    async def revoke(self, key_id: str, at: datetime) -> ApiKey | None:
        same = (_c.id == key_id, _c.revoked_at.is_(None))
        async with self._database.writing() as connection:
            await connection.execute(update(api_keys).where(*same).values(revoked_at=at))
        found = await self.find(key_id)
        return found and found[0]

    async def use(self, key_id: str, at: datetime) -> None:
        async with self._database.writing() as connection:
            await connection.execute(
                update(api_keys).where(_c.id == key_id).values(last_used_at=at)
            )


def _key(row: RowMapping) -> ApiKey:
    return ApiKey(**{name: row[name] for name in _SHOWN})
