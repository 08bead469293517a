from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs
from sqlalchemy import RowMapping, insert
from sqlalchemy.exc import IntegrityError

from burnish.errors import BurnishError, Conflict, NotFound
from burnish.storage.run import Run, RunCursor, RunFilter
from burnish.storage.sql import queries
from burnish.storage.sql.database import Database
from burnish.storage.tables import runs

_FIELDS = Run.__struct_fields__


class SqlRuns:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, runs: Sequence[Run]) -> None:
        if not runs:
            return
        rows = [structs.asdict(run) for run in runs]
        try:
            async with self._database.writing() as connection:
                await connection.execute(_INSERT, rows)
        except IntegrityError as error:
            raise _refused(error) from error

    async def by_id(self, run_id: str) -> Run | None:
        async with self._database.reading() as connection:
            result = await connection.execute(queries.RUN_BY_ID, {"id": run_id})
        row = result.mappings().first()
        return None if row is None else _run_of(row)

    async def page(self, where: RunFilter, limit: int, after: RunCursor | None = None) -> list[Run]:
        async with self._database.reading() as connection:
            result = await connection.execute(queries.run_page(where, limit, after))
        return [_run_of(row) for row in result.mappings()]

    async def count(self, where: RunFilter) -> int:
        async with self._database.reading() as connection:
            result = await connection.execute(queries.run_count(where))
        return int(result.scalar_one())


_INSERT = insert(runs)


def _run_of(row: RowMapping) -> Run:
    return Run(**{name: row[name] for name in _FIELDS})


def _refused(error: IntegrityError) -> BurnishError:
    if "foreign key" in str(error.orig).lower():
        return NotFound(
            "a run names a prompt version that does not exist",
            hint="record the version first, or leave version_id out",
        )
    return Conflict("a run with this id is recorded already", hint="give each run an id of its own")
