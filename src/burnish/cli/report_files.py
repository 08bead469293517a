"""Reports as files, for every command that writes some."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from burnish.cli.common import note
from burnish.errors import UsageError


def check_files(files: Sequence[Path], endings: Sequence[str]) -> None:
    """Before anything is paid for."""
    for path in files:
        if path.suffix.lower() not in endings:
            raise UsageError(f"{path} has no ending of a report", hint=f"use {', '.join(endings)}")
        if not path.parent.is_dir():
            raise UsageError(f"there is no folder {path.parent}", hint="make it first")


def write_file(path: Path, content: bytes, hint: str) -> None:
    """And says so to who looks. `hint` says what to do where it cannot be written."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}", hint=hint, subject=str(path)
        ) from None
    note(f"wrote {path}")
