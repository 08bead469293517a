"""What was the same on both sides when they were synced last: one small file for each store,
beside the repository's own data. Without it the versions and commits themselves tell."""

from __future__ import annotations

import os
import stat
from datetime import datetime
from pathlib import Path

import msgspec

from burnish import shapes


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One prompt and its file. `since` is the commit up to which git's changes are in the
    library, where that is not the state's own `head`."""

    prompt_id: str
    name: str
    path: str
    blob: str
    version_id: str
    revision: int
    updated_at: datetime
    since: str = ""


class State(msgspec.Struct, frozen=True, kw_only=True):
    schema: int = 1
    head: str = ""
    entries: tuple[Entry, ...] = ()


def load_state(path: Path) -> State:
    """Empty where there is none, or none that can be read: it can be found out again."""
    try:
        state = shapes.decode(path.read_bytes(), State)
    except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
        return State()
    return state if state.schema == 1 else State()


def save_state(path: Path, state: State) -> None:
    write_whole(path, msgspec.json.encode(state))


def write_whole(path: Path, data: bytes) -> None:
    """All of it or nothing, whenever the process ends. Never through a link."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name[:100]}.{os.getpid()}.tmp")
    fresh.unlink(missing_ok=True)
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(fresh, flags, 0o666), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            fresh.chmod(stat.S_IMODE(path.stat().st_mode))
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
