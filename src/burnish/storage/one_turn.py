"""SQLite's driver for SQLAlchemy, whose thread is asked once for each statement.

SQLAlchemy's own asks it four times: for a cursor, to execute, for the rows, to close. Each time the
two threads hand the interpreter over, which takes longer than most statements do.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy.connectors.asyncio import AsyncAdapt_dbapi_cursor
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_dbapi,
)
from sqlalchemy.util.concurrency import await_

_Result = tuple[list[Any], Any, int, int | None]
_NONE: Final[dict[str, Any]] = {}


class _Cursor(AsyncAdapt_dbapi_cursor):
    """Holds what the statement gave; nothing stays open in the driver."""

    __slots__ = ("_found",)
    # There is none to be closed.
    _awaitable_cursor_close = False

    def __init__(self, adapt_connection: Any) -> None:
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection  # noqa: SLF001 - as its base has it
        self._soft_closed_memoized = _NONE  # pyright: ignore[reportAttributeAccessIssue]
        self._cursor: Any = None
        self._rows = deque()
        self._found: _Result = ([], None, -1, None)

    @property
    def description(self) -> Any:
        return self._found[1]

    @property
    def rowcount(self) -> int:
        return self._found[2]

    @property
    def lastrowid(self) -> int:
        return self._found[3]  # pyright: ignore[reportReturnType]

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        await self._asked(_execute, operation, parameters)

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        await self._asked(_execute_many, operation, seq_of_parameters)

    async def _asked(self, run: Callable[..., _Result], sql: str, parameters: Any) -> None:
        adapted: Any = self._adapt_connection
        driver: Any = self._connection
        async with adapted._execute_mutex:  # noqa: SLF001 - as its base has it
            # The driver has no public way to ask its thread for several things at once.
            self._found = await driver._execute(run, driver._conn, sql, parameters)  # noqa: SLF001
            self._rows = deque(self._found[0])


def _execute(connection: sqlite3.Connection, sql: str, parameters: Any) -> _Result:
    return _all_of(connection.execute(sql, () if parameters is None else parameters))


def _execute_many(connection: sqlite3.Connection, sql: str, parameters: Any) -> _Result:
    return _all_of(connection.executemany(sql, parameters))


def _all_of(cursor: sqlite3.Cursor) -> _Result:
    try:
        rows = [] if cursor.description is None else cursor.fetchall()
        return rows, cursor.description, cursor.rowcount, cursor.lastrowid
    finally:
        cursor.close()


class _Connection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()
    _cursor_cls = _Cursor  # pyright: ignore[reportAssignmentType]


class OneTurn(AsyncAdapt_aiosqlite_dbapi):
    """For `module` of `create_engine`."""

    def connect(self, *arg: Any, **kw: Any) -> _Connection:
        connection = self.aiosqlite.connect(*arg, **kw)
        connection._thread.daemon = True  # noqa: SLF001 - nothing waits for it at the end
        return _Connection(self, await_(connection))
