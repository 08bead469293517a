"""Prompts as they were last read, in a file of their own, for a process that begins while the
store is away."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import structs

from burnish.private import make_folder
from burnish.prompts.refs import Reference
from burnish.shapes import decode
from burnish.storage.store import Fetched

FORMAT = 1
MAX_PROMPTS = 1_000
MAX_BYTES = 8 * 1024 * 1024
_MAX_PROMPT_BYTES = 1024 * 1024
_WRITE_AFTER_S = 1.0
# Writing takes this part of the time at most, however much is read.
_SHARE = 0.02


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """What a reference meant when it was read. `found` stays as it is written until somebody
    looks for it."""

    reference: str
    name: str
    revision: int
    read_at: datetime
    found: msgspec.Raw


class File(msgspec.Struct, frozen=True, kw_only=True):
    format: int
    prompts: tuple[Noted, ...]


class _Head(msgspec.Struct, frozen=True):
    format: int


class LastKnown:
    """The file at `path`. It is written a moment after something was read that it does not say,
    by a thread of its own, and put in place at once and whole; what several processes read comes
    together in it. A file that cannot be used is left out, and `warn` is told once; `note`, where
    it cannot be written, as a folder without a right to write may be meant so.

    Safe for threads. It holds the texts of prompts, so nobody but its owner may read it.
    """

    def __init__(
        self,
        path: Path,
        warn: Callable[[str, str], None],
        note: Callable[[str, str], None] | None = None,
        *,
        write_after_s: float = _WRITE_AFTER_S,
    ) -> None:
        self._path = path
        self._warn = warn
        self._tell_quietly = note or warn
        self._write_after_s = write_after_s
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._noted: dict[str, Noted] = {}
        # References, and names with an @ behind them, that mean nothing any more.
        self._gone: set[str] = set()
        self._timer: threading.Timer | None = None
        self._warned = False
        self._closed = False

    def note(self, wanted: Reference, found: Fetched) -> None:
        noted = Noted(
            reference=str(wanted),
            name=found.prompt.name,
            revision=found.version.revision,
            read_at=datetime.now(UTC),
            found=msgspec.Raw(msgspec.json.encode(found)),
        )
        with self._lock:
            self._noted[noted.reference] = noted
            self._later()

    def forget(self, wanted: Reference) -> None:
        """It means nothing any more."""
        self._forget(str(wanted))

    def gone(self, name: str) -> None:
        """Nothing of that name is there any more."""
        self._forget(_all_of(name))

    def find(self, wanted: Reference) -> Fetched | None:
        """What the reference meant, or any other that meant the same revision."""
        before = self._load()
        with self._lock:
            known = _put_together(before, self._noted, self._gone)
        same = known.get(str(wanted))
        if same is not None:
            return self._read(same)
        for each in known.values():
            if (each.name, each.revision) == (wanted.name, wanted.revision):
                found = self._read(each)
                return None if found is None else structs.replace(found, via="revision")
        return None

    def of_use(self) -> Path | None:
        """The file, where it tells of any prompt."""
        return self._path if self._load() else None

    def close(self) -> None:
        """Writes what is not yet written."""
        with self._lock:
            self._closed = True
            if self._timer is not None:
                self._timer.cancel()
        self._write()

    def _forget(self, what: str) -> None:
        with self._lock:
            self._gone.add(what)
            self._noted = {k: v for k, v in self._noted.items() if not _is_gone(v, {what})}
            self._later()

    def _later(self) -> None:
        if self._timer is None and not self._closed:
            self._timer = threading.Timer(self._write_after_s, self._write)
            self._timer.daemon = True
            self._timer.start()

    def _write(self) -> None:
        with self._writing:
            with self._lock:
                self._timer = None
                noted, gone = dict(self._noted), set(self._gone)
            if not (noted or gone):
                return
            began = time.monotonic()
            # Not under the lock: an event loop may be waiting for that.
            before = self._load()
            after = _put_together(before, noted, gone)
            if _facts(before) != _facts(after):
                self._replace(_encoded(after))
            self._write_after_s = max(self._write_after_s, (time.monotonic() - began) / _SHARE)
            with self._lock:
                self._gone -= gone
                self._noted = {k: v for k, v in self._noted.items() if noted.get(k) is not v}

    def _load(self) -> dict[str, Noted]:
        try:
            if self._path.stat().st_size > 2 * MAX_BYTES:
                self._tell(f"{self._path} is larger than it can be, and is left out")
                return {}
            content = self._path.read_bytes()
            if (made := decode(content, _Head).format) == FORMAT:
                return {each.reference: each for each in decode(content, File).prompts}
            self._tell(f"{self._path} has format {made}, not {FORMAT}, and is left out")
        except (FileNotFoundError, NotADirectoryError):
            pass
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            self._tell(f"{self._path} cannot be used, and is left out: {error}")
        return {}

    def _read(self, noted: Noted) -> Fetched | None:
        try:
            return decode(bytes(noted.found), Fetched)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self._tell(f"{self._path} holds no prompt for {noted.reference!r}: {error}")
            return None

    def _replace(self, content: bytes) -> None:
        import tempfile  # takes long, and most commands write nothing

        temporary = ""
        try:
            make_folder(self._path.parent)
            # Made for its owner alone.
            handle, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=".last-known-")
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(temporary).replace(self._path)
        except OSError as error:
            self._tell(
                f"{self._path} cannot be written: {error.strerror or error}", self._tell_quietly
            )
            if temporary:
                Path(temporary).unlink(missing_ok=True)

    def _tell(self, reason: str, tell: Callable[[str, str], None] | None = None) -> None:
        if not self._warned:
            self._warned = True
            (tell or self._warn)("prompts as last known", reason)


def _all_of(name: str) -> str:
    return f"{name}@"


def _is_gone(noted: Noted, gone: set[str]) -> bool:
    return noted.reference in gone or _all_of(noted.name) in gone


def _put_together(
    before: Mapping[str, Noted], noted: Mapping[str, Noted], gone: set[str]
) -> dict[str, Noted]:
    return {k: v for k, v in before.items() if not _is_gone(v, gone)} | dict(noted)


def _facts(noted: Mapping[str, Noted]) -> dict[str, bytes]:
    return {key: bytes(each.found) for key, each in noted.items()}


def _encoded(noted: Mapping[str, Noted]) -> bytes:
    """The newest, as many as fit."""
    kept: list[Noted] = []
    room = MAX_BYTES
    for each in sorted(noted.values(), key=lambda each: each.read_at, reverse=True)[:MAX_PROMPTS]:
        size = len(bytes(each.found)) + len(each.reference) + len(each.name)
        if size <= min(room, _MAX_PROMPT_BYTES):
            kept.append(each)
            room -= size
    return msgspec.json.encode(File(format=FORMAT, prompts=tuple(kept)))
