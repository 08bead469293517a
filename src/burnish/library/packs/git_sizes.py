"""How large an object of a repository on this machine is, read from headers alone.

A delta is made from another object, which is unpacked as well, so the largest of them counts.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any, BinaryIO

_OFFSET_DELTA, _NAMED_DELTA = 6, 7
_HEAD_BYTES = 512
# Longer chains of deltas than git makes.
_MAX_CHAIN = 4096


def unpacked_size(store: Any, name: str) -> int:
    """Of an object in the repository's own files; 0 for one that is not there."""
    for each in (store, *getattr(store, "alternates", ())):
        folder = getattr(each, "path", None)
        if folder is None:
            continue
        loose = Path(folder) / name[:2] / name[2:]
        if loose.is_file():
            return _loose(loose)
        for pack in each.packs:
            try:
                offset = pack.index.object_offset(name.encode())
            except KeyError:
                continue
            with Path(pack.data.path).open("rb") as file:
                return _packed(file, offset)
    return 0


def _loose(path: Path) -> int:
    with path.open("rb") as file:
        head = zlib.decompressobj().decompress(file.read(_HEAD_BYTES), 64)
    size = head.partition(b"\0")[0].partition(b" ")[2]
    return int(size) if size.isdigit() else 0


def _packed(file: BinaryIO, offset: int) -> int:
    largest = 0
    for _ in range(_MAX_CHAIN):
        file.seek(offset)
        head = file.read(_HEAD_BYTES)
        size, kind, at = head[0] & 15, head[0] >> 4 & 7, 1
        if head[0] & 128:
            more, at = _number(head, 1)
            size |= more << 4
        largest = max(largest, size)
        if kind not in (_OFFSET_DELTA, _NAMED_DELTA):
            break
        back, at = _distance(head, at) if kind == _OFFSET_DELTA else (0, at + 20)
        sizes = zlib.decompressobj().decompress(head[at:], 40)
        base, end = _number(sizes, 0)
        largest = max(largest, base, _number(sizes, end)[0])
        if not back:
            break
        offset -= back
    return largest


def _number(data: bytes, at: int) -> tuple[int, int]:
    found = shift = 0
    while True:
        found |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if not data[at - 1] & 128:
            return found, at


def _distance(data: bytes, at: int) -> tuple[int, int]:
    found = data[at] & 127
    while data[at] & 128:
        at += 1
        found = (found + 1) << 7 | (data[at] & 127)
    return found, at + 1
