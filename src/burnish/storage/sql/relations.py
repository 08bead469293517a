from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs
from sqlalchemy import insert, literal, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from burnish.errors import NotFound
from burnish.storage.lineage import Inclusion, Related
from burnish.storage.sql import includes
from burnish.storage.sql.database import Database
from burnish.storage.tables import prompt_versions, relations

_c, _v = relations.c, prompt_versions.c


class SqlRelations:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, relations: Sequence[Related]) -> None:
        async with self._database.writing() as connection:
            await add_relations(connection, relations)

    async def of(self, prompt_id: str) -> list[Related]:
        mine = select(_v.id).where(_v.prompt_id == prompt_id)
        query = select(relations).where(or_(_c.from_version.in_(mine), _c.to_version.in_(mine)))
        async with self._database.reading() as connection:
            result = await connection.execute(query.order_by(_c.at, _c.to_version))
        return [Related(**row) for row in result.mappings()]

    async def included(self, prompt_id: str) -> list[Inclusion]:
        async with self._database.reading() as connection:
            result = await connection.execute(includes.included(prompt_id))
        return [Inclusion(**row) for row in result.mappings()]

    async def including(self, name: str, limit: int) -> list[Inclusion]:
        async with self._database.reading() as connection:
            result = await connection.execute(includes.including(name, limit))
        return [Inclusion(**row) for row in result.mappings()]


async def add_relations(connection: AsyncConnection, added: Sequence[Related]) -> None:
    """Within the caller's transaction."""
    for each in added:
        row = structs.asdict(each)
        there = select(literal(1)).where(
            _c.from_version == each.from_version,
            _c.to_version == each.to_version,
            _c.kind == each.kind,
        )
        if await connection.scalar(there) is not None:
            continue
        try:
            await connection.execute(insert(relations), row)
        except IntegrityError as error:
            raise NotFound(
                f"no version has the id {each.from_version!r} or {each.to_version!r}",
                hint="relate versions that are there",
            ) from error
