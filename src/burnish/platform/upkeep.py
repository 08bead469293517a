"""`platform.db`: the database itself, rather than what is in it."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from msgspec import structs

from burnish.errors import UsageError
from burnish.settings import Settings
from burnish.storage.open import revision_of, whole_address
from burnish.storage.store import Store
from burnish.storage.upkeep import Backup, Migrated, Vacuumed

_TIME = r"\d{8}T\d{6}Z(?:-\d+)?"


class AsyncDb:
    """Copies, compacts and upgrades the database. Every method may raise StoreError."""

    def __init__(self, settings: Settings, open_store: Callable[[], Awaitable[Store]]) -> None:
        self._settings = settings
        self._open_store = open_store

    async def migrate(self) -> Migrated:
        """Brings the tables to the newest revision, as whatever opens the database does."""
        url = self._settings.database_url
        before = await revision_of(url)
        await self._open_store()
        after = await revision_of(url)
        return Migrated(before=before, after=after)

    async def backup(self, to: Path | str | None = None, *, keep: int | None = None) -> Backup:
        """A consistent copy while others write. `to` is a new file, or a folder, where the copy
        is named after the database and the time (UTC); without it, `backups` in the data folder.

        `keep` deletes all but the newest so many copies of this database that were named so there.
        Raises Conflict for a file that is there, UsageError for `keep` below 1 or with a file.
        """
        folder, path = await asyncio.to_thread(self._place, to)
        if keep is not None and (keep < 1 or folder is None):
            raise UsageError(
                f"{keep} copies cannot be kept of {folder or path}",
                hint="keep 1 or more, and name a folder that is there, or none",
            )
        made = await (await self._open_store()).upkeep.backup(path)
        if keep is None or folder is None:
            return made
        dropped = await asyncio.to_thread(_drop_older, folder, self._stem(), keep)
        return structs.replace(made, dropped=dropped)

    def _place(self, to: Path | str | None) -> tuple[Path | None, Path]:
        """The folder whose copies are named after the time, if it is one, and the file."""
        if to is None:
            folder = self._settings.home_path / "backups"
            return folder, _free(folder, self._stem())
        given = Path(to).expanduser()
        return (given, _free(given, self._stem())) if given.is_dir() else (None, given)

    def _stem(self) -> str:
        """Tells the copies of several databases in one folder apart without telling an address,
        which may hold a password."""
        address = whole_address(self._settings.database_url)
        return f"burnish-{hashlib.sha256(address.encode()).hexdigest()[:8]}"

    async def vacuum(self) -> Vacuumed:
        """Gives the room of what was deleted back to the disk. Others' writes wait meanwhile, and
        the disk needs room for a second copy."""
        return await (await self._open_store()).upkeep.vacuum()


def _free(folder: Path, stem: str) -> Path:
    name = f"{stem}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    number, path = 1, folder / f"{name}.sqlite"
    while path.exists():
        number += 1
        path = folder / f"{name}-{number}.sqlite"
    return path


def _drop_older(folder: Path, stem: str, keep: int) -> tuple[str, ...]:
    pattern = re.compile(rf"{stem}-{_TIME}\.sqlite")
    named = [path for path in folder.iterdir() if pattern.fullmatch(path.name) and path.is_file()]
    named.sort(key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)
    for path in named[keep:]:
        path.unlink(missing_ok=True)
    return tuple(str(path) for path in named[keep:])
