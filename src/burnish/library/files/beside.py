"""The folder of a prompt file, for the files that it names."""

from __future__ import annotations

import itertools
import os
import re
from pathlib import Path, PurePosixPath, PureWindowsPath

from burnish.errors import UsageError
from burnish.prompts.formats import MAX_TEXT_BYTES, Fault, read_text

_TEXTS = (
    *(".txt", ".md", ".markdown", ".json", ".jsonl", ".ndjson", ".yaml", ".yml"),
    *(".j2", ".jinja", ".jinja2", ".njk", ".csv", ".tsv"),
)
_MOST = 1000


class Folder:
    """Texts below `root`, named as from the folder of the file `name` in it. What the import
    was not pointed at stays unread: other folders, links out of it, hidden files, and whatever is
    no text. What was read is added to `used`."""

    def __init__(self, root: Path, name: str, used: set[Path]) -> None:
        self._root = root.resolve()
        self._used = used
        self._folder = (self._root / name).parent

    def names(self, path: str) -> list[str]:
        pattern = _relative(path)
        try:
            there = (each for each in self._folder.glob(pattern) if self._is_open(each))
            found = list(itertools.islice(there, _MOST + 1))
        except (ValueError, OSError, NotImplementedError):
            raise Fault(f"{path} is no path") from None
        if not found:
            raise Fault(f"{path} stands for no file that is there")
        if len(found) > _MOST:
            raise Fault(f"{path} stands for more than {_MOST:,} files")
        return sorted(Path(os.path.relpath(each, self._folder)).as_posix() for each in found)

    def read(self, path: str) -> str:
        relative = _relative(path)
        if not relative.lower().endswith(_TEXTS):
            raise Fault(f"{path} is no text file, and is not read")
        found = self._folder / relative
        try:
            inside = found.resolve().is_relative_to(self._root)
            if not inside:
                told = f"{path} is outside the folder that is imported, and is not read"
                raise Fault(f"{told}; import the folder that holds both")
            if not self._is_open(found):
                raise Fault(f"{path} is not there")
            with found.open("rb") as opened:
                content = opened.read(MAX_TEXT_BYTES + 1)
            self._used.add(found.resolve())
        except (OSError, RuntimeError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else ""
            raise Fault(f"{path} cannot be read: {reason or 'it is no path'}") from None
        if len(content) > MAX_TEXT_BYTES:
            raise Fault(f"{path} has more than {MAX_TEXT_BYTES // 1024 // 1024} MiB")
        try:
            return read_text(content, path)
        except UsageError as error:
            raise Fault(f"{path} {error.what}") from None

    def _is_open(self, path: Path) -> bool:
        resolved = path.resolve()
        if not resolved.is_relative_to(self._root) or not resolved.is_file():
            return False
        parts = resolved.relative_to(self._root).parts
        return not any(part.startswith(".") for part in parts)


def _relative(path: str) -> str:
    """Raises Fault for a path that begins elsewhere."""
    bare = path.strip().removeprefix("file://").replace("\\", "/")
    drive = PureWindowsPath(bare).drive or re.match(r"\w{2,}:", bare)
    if not bare or drive or PurePosixPath(bare).is_absolute() or "\0" in bare:
        raise Fault(f"{path[:200]} is no path from this file, and is not read")
    return bare
