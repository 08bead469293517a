"""Whether a database file may be made where none is: a disk that is not mounted looks the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from burnish.errors import StoreError


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """`home` is the data folder, the only one that is made when it is missing. `known` gives the
    file that tells of prompts which were read from the store before, if there is one."""

    home: Path
    known: Callable[[], Path | None]


def check_place(path: Path, place: Place) -> None:
    """Raises StoreError for a file in a folder that is not there, and for one that is gone."""
    try:
        folder, file = path.parent.exists(), path.exists()
    except OSError:
        # Not to be looked at: opening it says why.
        return
    if not folder and not path.absolute().is_relative_to(place.home.absolute()):
        raise StoreError(
            f"there is no folder {path.parent} for the database {path.name}",
            hint="make it, or mount the disk that it is on",
            subject=str(path),
        )
    if not file and (known := place.known()) is not None:
        raise StoreError(
            f"the database {path} is gone: prompts were read from it before",
            hint=f"put it back, or mount its disk; to begin with an empty library, delete {known}",
            subject=str(path),
        )


def identity(path: Path) -> tuple[int, int] | None:
    """Which file stands at the path now; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
