"""Prompts as they were last read, in a file of their own, for a process that begins while the
store is away."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import structs

from burnish.prompts.refs import Reference
from burnish.shapes import decode
from burnish.storage.store import Fetched

FORMAT = 1
MAX_PROMPTS = 1_000
MAX_BYTES = 8 * 1024 * 1024
_MAX_PROMPT_BYTES = 1024 * 1024
_WRITE_AFTER_S = 1.0


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """What a reference meant when it was read."""

    reference: str
    read_at: datetime
    found: Fetched


class File(msgspec.Struct, frozen=True, kw_only=True):
    format: int
    prompts: tuple[Noted, ...]


class _Head(msgspec.Struct, frozen=True):
    format: int


class LastKnown:
    """The file at `path`. It is written a moment after something was read that it does not say,
    by a thread of its own, and put in place at once and whole; what several processes read comes
    together in it. A file that cannot be used is left out, and `warn` is told once.

    Safe for threads. It holds the texts of prompts, so nobody but its owner may read it.
    """

    def __init__(
        self,
        path: Path,
        warn: Callable[[str, str], None],
        *,
        write_after_s: float = _WRITE_AFTER_S,
    ) -> None:
        self._path = path
        self._warn = warn
        self._write_after_s = write_after_s
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._noted: dict[str, Noted] = {}
        self._forgotten: set[str] = set()
        self._gone: set[str] = set()
        self._timer: threading.Timer | None = None
        self._warned = False
        self._closed = False

    def note(self, wanted: Reference, found: Fetched) -> None:
        noted = Noted(reference=str(wanted), read_at=datetime.now(UTC), found=found)
        with self._lock:
            self._noted[noted.reference] = noted
            self._later()

    def forget(self, wanted: Reference) -> None:
        with self._lock:
            self._noted.pop(str(wanted), None)
            self._forgotten.add(str(wanted))
            self._later()

    def gone(self, name: str) -> None:
        """Nothing of that name is there any more."""
        with self._lock:
            for key in [key for key, each in self._noted.items() if _name(each) == name]:
                del self._noted[key]
            self._gone.add(name)
            self._later()

    def find(self, wanted: Reference) -> Fetched | None:
        """What the reference meant, or any other that meant the same revision."""
        with self._lock:
            known = self._put_together(self._load())
        same = known.get(str(wanted))
        if same is not None or wanted.revision is None:
            return None if same is None else same.found
        for each in known.values():
            if (_name(each), each.found.version.revision) == (wanted.name, wanted.revision):
                return structs.replace(each.found, via="revision")
        return None

    def close(self) -> None:
        """Writes what is not yet written."""
        with self._lock:
            self._closed = True
            if self._timer is not None:
                self._timer.cancel()
        self._write()

    def _later(self) -> None:
        if self._timer is None and not self._closed:
            self._timer = threading.Timer(self._write_after_s, self._write)
            self._timer.daemon = True
            self._timer.start()

    def _write(self) -> None:
        with self._writing:
            with self._lock:
                self._timer = None
                if not (self._noted or self._forgotten or self._gone):
                    return
                before = self._load()
                after = self._put_together(before)
                self._noted.clear()
                self._forgotten.clear()
                self._gone.clear()
            if _facts(before) != _facts(after):
                self._replace(_bounded(after.values()))

    def _put_together(self, before: dict[str, Noted]) -> dict[str, Noted]:
        left = {
            key: each
            for key, each in before.items()
            if key not in self._forgotten and _name(each) not in self._gone
        }
        return left | self._noted

    def _load(self) -> dict[str, Noted]:
        try:
            if self._path.stat().st_size > 2 * MAX_BYTES:
                self._tell(f"{self._path} is larger than it can be, and is left out")
                return {}
            content = self._path.read_bytes()
            if (made := decode(content, _Head).format) == FORMAT:
                return {each.reference: each for each in decode(content, File).prompts}
            self._tell(f"{self._path} has format {made}, not {FORMAT}, and is left out")
        except FileNotFoundError:
            pass
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            self._tell(f"{self._path} cannot be used, and is left out: {error}")
        return {}

    def _replace(self, content: bytes) -> None:
        import tempfile  # takes long, and most commands write nothing

        temporary = ""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # Made for its owner alone.
            handle, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=".last-known-")
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(temporary).replace(self._path)
        except OSError as error:
            self._tell(f"{self._path} cannot be written: {error.strerror or error}")
            if temporary:
                Path(temporary).unlink(missing_ok=True)

    def _tell(self, reason: str) -> None:
        if not self._warned:
            self._warned = True
            self._warn("last known prompts", reason)


def _name(noted: Noted) -> str:
    return noted.found.prompt.name


def _facts(noted: dict[str, Noted]) -> dict[str, Fetched]:
    return {key: each.found for key, each in noted.items()}


def _bounded(noted: Iterable[Noted]) -> bytes:
    """The newest, as many as fit."""
    kept: list[msgspec.Raw] = []
    room = MAX_BYTES
    for each in sorted(noted, key=lambda each: each.read_at, reverse=True)[:MAX_PROMPTS]:
        encoded = msgspec.json.encode(each)
        if len(encoded) <= min(room, _MAX_PROMPT_BYTES):
            kept.append(msgspec.Raw(encoded))
            room -= len(encoded)
    return msgspec.json.encode({"format": FORMAT, "prompts": kept})
