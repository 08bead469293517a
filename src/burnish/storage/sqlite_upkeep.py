"""Copies and compacts the SQLite file, beside those who use it."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from burnish.errors import Conflict, StoreError
from burnish.storage.upkeep import Backup, Vacuumed


class SqliteUpkeep:
    def __init__(
        self, path: Path, timeout_s: float, explain: Callable[[Path, str], StoreError]
    ) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._explain = explain

    async def backup(self, to: Path) -> Backup:
        return await asyncio.to_thread(self._backup, to)

    async def vacuum(self) -> Vacuumed:
        return await asyncio.to_thread(self._vacuum)

    def _backup(self, to: Path) -> Backup:
        if os.path.lexists(to):
            raise _taken(to)
        try:
            to.parent.mkdir(parents=True, exist_ok=True)
            # Of its own folder, so that the last step is a rename; made for the owner alone.
            handle, name = tempfile.mkstemp(prefix=f".{to.name}-", dir=to.parent)
            os.close(handle)
            fresh = Path(name)
            try:
                revision = self._copy(fresh)
                _publish(fresh, to)
            finally:
                fresh.unlink(missing_ok=True)
            return Backup(path=str(to), size_bytes=to.stat().st_size, revision=revision)
        except OSError as error:
            raise StoreError(
                f"the copy {to} cannot be written: {error.strerror or error}",
                hint="name a place with room where you may write; the database is as it was",
                subject=str(to),
            ) from error
        except sqlite3.Error as error:
            raise self._explain(self._path, str(error)) from error

    def _copy(self, fresh: Path) -> str:
        """All pages in one step, which is one snapshot: writers go on, and cannot make it begin
        again. Gives the revision of the tables."""
        with closing(self._connect(self._path)) as source, closing(self._connect(fresh)) as copy:
            source.backup(copy, pages=-1)
            # One file alone, which can be carried about.
            copy.execute("PRAGMA journal_mode=DELETE")
            found = copy.execute("PRAGMA quick_check").fetchone()[0]
            if found != "ok":
                raise StoreError(
                    f"the copy of {self._path} is damaged: {found}",
                    hint="nothing was kept of it; check the disk, then the database itself",
                    subject=str(self._path),
                )
            return copy.execute("SELECT version_num FROM alembic_version").fetchone()[0]

    def _vacuum(self) -> Vacuumed:
        try:
            with closing(self._connect(self._path)) as connection:
                before = _size(connection)
                connection.execute("VACUUM")
                connection.execute("PRAGMA optimize")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                return Vacuumed(before_bytes=before, after_bytes=_size(connection))
        except sqlite3.Error as error:
            raise self._explain(self._path, str(error)) from error

    def _connect(self, path: Path) -> sqlite3.Connection:
        return sqlite3.connect(path, timeout=self._timeout_s, isolation_level=None)


def _size(connection: sqlite3.Connection) -> int:
    pages: int = connection.execute("PRAGMA page_count").fetchone()[0]
    return pages * connection.execute("PRAGMA page_size").fetchone()[0]


def _publish(fresh: Path, to: Path) -> None:
    """A link, unlike a rename, refuses a name that has been taken meanwhile."""
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    try:
        os.link(fresh, to)
    except FileExistsError:
        raise _taken(to) from None
    except OSError:
        # A disk without links: the name was free a moment ago.
        fresh.replace(to)


def _taken(to: Path) -> Conflict:
    return Conflict(f"{to} is there already", hint="give another name", subject=str(to))
