"""The files of a folder that can be knowledge, and those left out with the reason."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec

from burnish.errors import NotFound, UsageError
from burnish.library.knowledge.extract import KINDS
from burnish.library.knowledge.values import LeftOut


class FoundFile(msgspec.Struct, frozen=True):
    name: str
    path: Path


class Files(msgspec.Struct, frozen=True):
    files: tuple[FoundFile, ...]
    left_out: tuple[LeftOut, ...] = ()


def find_files(path: Path, name: str, most: int) -> Files:
    """One file, or those of a folder and its folders by name, named `name/…` or after the folder.

    Hidden files and folders are passed over. Raises NotFound where there is nothing, UsageError
    for a folder with more than `most` files.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        raise NotFound(
            f"there is no file or folder {path}", hint="check the path", subject=str(path)
        ) from None
    if not stat.S_ISDIR(mode):
        return Files((FoundFile(name or path.name, path),))
    root = path.resolve()
    prefix = name.rstrip("/") or root.name
    files: list[FoundFile] = []
    left_out: list[LeftOut] = []
    for each in _walk(root):
        inner = f"{prefix}/{each.relative_to(root).as_posix()}"
        reason = _unfit(root, each)
        if reason:
            left_out.append(LeftOut(name=shown(inner), reason=shown(reason)))
        else:
            files.append(FoundFile(inner, each))
        if len(files) > most:
            raise UsageError(
                f"{path} has more than {most:,} files",
                hint="add its folders one by one, or raise knowledge.max_files",
                subject=str(path),
            )
    return Files(tuple(files), tuple(left_out))


def read_bytes(path: Path, most: int) -> bytes:
    """Raises UsageError for a file that cannot be read or is larger."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UsageError("it is no regular file", hint="name a file")
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise UsageError(
            f"it cannot be read: {error.strerror}", hint="check its permissions"
        ) from None
    if len(content) > most:
        raise UsageError(
            f"it has more than {most >> 20} MiB", hint="split it, or raise knowledge.max_file_mb"
        )
    return content


def _walk(root: Path) -> Iterator[Path]:
    """Links to folders come as they are: what they lead to may be outside, or the folder itself."""
    for folder, inner, names in os.walk(root):
        inner.sort()
        inner[:] = [each for each in inner if not each.startswith(".")]
        links = [each for each in inner if Path(folder, each).is_symlink()]
        for each in sorted([*names, *links]):
            if not each.startswith("."):
                yield Path(folder, each)


def _unfit(root: Path, path: Path) -> str:
    try:
        if path.is_symlink() and path.is_dir():
            return "a link to a folder"
        if path.is_symlink() and not path.resolve().is_relative_to(root):
            return "a link that leads out of the folder"
        if not path.is_file():
            return "no regular file"
    except (OSError, RuntimeError) as error:
        return f"it cannot be looked at: {error}"
    if path.suffix.lower() not in KINDS:
        return f"no known kind of text ({path.suffix})" if path.suffix else "a name without ending"
    return ""


def shown(name: str) -> str:
    """Without the bytes of a file's name that are no text."""
    return name.encode("utf-8", "replace").decode()
