"""Brings a database to the newest schema, in one transaction."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, NullPool, create_engine, event
from sqlalchemy.engine import Connection

from burnish.errors import StoreError

# Alembic keeps the migration that is under way in its own module, one for the whole process.
_ONE_AT_A_TIME = threading.Lock()


def upgrade_sqlite(path: Path, timeout_s: float, to: str = "head") -> None:
    """Several processes may call it at once: the first migrates, the others find it done."""
    _turn_on_wal(path, timeout_s)
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"isolation_level": None, "timeout": timeout_s},
        poolclass=NullPool,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:  # pyright: ignore[reportUnusedFunction]
        # A batch migration drops and rebuilds tables, which would take the rows that refer to
        # them along; the check before the commit makes up for it.
        connection.execute("PRAGMA foreign_keys=OFF")

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:  # pyright: ignore[reportUnusedFunction]
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    with engine.begin() as connection:
        upgrade(connection, to)
        if connection.exec_driver_sql("PRAGMA foreign_key_check").first():
            raise StoreError(
                f"the upgrade of {path} would leave rows without the rows they refer to",
                hint="nothing was changed; restore a backup of it, then try again",
                subject=str(path),
            )


def upgrade(connection: Connection, to: str = "head") -> None:
    config = configuration()
    config.attributes["connection"] = connection
    with _ONE_AT_A_TIME:
        command.upgrade(config, to)


def configuration() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _turn_on_wal(path: Path, timeout_s: float) -> None:
    """The mode stays with the file. While another process changes it too, SQLite answers
    "locked" at once instead of waiting."""
    end = time.monotonic() + timeout_s
    while True:
        try:
            with closing(sqlite3.connect(path, timeout=timeout_s)) as connection:
                connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return
