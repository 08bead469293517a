"""Statements straight to SQLite's driver, whose thread is asked once.

SQLAlchemy asks it four times for each, which for one search is more than the searching, and for a
few rows more than the writing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Insert, Select
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.exc import IntegrityError, StatementError

from burnish.storage.sql.database import Database
from burnish.storage.tables.base import UtcTime

_TIME: Final = UtcTime()
_DIALECT: Final = sqlite_dialect(paramstyle="named", json_deserializer=msgspec.json.decode)


async def driver_rows(database: Database, sql: str, values: Mapping[str, Any]) -> Sequence[Any]:
    bound = {name: _plain(value) for name, value in values.items()}
    async with database.reading() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        try:
            return list(await driver.execute_fetchall(sql, bound))
        except sqlite3.Error as error:
            raise StatementError(str(error), sql, bound, error) from error


def driver_sql(statement: Insert) -> str:
    """For rows whose values are given as SQLite keeps them, by the names of their columns."""
    return str(statement.compile(dialect=_DIALECT))


async def driver_write(
    database: Database, *steps: tuple[str, Sequence[Sequence[Any] | Mapping[str, Any]]]
) -> None:
    """Each statement for each of its rows, all in one transaction."""
    async with database.writing_by_hand() as driver:
        # The driver has no public way to ask its thread for several statements at once. Awaited
        # one by one they take five turns from thread to thread, which cost more than the writing.
        await driver._execute(_write, driver._conn, steps)  # noqa: SLF001


def _write(
    connection: sqlite3.Connection,
    steps: Sequence[tuple[str, Sequence[Sequence[Any] | Mapping[str, Any]]]],
) -> None:
    sql = "BEGIN IMMEDIATE"
    try:
        connection.execute(sql)
        for sql, rows in steps:
            connection.executemany(sql, rows)
        connection.commit()
    except sqlite3.Error as error:
        if connection.in_transaction:
            connection.rollback()
        if isinstance(error, sqlite3.IntegrityError):
            raise IntegrityError(sql, None, error) from error
        raise StatementError(str(error), sql, None, error) from error


class TypedRows:
    """The rows of a SELECT whose columns are those of tables, each value as its type reads it."""

    def __init__(self, statement: Select[Any]) -> None:
        compiled = statement.compile(dialect=_DIALECT)
        self._sql = str(compiled)
        self._constants = {name: v for name, v in compiled.params.items() if v is not None}
        self._columns = list(statement.selected_columns)
        self._read = [
            column.type.dialect_impl(_DIALECT).result_processor(_DIALECT, None)
            for column in self._columns
        ]

    async def tuples(self, database: Database, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """In the order of the columns."""
        read = self._read
        return [
            tuple([v if how is None else how(v) for v, how in zip(row, read, strict=True)])
            for row in await driver_rows(database, self._sql, {**self._constants, **values})
        ]

    async def mappings(self, database: Database, values: Mapping[str, Any]) -> list[dict[Any, Any]]:
        """By column."""
        rows = await self.tuples(database, values)
        return [dict(zip(self._columns, row, strict=True)) for row in rows]


def _plain(value: Any) -> Any:
    return _TIME.process_bind_param(value, _DIALECT) if isinstance(value, datetime) else value
