"""What holds a person's prompts is made for that person alone; what is there keeps its
permissions."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def make_folder(path: Path) -> None:
    """With the folders above it that are missing. Raises OSError."""
    missing = [each for each in (path, *path.parents) if not each.is_dir()]
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)


def make_file(path: Path) -> None:
    """An empty one, where there is nothing, for whoever writes it. Raises OSError."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
