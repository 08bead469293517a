"""The response cache's own SQLite file. Several processes may share it."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from burnish.private import make_file, make_folder

# As the schema below sets it.
_VERSION = 1
# A reader stands in somebody's way, so it does not wait long for a lock; the writer may.
_READ_WAIT_S, _WRITE_WAIT_S = 0.05, 5.0
_RETRY_S = 5.0
_BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_ROW_BYTES = 120
_SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS entries (
  key TEXT PRIMARY KEY,
  size INTEGER NOT NULL,
  created_at REAL NOT NULL,
  expires_at REAL NOT NULL,
  used_at REAL NOT NULL,
  value BLOB NOT NULL
);
-- All that eviction and statistics ask for: the values themselves stay unread.
CREATE INDEX IF NOT EXISTS ix_entries_used ON entries (used_at, size, expires_at, created_at);
CREATE TABLE IF NOT EXISTS totals (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  hits INTEGER NOT NULL,
  misses INTEGER NOT NULL
);
INSERT OR IGNORE INTO totals VALUES (1, 0, 0);
PRAGMA user_version=1;
COMMIT;
"""
_PUT = """
INSERT INTO entries (key, size, created_at, expires_at, used_at, value)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET size = excluded.size, created_at = excluded.created_at,
  expires_at = excluded.expires_at, used_at = excluded.used_at, value = excluded.value
"""
_GET = "SELECT value, created_at, expires_at FROM entries WHERE key = ?"
_TOUCH = "UPDATE entries SET used_at = max(used_at, ?) WHERE key = ?"
_DROP_EXPIRED = "DELETE FROM entries WHERE key = ? AND expires_at <= ?"
_COUNT = "UPDATE totals SET hits = hits + ?, misses = misses + ?"
_SUMMARY = """
SELECT count(size), coalesce(sum(size), 0), avg(created_at), min(created_at), hits, misses
FROM totals LEFT JOIN entries ON expires_at > ?
"""


class Entry(NamedTuple):
    value: bytes
    created_at: float
    expires_at: float

    @property
    def size(self) -> int:
        return len(self.value) + _ROW_BYTES


class Changes(NamedTuple):
    """What happened since the last write: new entries, keys that were used and when, keys that
    were found expired, hits and misses."""

    entries: Mapping[str, Entry]
    used: Mapping[str, float]
    expired: Collection[str]
    hits: int
    misses: int


class Summary(NamedTuple):
    entries: int
    size_bytes: int
    mean_created_at: float | None
    first_created_at: float | None
    hits: int
    misses: int


class _Open(NamedTuple):
    connection: sqlite3.Connection
    file_id: tuple[int, int] | None


class CacheFile:
    """No method raises for what is wrong with the file: it answers as if it were empty, `problem`
    tells why, and after a few seconds it is tried again. A damaged file is put aside, and a new
    one begun. One thread may read while another writes."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        self.problem = ""
        self._path = path
        self._max_bytes = max_bytes
        self._reader: _Open | None = None
        self._writer: _Open | None = None
        self._reading = threading.Lock()
        self._writing = threading.Lock()
        self._rests_until = 0.0
        self._closed = False
        # So much that the first write adds up what is there.
        self._unchecked_bytes = max_bytes

    def get(self, key: str, now: float) -> Entry | None:
        row = self._read(_GET, (key,), now)
        return None if row is None else Entry(*row)

    def summary(self, now: float) -> Summary | None:
        row = self._read(_SUMMARY, (now,), now)
        return None if row is None else Summary(*row)

    def write(self, changes: Changes, now: float) -> bool:
        """In one transaction; False when the file cannot be written now."""

        def change(connection: sqlite3.Connection) -> int:
            self._write(connection, changes, now)
            return 1

        return self._change(change, now) is not None

    def clear(self, now: float) -> int:
        """Forgets every entry, and the hits and misses so far. Tells how many entries went."""

        def change(connection: sqlite3.Connection) -> int:
            connection.execute("UPDATE totals SET hits = 0, misses = 0")
            count = connection.execute("DELETE FROM entries").rowcount
            connection.execute("PRAGMA incremental_vacuum").fetchall()
            return count

        return self._change(change, now) or 0

    def close(self) -> None:
        with self._writing, self._reading:
            self._closed = True
            _close(self._reader)
            _close(self._writer)
            self._reader = self._writer = None

    def _read(self, query: str, values: tuple[Any, ...], now: float) -> Any:
        """The first row; None where there is none, or no file."""
        with self._reading:
            file_id = _file_id(self._path)
            if self._closed or file_id is None or self._rests(now):
                return None
            try:
                if self._reader is None or self._reader.file_id != file_id:
                    _close(self._reader)
                    self._reader = None
                    self._reader = _Open(self._connect(_READ_WAIT_S), file_id)
                row = self._reader.connection.execute(query, values).fetchone()
            except sqlite3.Error as error:
                _close(self._reader)
                self._reader = None
                self._failed(error, file_id, now)
                return None
            self._worked()
            return row

    def _change(self, change: Callable[[sqlite3.Connection], int], now: float) -> int | None:
        """What `change` gave, in a transaction; None when the file cannot be written now."""
        with self._writing:
            if self._closed or self._rests(now):
                return None
            file_id = _file_id(self._path)
            try:
                # Another file may stand there: put aside meanwhile, here or by another process.
                if self._writer is None or self._writer.file_id != file_id:
                    _close(self._writer)
                    self._writer = None
                    make_folder(self._path.parent)
                    make_file(self._path)
                    self._writer = _Open(self._begin(), _file_id(self._path))
                with _transaction(self._writer.connection) as connection:
                    done = change(connection)
            except (sqlite3.Error, OSError) as error:
                _close(self._writer)
                self._writer = None
                self._failed(error, file_id, now)
                return None
            self._worked()
            return done

    def _write(self, connection: sqlite3.Connection, changes: Changes, now: float) -> None:
        rows = [
            (key, entry.size, entry.created_at, entry.expires_at, now, entry.value)
            for key, entry in changes.entries.items()
        ]
        connection.executemany(_DROP_EXPIRED, [(key, now) for key in changes.expired])
        connection.executemany(_PUT, rows)
        connection.executemany(_TOUCH, [(at, key) for key, at in changes.used.items()])
        connection.execute(_COUNT, (changes.hits, changes.misses))
        self._unchecked_bytes += sum(entry.size for entry in changes.entries.values())
        # Not at each write: adding up takes a while in a large cache.
        if self._unchecked_bytes * 50 >= self._max_bytes:
            self._evict(connection, now)
            self._unchecked_bytes = 0

    def _evict(self, connection: sqlite3.Connection, now: float) -> None:
        connection.execute("DELETE FROM entries WHERE expires_at <= ?", (now,))
        total = connection.execute("SELECT coalesce(sum(size), 0) FROM entries").fetchone()[0]
        keys: list[tuple[str]] = []
        oldest = connection.execute("SELECT key, size FROM entries ORDER BY used_at")
        while total > self._max_bytes and (row := oldest.fetchone()):
            keys.append((row[0],))
            total -= row[1]
        oldest.close()
        connection.executemany("DELETE FROM entries WHERE key = ?", keys)

    def _worked(self) -> None:
        if self._rests_until:
            self.problem, self._rests_until = "", 0.0

    def _rests(self, now: float) -> bool:
        # Between two moments, so that a clock that was set back does not make it rest for long.
        return self._rests_until - _RETRY_S <= now < self._rests_until

    def _failed(
        self, error: sqlite3.Error | OSError, file_id: tuple[int, int] | None, now: float
    ) -> None:
        self.problem = f"the cache file {self._path} cannot be used: {error}"
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _BROKEN:
            self._put_aside(file_id, now)
        else:
            self._rests_until = now + _RETRY_S

    def _put_aside(self, file_id: tuple[int, int] | None, now: float) -> None:
        """Renames the damaged file, unless somebody has done so already."""
        if file_id != _file_id(self._path):
            return
        broken = self._path.with_name(f"{self._path.name}.broken-{int(now)}")
        try:
            self._path.replace(broken)
            for suffix in ("-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        except OSError:
            self._rests_until = now + _RETRY_S
        else:
            self.problem = f"the cache file was damaged: it is {broken} now, and a new one is used"

    def _begin(self) -> sqlite3.Connection:
        """A connection to a file that has its tables. While another process turns WAL on, SQLite
        answers "locked" at once instead of waiting."""
        end = time.monotonic() + _WRITE_WAIT_S
        while True:
            connection = self._connect(_WRITE_WAIT_S)
            try:
                if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
                    connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
                    connection.execute("PRAGMA journal_mode=WAL")
                    connection.executescript(_SCHEMA)
            except sqlite3.OperationalError as error:
                connection.close()
                if "locked" not in str(error) or time.monotonic() > end:
                    raise
                time.sleep(0.01)
            else:
                return connection

    def _connect(self, wait_s: float) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=wait_s, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA synchronous=NORMAL")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, _VERSION):
                raise sqlite3.NotSupportedError(f"a newer Burnish wrote it (version {version})")
        except sqlite3.Error:
            connection.close()
            raise
        return connection


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Generator[sqlite3.Connection]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _close(opened: _Open | None) -> None:
    if opened is not None:
        opened.connection.close()


def _file_id(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
