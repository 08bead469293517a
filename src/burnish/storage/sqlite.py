"""The store in one SQLite file."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import aiosqlite
import msgspec
from sqlalchemy import URL, event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DisconnectionError, StatementError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from burnish.errors import StoreError
from burnish.private import make_file, make_folder
from burnish.storage.keeping import Keeping
from burnish.storage.migrations import HEAD, REVISIONS
from burnish.storage.one_turn import OneTurn
from burnish.storage.place import identity
from burnish.storage.sql import Database, SqlStore
from burnish.storage.sqlite_changes import FileChanges
from burnish.storage.sqlite_upkeep import SqliteUpkeep
from burnish.storage.tables.base import encode_json

BUSY_TIMEOUT_S = 30
_READERS = 4
_OPEN_ONLY = {"mode": "rw", "uri": "true"}
_FILE = "file"
_NO_TABLE = "no such table"


async def open_sqlite(path: Path, keeping: Keeping | None = None) -> SqlStore:
    """The store in the file at `path`, made when it does not exist, upgraded when it is older.

    Raises StoreError when the file cannot be used. Close the store when done with it.
    """
    await asyncio.to_thread(_prepare, path)
    database = Database(_reader(path), _writer(path), lambda error: _explain(path, error), keeping)
    upkeep = SqliteUpkeep(path, BUSY_TIMEOUT_S, _store_error)
    return SqlStore(database, upkeep, FileChanges(path))


def revision_at(path: Path) -> str:
    """Of the tables in the file; empty where there is none yet. Raises StoreError."""
    try:
        return (_version(path) or "") if path.exists() else ""
    except sqlite3.Error as error:
        raise _store_error(path, str(error)) from error


def _prepare(path: Path) -> None:
    try:
        make_folder(path.parent)
        # The log beside the file takes its permissions over.
        make_file(path)
        if _version(path) == HEAD:
            return
        # Brings Alembic in, which a current file never pays for.
        from burnish.storage.migrations.upgrade import upgrade_sqlite

        upgrade_sqlite(path, BUSY_TIMEOUT_S)
    except OSError as error:
        raise _store_error(path, error.strerror or str(error)) from error
    except sqlite3.Error as error:
        raise _store_error(path, str(error)) from error
    except StatementError as error:
        raise _explain(path, error) from error


def _version(path: Path) -> str | None:
    """The file's schema; None when it is new, or not yet in WAL mode."""
    with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_S)) as connection:
        journal = connection.execute("PRAGMA journal_mode").fetchone()[0]
        try:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.OperationalError as error:
            if _NO_TABLE not in str(error):
                raise
            row = None
            _refuse_foreign(path, connection)
    if row is not None and row[0] not in REVISIONS:
        raise StoreError(
            f"{path} was written by a newer Burnish (schema {row[0]}; this one knows {HEAD})",
            hint="upgrade with pip install -U burnish, or open another database",
            subject=str(path),
        )
    return row[0] if row is not None and journal == "wal" else None


def _refuse_foreign(path: Path, connection: sqlite3.Connection) -> None:
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise StoreError(
            f"{path} is another program's database",
            hint="name a file of Burnish's own, or one that does not exist yet",
            subject=str(path),
        )


def _reader(path: Path) -> AsyncEngine:
    """One statement is one snapshot. A BEGIN and a ROLLBACK around it would double its time."""
    return _engine(path, _READERS, isolation_level="AUTOCOMMIT", skip_autocommit_rollback=True)


def _writer(path: Path) -> AsyncEngine:
    engine = _engine(path, 1)

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:  # pyright: ignore[reportUnusedFunction]
        # A transaction that reads first and asks for the lock when it writes is refused, or
        # overwrites what others wrote in between.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _engine(path: Path, connections: int, **options: Any) -> AsyncEngine:
    path = path.absolute()
    engine = create_async_engine(
        # Never made anew: a file that is gone is an error here.
        URL.create("sqlite+aiosqlite", database=path.as_uri(), query=_OPEN_ONLY),
        # None: the driver begins no transaction by itself.
        module=OneTurn(aiosqlite, sqlite3),
        connect_args={"isolation_level": None, "timeout": BUSY_TIMEOUT_S},
        pool_size=connections,
        max_overflow=0,
        # By `undo`: a connection without a transaction need not ask the driver's thread.
        pool_reset_on_return=None,
        # Waiting for this process's own connections is bounded like waiting for others' locks.
        pool_timeout=2 * BUSY_TIMEOUT_S,
        json_serializer=encode_json,
        json_deserializer=msgspec.json.decode,
        **options,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, record: Any) -> None:  # pyright: ignore[reportUnusedFunction]
        record.info[_FILE] = identity(path)
        connection.run_async(_set_up)

    @event.listens_for(engine.sync_engine, "checkout")
    def check(_driver: Any, record: Any, _proxy: Any) -> None:  # pyright: ignore[reportUnusedFunction]
        # What was moved away is still there for who has it open, and nobody else sees its writes.
        if record.info[_FILE] != identity(path):
            raise DisconnectionError(f"{path} is another file than before")

    @event.listens_for(engine.sync_engine, "reset")
    def undo(driver: Any, _record: Any, state: Any) -> None:  # pyright: ignore[reportUnusedFunction]
        # One that is only ended can wait for nothing, and takes what it began with it.
        if not state.terminate_only and driver.driver_connection.in_transaction:
            driver.rollback()

    return engine


async def _set_up(driver: aiosqlite.Connection) -> None:
    await driver.executescript(_PRAGMAS)


_PRAGMAS = f"""
PRAGMA busy_timeout={BUSY_TIMEOUT_S * 1000};
PRAGMA journal_mode=WAL;
PRAGMA synchronous=NORMAL;
PRAGMA foreign_keys=ON;
"""

_ADVICE = {
    "unable to open": "check that its folder exists and that you may write there",
    "readonly": "WAL mode writes beside the file: give yourself write access to file and folder",
    "Permission denied": "give yourself write access to the folder, or set BURNISH_HOME",
    "File exists": "a file stands where a folder should be; set BURNISH_HOME elsewhere",
    "Not a directory": "a file stands where a folder should be; set BURNISH_HOME elsewhere",
    "Is a directory": "name a file, not a folder",
    "not a database": "name another file; this one holds something else or is encrypted",
    "malformed": "the file is damaged; restore a backup",
    "full": "free some space on the disk",
    "locked": f"another program held the file for {BUSY_TIMEOUT_S} s; end it and try again",
    "disk I/O": "check the disk and that the file is not on a network folder",
}

# What SQLite says where the next try may find the file free, or its disk there again. A file that
# is damaged, full or not to be written stays so until somebody does something about it.
_PASSING = ("locked", "busy", "disk I/O", "unable to open")


def _explain(path: Path, error: StatementError) -> StoreError:
    return _store_error(path, str(error.orig))


def _store_error(path: Path, reason: str) -> StoreError:
    advice = next((text for part, text in _ADVICE.items() if part in reason), "")
    return StoreError(
        f"the database {path} cannot be used: {reason}",
        hint=advice or "run: burnish doctor",
        subject=str(path),
        retryable=any(part in reason for part in _PASSING),
    )
