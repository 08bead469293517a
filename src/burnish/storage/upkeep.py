"""What a store can do for itself: be copied while it is written to, and give room back."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import msgspec


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """A copy of the whole store as it was at one moment. `revision` is that of its tables."""

    path: str
    size_bytes: int
    revision: str
    dropped: tuple[str, ...] = ()
    """Older copies that were deleted for it."""


class Vacuumed(msgspec.Struct, frozen=True, kw_only=True):
    before_bytes: int
    after_bytes: int


class Migrated(msgspec.Struct, frozen=True, kw_only=True):
    """Revisions of the tables. `before` is empty for a store that was new."""

    before: str
    after: str


class Upkeep(Protocol):
    async def backup(self, to: Path) -> Backup:
        """Copies the store into a new file; others may write meanwhile, and are not waited for.

        The file appears when it is complete and checked. Raises Conflict when there is one of
        that name, StoreError when it cannot be written.
        """
        ...

    async def vacuum(self) -> Vacuumed:
        """Gives the room of what was deleted back to the disk. Writers wait meanwhile."""
        ...
