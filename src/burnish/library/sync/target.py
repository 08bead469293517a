"""What a sync needs of the other side, be it a folder that people edit or a repository far away."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

from burnish.library.sync.repository import Listing, Repository


class Bad(NamedTuple):
    """A file that cannot be read; without a problem it is taken for no prompt at all."""

    path: str
    problem: str


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """`edits` are blobs by path (empty: gone) of what is in no commit yet, in a dry run;
    `odd` are names that are no text."""

    head: str
    listing: Listing
    edits: Mapping[str, str] = {}
    bad: tuple[Bad, ...] = ()
    odd: tuple[str, ...] = ()


class Target(Protocol):
    """`data` is a folder of ours outside of what people edit."""

    @property
    def repository(self) -> Repository: ...

    @property
    def data(self) -> Path: ...

    def look(self, *, dry_run: bool) -> Seen:
        """What there is now."""
        ...

    def publish(self, old: str, new: str, files: Mapping[str, bytes | None]) -> bool:
        """Makes commits that are ready those of the branch. False where somebody was faster."""
        ...
