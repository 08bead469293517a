"""How large a git pack file is when all its objects are unpacked, found out before they are.

The format is git's own (gitformat-pack): each object is a header that tells its kind and its size,
then deflated bytes. A delta begins with the sizes of what it starts from and of what comes out.
"""

from __future__ import annotations

import time
import zlib
from tempfile import SpooledTemporaryFile

from burnish.errors import Unavailable, UsageError

_HEAD_BYTES = 12
_BLOCK = 1 << 16
_OFFSET_DELTA, _NAMED_DELTA = 6, 7
_ID_BYTES = 20
# Enough for the two sizes at the beginning of a delta.
_SIZES_BYTES = 40
_MAX_OBJECTS = 100_000


def check_pack_data(file: SpooledTemporaryFile[bytes], most: int, where: str) -> None:
    """Raises UsageError where the objects have more than `most` bytes together, or more of them
    than they say."""
    file.seek(0)
    try:
        total = _Objects(file, most).size()
    except (IndexError, zlib.error):
        raise UsageError(
            f"{where} sent what is no git pack", hint="try again, or name another repository"
        ) from None
    if total > most:
        raise UsageError(
            f"{where} unpacks to more than {most / 1024 / 1024:g} MiB",
            hint="set packs.max_mb higher if you trust it",
        )


class Meter:
    """Counts what comes in. Raises UsageError for more than `most` bytes, Unavailable after the
    moment `until` (of the monotonic clock)."""

    def __init__(self, most: int, until: float, where: str) -> None:
        self._most = most
        self._until = until
        self._where = where
        self._size = 0

    def add(self, size: int) -> None:
        self._size += size
        if self._size > self._most:
            raise UsageError(
                f"{self._where} has more than {self._most / 1024 / 1024:g} MiB",
                hint="set packs.max_mb higher if you trust it",
            )
        if time.monotonic() > self._until:
            raise Unavailable(
                f"{self._where} takes too long", hint="set packs.timeout_s higher, or try again"
            )


class _Objects:
    def __init__(self, file: SpooledTemporaryFile[bytes], most: int) -> None:
        self._file = file
        self._most = most
        self._buffer = b""
        self._at = 0

    def size(self) -> int:
        """Once it is more than the bound, no more is looked at."""
        head = bytes(self._byte() for _ in range(_HEAD_BYTES))
        count = int.from_bytes(head[8:], "big")
        if head[:4] != b"PACK" or count > _MAX_OBJECTS:
            raise IndexError
        total = 0
        for _ in range(count):
            total += self._object(self._most - total)
            if total > self._most:
                break
        return total

    def _object(self, left: int) -> int:
        byte = self._byte()
        kind, size, shift = byte >> 4 & 7, byte & 15, 4
        while byte & 128:
            byte = self._byte()
            size |= (byte & 127) << shift
            shift += 7
        if kind == _OFFSET_DELTA:
            while self._byte() & 128:
                pass
        elif kind == _NAMED_DELTA:
            for _ in range(_ID_BYTES):
                self._byte()
        if size > left:
            return size
        begin = self._inflated(size)
        return size + _result_size(begin) if kind in (_OFFSET_DELTA, _NAMED_DELTA) else size

    def _inflated(self, size: int) -> bytes:
        """The first bytes. Raises IndexError for an object that is larger than it says."""
        inflater = zlib.decompressobj()
        begin, done = b"", 0
        while not inflater.eof:
            if self._at >= len(self._buffer):
                self._fill()
            given = self._buffer[self._at :]
            piece = inflater.decompress(given, _BLOCK)
            rest = inflater.unconsumed_tail or inflater.unused_data
            self._at = len(self._buffer) - len(rest)
            done += len(piece)
            begin = (begin + piece)[:_SIZES_BYTES]
            if done > size:
                raise IndexError
        return begin

    def _byte(self) -> int:
        if self._at >= len(self._buffer):
            self._fill()
        self._at += 1
        return self._buffer[self._at - 1]

    def _fill(self) -> None:
        self._buffer, self._at = self._file.read(_BLOCK), 0
        if not self._buffer:
            raise IndexError


def _result_size(delta: bytes) -> int:
    """The second of the two sizes."""
    at = size = shift = 0
    while delta[at] & 128:
        at += 1
    at += 1
    while True:
        size |= (delta[at] & 127) << shift
        if not delta[at] & 128:
            return size
        at, shift = at + 1, shift + 7
