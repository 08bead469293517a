"""What a client says that nobody has to wait for, kept until the server has heard it."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from burnish.private import make_file, make_folder
from burnish.rest.remote import Ask

MOST, MOST_BYTES = 100_000, 64 * 1024 * 1024
_MOST_AT_HAND, _MOST_BYTES_AT_HAND = 1_000, 4 * 1024 * 1024
_TABLE = """
CREATE TABLE IF NOT EXISTS parcels (
    key TEXT PRIMARY KEY, call TEXT NOT NULL, path TEXT NOT NULL, body BLOB NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0
)
"""


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """A request under the key by which the server does it once. Keys grow with time."""

    key: str
    call: str
    path: str
    body: bytes
    tries: int = 0

    @property
    def ask(self) -> Ask:
        return Ask(method="POST", path=self.path, body=self.body)


class Outbox:
    """The oldest comes first. In memory while the server hears; `spill` puts all of it into the
    file at `path`, as does more than some thousand of them, and from there it outlives the process.
    Several processes may use one file. Of more than `most`, or `most_bytes`, the oldest are
    dropped and counted. Without a path, or where the file cannot be used, nothing outlives the
    process. For one thread."""

    def __init__(
        self,
        path: Path | None,
        warn: Callable[[str, str], None],
        *,
        most: int = MOST,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._path = path
        self._warn = warn
        self._most = most
        self._most_bytes = most_bytes
        self._at_hand: deque[Parcel] = deque()
        self._bytes_at_hand = 0
        self._file: sqlite3.Connection | None = None
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._at_hand) + self.spilled

    @property
    def spilled(self) -> int:
        """How many are in the file, of whichever process."""
        if not self._has_file:
            return 0
        return int(self._run("SELECT count(*) FROM parcels")[0][0])

    def add(self, parcel: Parcel) -> None:
        self._at_hand.append(parcel)
        self._bytes_at_hand += len(parcel.body)
        if len(self._at_hand) > _MOST_AT_HAND or self._bytes_at_hand > _MOST_BYTES_AT_HAND:
            self.spill()

    def first(self) -> Parcel | None:
        if self._has_file:
            sql = "SELECT key, call, path, body, tries FROM parcels ORDER BY key LIMIT 1"
            for key, call, path, body, tries in self._run(sql):
                return Parcel(key=key, call=call, path=path, body=body, tries=tries)
        return self._at_hand[0] if self._at_hand else None

    def remove(self, parcel: Parcel) -> None:
        if self._at_hand and self._at_hand[0].key == parcel.key:
            self._at_hand.popleft()
            self._bytes_at_hand -= len(parcel.body)
        elif self._has_file:
            self._run("DELETE FROM parcels WHERE key = ?", parcel.key)

    def refuse(self, parcel: Parcel, why: str) -> None:
        """The server will never take it."""
        self.remove(parcel)
        self.dropped += 1
        self._warn("the server does not take what was said", f"{parcel.call}: {why}")

    def tried(self, parcel: Parcel) -> None:
        """Once more, and the server could not take it."""
        self.spill()
        self._run("UPDATE parcels SET tries = tries + 1 WHERE key = ?", parcel.key)

    def spill(self) -> None:
        """Puts what is in memory into the file."""
        if not self._at_hand:
            return
        rows = [(each.key, each.call, each.path, each.body) for each in self._at_hand]
        file = self._opened()
        try:
            with file:
                file.executemany(
                    "INSERT OR IGNORE INTO parcels (key, call, path, body) VALUES (?, ?, ?, ?)",
                    rows,
                )
                gone = self._make_room(file)
        except sqlite3.Error as error:
            self._give_up_file(error)
            self.spill()
            return
        self._at_hand.clear()
        self._bytes_at_hand = 0
        self._drop(gone)

    def close(self) -> None:
        """What was not sent is in the file; without one it is lost, and told."""
        if self._at_hand and self._path is not None:
            self.spill()
        self._drop(len(self) if self._path is None else 0, "the program ends")
        if self._file is not None:
            self._file.close()
            self._file = None

    @property
    def _has_file(self) -> bool:
        return self._file is not None or (self._path is not None and self._path.exists())

    def _run(self, sql: str, *values: Any) -> list[Any]:
        try:
            return self._opened().execute(sql, values).fetchall()
        except sqlite3.Error as error:
            return self._give_up_file(error).execute(sql, values).fetchall()

    def _opened(self) -> sqlite3.Connection:
        if self._file is None:
            try:
                self._file = self._of_path()
            except (OSError, sqlite3.Error) as error:
                self._file = self._give_up_file(error)
        return self._file

    def _of_path(self) -> sqlite3.Connection:
        if self._path is None:
            return _connected(":memory:")
        make_folder(self._path.parent)
        make_file(self._path)
        return _connected(str(self._path))

    def _give_up_file(self, error: Exception) -> sqlite3.Connection:
        """Memory alone is left."""
        if self._path is None and self._file is not None:
            raise error
        self._warn("the outbox is kept in memory alone", f"{self._path}: {error}")
        self._path = None
        if self._file is not None:
            with suppress(sqlite3.Error):
                self._file.close()
        self._file = _connected(":memory:")
        return self._file

    def _make_room(self, file: sqlite3.Connection) -> int:
        """Drops the oldest of what is too much."""
        sql = "SELECT count(*), coalesce(sum(length(body)), 0) FROM parcels"
        count, size = file.execute(sql).fetchone()
        gone = 0
        while count > self._most or size > self._most_bytes:
            some = max(1, count - self._most, count // 20)
            sql = "SELECT key, length(body) FROM parcels ORDER BY key LIMIT ?"
            oldest = file.execute(sql, (some,)).fetchall()
            file.executemany("DELETE FROM parcels WHERE key = ?", [row[:1] for row in oldest])
            gone += len(oldest)
            count -= len(oldest)
            size -= sum(row[1] for row in oldest)
        return gone

    def _drop(self, count: int, why: str = "too many wait for the server") -> None:
        if count:
            self.dropped += count
            self._warn("what was said to the server is lost", f"{why} ({count})")


def _connected(path: str) -> sqlite3.Connection:
    # Handed from the thread of the loop to the one that closes.
    file = sqlite3.connect(path, timeout=1.0, isolation_level=None, check_same_thread=False)
    file.execute("PRAGMA journal_mode=WAL")
    file.execute("PRAGMA synchronous=NORMAL")
    file.execute(_TABLE)
    return file
