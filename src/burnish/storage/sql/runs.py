from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from msgspec import structs
from sqlalchemy import RowMapping, bindparam, delete, insert, select
from sqlalchemy.exc import IntegrityError

from burnish.errors import BurnishError, Conflict, NotFound, StoreError, UsageError
from burnish.storage.run import Run, RunCursor, RunFilter
from burnish.storage.sql import queries, run_rows, run_stats
from burnish.storage.sql.database import Database
from burnish.storage.sql.driver import driver_sql, driver_write
from burnish.storage.stats import RunStat, StatBy, StatFilter
from burnish.storage.tables import runs

_FIELDS = Run.__struct_fields__
# Runs deleted in one transaction: others who write wait for it, some ten milliseconds.
_CHUNK = 1000
# Entries added to histograms before this process brings equal ones together.
_ENTRIES = 2000


class SqlRuns:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._dialect = database.reader.dialect.name
        self._upsert = run_stats.upsert(self._dialect)
        self._sql = driver_sql(self._upsert) if self._dialect == "sqlite" else ""
        self._entries = 0

    async def add(self, runs: Sequence[Run]) -> None:
        if not runs:
            return
        runs = await self._database.keeping.runs(runs)
        with _refusals():
            hours = await (self._add_rows if self._sql else self._add_typed)(runs)
        self._entries += sum(len(hour["latencies"]) for hour in hours) // run_stats.ENTRY_CHARS
        if self._entries > _ENTRIES:
            await self._shorten({hour["hour"] for hour in hours})

    async def _shorten(self, hours: set[int]) -> None:
        try:
            async with self._database.writing() as connection:
                await run_stats.shorten(connection, hours)
        except StoreError:
            # The runs are written, which is what was asked for; the next ones try again, and tell
            # of a store that cannot be written.
            return
        self._entries = 0

    async def _add_rows(self, runs: Sequence[Run]) -> list[dict[str, Any]]:
        rows, hours = run_rows.rows_of(runs), run_stats.add_up(runs)
        await driver_write(self._database, (run_rows.INSERT, rows), (self._sql, hours))
        return hours

    async def _add_typed(self, runs: Sequence[Run]) -> list[dict[str, Any]]:
        hours = run_stats.add_up(runs)
        async with self._database.writing() as connection:
            await connection.execute(_INSERT, [structs.asdict(run) for run in runs])
            await connection.execute(self._upsert, hours)
        return hours

    async def by_id(self, run_id: str) -> Run | None:
        async with self._database.reading() as connection:
            result = await connection.execute(queries.RUN_BY_ID, {"id": run_id})
        row = result.mappings().first()
        return None if row is None else _run_of(row)

    async def by_prefix(self, prefix: str, limit: int) -> list[Run]:
        return await self._all(queries.runs_by_prefix(prefix, limit))

    async def known(self, ids: Sequence[str]) -> set[str]:
        async with self._database.reading() as connection:
            return set(await connection.scalars(_KNOWN, {"ids": ids}))

    async def page(
        self,
        where: RunFilter,
        limit: int,
        after: RunCursor | None = None,
        *,
        oldest_first: bool = False,
    ) -> list[Run]:
        query = queries.run_page(where, limit, after, oldest_first=oldest_first)
        return await self._all(query)

    async def count(self, where: RunFilter) -> int:
        async with self._database.reading() as connection:
            result = await connection.execute(queries.run_count(where))
        return int(result.scalar_one())

    async def cost_usd(self, trace_id: str) -> float:
        async with self._database.reading() as connection:
            result = await connection.execute(queries.trace_cost(trace_id))
        return float(result.scalar_one())

    async def stats(self, by: StatBy, where: StatFilter) -> list[RunStat]:
        async with self._database.reading() as connection:
            result = await connection.execute(run_stats.stats_query(by, where))
        return run_stats.stats_of(by, result.mappings().all())

    async def forget(self, before: datetime) -> int:
        some = delete(runs).where(runs.c.id.in_(queries.runs_before(before, _CHUNK)))
        gone = 0
        while True:
            async with self._database.writing() as connection:
                deleted = (await connection.execute(some)).rowcount
            gone += deleted
            if deleted < _CHUNK:
                return gone

    async def _all(self, query: queries.Query) -> list[Run]:
        async with self._database.reading() as connection:
            result = await connection.execute(query)
        return [_run_of(row) for row in result.mappings()]


_INSERT = insert(runs)
_KNOWN = select(runs.c.id).where(runs.c.id.in_(bindparam("ids", expanding=True)))


def _run_of(row: RowMapping) -> Run:
    return Run(**{name: row[name] for name in _FIELDS})


@contextmanager
def _refusals() -> Generator[None]:
    try:
        yield
    except IntegrityError as error:
        raise _refused(error) from error
    except OverflowError as error:
        raise UsageError(
            "a run holds a number that is too large", hint="give counts below 2**63"
        ) from error


def _refused(error: IntegrityError) -> BurnishError:
    if "foreign key" in str(error.orig).lower():
        return NotFound(
            "a run names a prompt version that does not exist",
            hint="record the version first, or leave version_id out",
        )
    return Conflict("a run with this id is recorded already", hint="give each run an id of its own")
