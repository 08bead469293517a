"""One sync of a repository and a store at a time."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from burnish.errors import Conflict

_WAIT_S = 20.0
_STEP_S = 0.1


@contextmanager
def locked(path: Path, wait_s: float = _WAIT_S) -> Generator[None]:
    """The system lets go of it when the process ends, however it does. Raises Conflict."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        until = time.monotonic() + wait_s
        while not _taken(file):
            if time.monotonic() > until:
                raise Conflict(
                    "another sync of this repository is still at work",
                    hint="wait for it to end, then sync again",
                )
            time.sleep(_STEP_S)
        yield


def _taken(file: BinaryIO) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
