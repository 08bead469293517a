"""What a file format is to those who read and write with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from burnish.prompts.formats.document import PromptFile, Reading
from burnish.prompts.formats.source import Source


class Format(Protocol):
    """`suffixes` are what its files end with, the usual one first; `describes` tells people what
    it is, in one line; `loses` what it cannot hold, a sentence each."""

    @property
    def name(self) -> str: ...

    @property
    def suffixes(self) -> tuple[str, ...]: ...

    @property
    def describes(self) -> str: ...

    @property
    def loses(self) -> tuple[str, ...]: ...

    def claims(self, source: Source) -> bool:
        """Whether a file looks like one of this format. Never raises."""
        ...

    def read(self, source: Source) -> Reading:
        """Raises UsageError, a Fault where the line is known, for a file that is unreadable as a
        whole; what is wrong with one item is one of the reading's problems."""
        ...

    def write(self, prompts: Sequence[PromptFile]) -> dict[str, str]:
        """Texts of files by their names, which may have folders."""
        ...
