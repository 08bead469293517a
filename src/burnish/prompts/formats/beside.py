"""Files that a file names: read where somebody opened its folder, and from nowhere else."""

from __future__ import annotations

from typing import Protocol

from burnish.prompts.formats.document import Fault


class Beside(Protocol):
    """The folder of a file."""

    def names(self, path: str) -> list[str]:
        """The files that a path with `*` stands for, in their order. Raises Fault for none."""
        ...

    def read(self, path: str) -> str:
        """The text of a file, its path as the file that names it writes it. Raises Fault."""
        ...


class NoFiles:
    """Of a text that is in no folder."""

    def names(self, path: str) -> list[str]:
        raise _unread(path)

    def read(self, path: str) -> str:
        raise _unread(path)


def _unread(path: str) -> Fault:
    return Fault(f"{path} is another file or place, which is not read; put its text here")
