"""Experiments as they were last read, in a file of their own, for a process that begins while the
store is away."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from burnish.private import make_folder
from burnish.shapes import decode
from burnish.storage.experiment import Experiment

FORMAT = 1
MAX_BYTES = 4 * 1024 * 1024
_MOST_PROMPTS = 1_000


class _File(msgspec.Struct, frozen=True, kw_only=True):
    format: int
    prompts: dict[str, tuple[Experiment, ...]]


class Remembered:
    """The file at `path`; there is none before there is an experiment. It is written at once where
    it would say something else, and put in place whole. A file that cannot be used is left out, and
    `note` is told once. Safe for threads."""

    def __init__(self, path: Path, note: Callable[[str, str], None]) -> None:
        self._path = path
        self._note = note
        self._lock = threading.Lock()
        self._told = False

    def find(self, prompt: str) -> tuple[Experiment, ...] | None:
        """None where nothing is known."""
        return self._load().get(prompt)

    def note(self, prompt: str, found: Sequence[Experiment]) -> None:
        """What there is now."""
        live = tuple(found)
        with self._lock:
            known = self._load()
            if known.pop(prompt, ()) != live:
                kept = {prompt: live} if live else {}
                kept |= dict(list(known.items())[: _MOST_PROMPTS - 1])
                self._replace(msgspec.json.encode(_File(format=FORMAT, prompts=kept)))

    def _load(self) -> dict[str, tuple[Experiment, ...]]:
        try:
            if self._path.stat().st_size > MAX_BYTES:
                self._tell(f"{self._path} is larger than it can be, and is left out")
                return {}
            file = decode(self._path.read_bytes(), _File)
            if file.format == FORMAT:
                return file.prompts
            self._tell(f"{self._path} has format {file.format}, not {FORMAT}, and is left out")
        except (FileNotFoundError, NotADirectoryError):
            pass
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            self._tell(f"{self._path} cannot be used, and is left out: {error}")
        return {}

    def _replace(self, content: bytes) -> None:
        import tempfile  # takes long, and most processes write nothing

        if len(content) > MAX_BYTES:
            self._tell(f"the experiments are more than {self._path} can hold")
            return
        temporary = ""
        try:
            make_folder(self._path.parent)
            handle, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=".experiments-")
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(temporary).replace(self._path)
        except OSError as error:
            self._tell(f"{self._path} cannot be written: {error.strerror or error}")
            if temporary:
                Path(temporary).unlink(missing_ok=True)

    def _tell(self, reason: str) -> None:
        if not self._told:
            self._told = True
            self._note("experiments as last known", reason)
