"""Examples on their way in, held in a file of their own until all of them are read.

So the memory that reading takes does not grow with their number, repeated ids are found however
far apart they stand, and nothing is stored before the last row is known to be good.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Generator, Iterator, Sequence
from contextlib import contextmanager

from burnish.errors import StoreError
from burnish.evals.datasets.fields import Read
from burnish.prompts.formats.document import Fault
from burnish.storage.datasets import Packed, pack, unpack
from burnish.storage.example import Example

_ROWS = 500
_BYTES = 4 * 1024 * 1024
_SCHEMA = """
PRAGMA journal_mode=OFF;
PRAGMA synchronous=OFF;
PRAGMA cache_size=-16384;
CREATE TABLE staged (
  position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, key BLOB NOT NULL UNIQUE,
  split TEXT NOT NULL, digest TEXT NOT NULL, body TEXT NOT NULL, size INTEGER NOT NULL,
  place TEXT NOT NULL
);
"""
# Places of rows begin at 1.
_BEFORE_ALL = -(2**62)
_ADD = "INSERT OR IGNORE INTO staged VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)"


class Staging:
    """An `Incoming`. Close it when done; its file is gone with it, or with the process."""

    def __init__(self) -> None:
        self.count = 0
        self.repeats = 0
        self._first = _BEFORE_ALL
        with _plain_errors():
            # The empty name is a temporary file that SQLite keeps for itself.
            self._file = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            self._file.executescript(_SCHEMA)
            # What is never committed costs no look at the disk for each row.
            self._file.execute("BEGIN")

    def close(self) -> None:
        self._file.close()

    def take(self, read: Read, place: str) -> None:
        """An exact repeat is counted and left out. Raises Fault where an id came before with
        something else."""
        packed = pack(read.example)
        key = bytes.fromhex(read.key)[:16]
        with _plain_errors():
            row = (packed.id, key, *packed[1:], len(packed.body), place)
            if self._file.execute(_ADD, row).rowcount:
                self.count += 1
                return
            held = self._file.execute(
                "SELECT key, split, digest, place FROM staged WHERE id = ?", (packed.id,)
            ).fetchone()
        if held is not None:
            same = (held[1], held[2]) == (packed.split, packed.digest)
            if held[0] != key or (read.named and not same):
                raise Fault(
                    f"has the id {packed.id!r}, as {held[3]} has, which says something else"
                )
        self.repeats += 1

    def packs(self) -> Iterator[list[Packed]]:
        """All of them in their order, some at a time."""
        after = _BEFORE_ALL
        while True:
            with _plain_errors():
                after, batch = self._after(after)
            if not batch:
                return
            yield batch

    async def batches(self) -> AsyncIterator[list[Packed]]:
        packs = self.packs()
        while batch := await asyncio.to_thread(next, packs, None):
            yield batch

    async def put_first(self, ids: Sequence[str]) -> None:
        """Before all others, in this order; ids that come later come behind these."""
        await asyncio.to_thread(self._put_first, ids)

    async def lacking(self, ids: Sequence[str]) -> list[str]:
        return await asyncio.to_thread(self._lacking, ids)

    async def held(self, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        """The split and the digest of those of the ids that are there."""
        return await asyncio.to_thread(self._held, ids)

    def _after(self, after: int) -> tuple[int, list[Packed]]:
        query = (
            "SELECT position, size, id, split, digest, body FROM staged WHERE position > ? "
            "ORDER BY position LIMIT ?"
        )
        batch: list[Packed] = []
        size = 0
        for position, length, *rest in self._file.execute(query, (after, _ROWS)):
            batch.append(Packed(*rest))
            after, size = position, size + length
            if size > _BYTES:
                break
        return after, batch

    def _put_first(self, ids: Sequence[str]) -> None:
        with _plain_errors():
            for each in ids:
                self._first += 1
                moved = "UPDATE staged SET position = ? WHERE id = ?"
                self._file.execute(moved, (self._first, each))

    def _lacking(self, ids: Sequence[str]) -> list[str]:
        marks = ",".join("?" * len(ids))
        with _plain_errors():
            query = f"SELECT id FROM staged WHERE id IN ({marks})"  # noqa: S608 - marks alone
            held = {row[0] for row in self._file.execute(query, ids)}
        return [each for each in ids if each not in held]

    def _held(self, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        marks = ",".join("?" * len(ids))
        with _plain_errors():
            query = f"SELECT id, split, digest FROM staged WHERE id IN ({marks})"  # noqa: S608 - marks alone
            return {row[0]: (row[1], row[2]) for row in self._file.execute(query, ids)}


def unpacked(packed: Packed) -> Example:
    return unpack(packed.id, packed.split, packed.body)


@contextmanager
def _plain_errors() -> Generator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(
            f"the rows cannot be held in a temporary file: {error}",
            hint="free some space, or set SQLITE_TMPDIR to a folder that has it",
        ) from error
