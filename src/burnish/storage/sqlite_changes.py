"""Changes of prompts in a SQLite file, seen by looking.

A thread of its own looks, so that no event loop waits for the file, and a loop that is busy delays
nothing. A look is one pragma, which takes no lock and some microseconds; only where somebody has
written since does it read what was noted.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from burnish.shapes import convert
from burnish.storage.changes import Changed, Listener
from burnish.storage.place import identity

LOOK_EVERY_S = 0.25
_BUSY_S = 1.0
_NEWS = "SELECT seq, name, kind, label FROM prompt_changes WHERE seq > ? ORDER BY seq"


class FileChanges:
    """`Changes` of the file at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self._starting = threading.Lock()
        self._wake = threading.Event()
        self._end = threading.Event()
        self._thread: threading.Thread | None = None
        # Of the event loop's own thread.
        self._stamped: _Look | None = None
        # A process that was forked has no thread that looks.
        self._teller = 0

    @property
    def is_told(self) -> bool:
        return self._teller == os.getpid()

    async def follow(self, listener: Listener) -> bool:
        return self.is_told or await asyncio.to_thread(self._start, listener)

    def wake(self) -> None:
        self._wake.set()

    def stamp(self) -> int | None:
        if not self.is_told:
            return None
        try:
            if self._stamped is None:
                self._stamped = _Look(self._path)
            return self._stamped.version()
        except sqlite3.Error:
            return None

    async def close(self) -> None:
        if self._stamped is not None:
            self._stamped.close()
            self._stamped = None
        self._end.set()
        self._wake.set()
        told, self._teller = self.is_told, 0
        if self._thread is not None and told:
            # It waits for nothing now; at most it is in the middle of a look.
            self._thread.join()

    def _start(self, listener: Listener) -> bool:
        with self._starting:
            if self.is_told or self._end.is_set():
                return self.is_told
            try:
                look = _Look(self._path)
            except sqlite3.Error:
                return False
            self._teller = os.getpid()
            self._thread = threading.Thread(
                target=self._run, args=(look, listener), name="burnish-changes", daemon=True
            )
            self._thread.start()
            return True

    def _run(self, look: _Look, listener: Listener) -> None:
        with closing(look):
            try:
                while not self._rested(listener):
                    changes = look.again()
                    if changes is None or changes:
                        listener.hear(changes)
            except sqlite3.Error:
                # Whoever reads next begins anew.
                self._teller = 0
                listener.lose()

    def _rested(self, listener: Listener) -> bool:
        """After a while, or when there is something to look for. True at the end."""
        self._wake.clear()
        if not listener.listens and not self._end.is_set():
            self._wake.wait()
        return self._end.wait(LOOK_EVERY_S)


class _Look:
    """A connection of its own: another one's writes are what it sees."""

    def __init__(self, path: Path) -> None:
        # Never made anew: a file that is gone is an error here.
        self._path = path
        self._file = identity(path)
        self._connection = sqlite3.connect(
            f"{path.as_uri()}?mode=rw",
            uri=True,
            timeout=_BUSY_S,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            # In this order: what is written in between is seen twice rather than never.
            self._version = self._ask("PRAGMA data_version")
            self._seen = self._newest()
        except sqlite3.Error:
            self.close()
            raise

    def version(self) -> int:
        return self._ask("PRAGMA data_version")

    def again(self) -> Sequence[Changed] | None:
        """What happened since the last look; None where that is not known any more. Raises
        OperationalError where the file is not the one that was opened."""
        if identity(self._path) != self._file:
            raise sqlite3.OperationalError(f"{self._path} was moved away")
        version = self._ask("PRAGMA data_version")
        if version == self._version:
            return ()
        rows = self._connection.execute(_NEWS, (self._seen,)).fetchall()
        before, self._version = self._seen, version
        self._seen = rows[-1][0] if rows else self._newest()
        # Older rows than those that are kept, or a file that was put back.
        if self._seen < before or (rows and rows[0][0] > before + 1):
            return None
        try:
            return [
                convert({"name": name, "kind": kind, "label": label}, Changed)
                for _, name, kind, label in rows
            ]
        except msgspec.ValidationError:
            # A newer Burnish writes to the file meanwhile.
            return None

    def close(self) -> None:
        self._connection.close()

    def _newest(self) -> int:
        return self._ask("SELECT coalesce(max(seq), 0) FROM prompt_changes")

    def _ask(self, query: str) -> int:
        return int(self._connection.execute(query).fetchone()[0])
