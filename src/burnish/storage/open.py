"""From a database address to a store. Adapters are imported by name, when they are needed."""

from __future__ import annotations

import asyncio
from pathlib import Path

from burnish.errors import SettingsError
from burnish.storage.keeping import Keeping
from burnish.storage.place import Place, check_place
from burnish.storage.store import Store


async def open_store(url: str, place: Place, keeping: Keeping | None = None) -> Store:
    """Raises SettingsError for an address that no adapter serves, StoreError when it fails."""
    path = _sqlite_path(url)
    await asyncio.to_thread(check_place, path, place)
    from burnish.storage.sqlite import open_sqlite

    return await open_sqlite(path, keeping)


async def revision_of(url: str) -> str:
    """Of the tables there; empty where there are none. Raises as `open_store` does."""
    path = _sqlite_path(url)
    from burnish.storage.sqlite import revision_at

    return await asyncio.to_thread(revision_at, path)


def whole_address(url: str) -> str:
    """The address, which means the same in any working folder."""
    scheme, _, rest = url.partition("://")
    if not scheme.startswith("sqlite") or not rest.startswith("/"):
        return url
    path = Path(rest[1:])
    try:
        return f"{scheme}:///{path if path.is_absolute() else path.absolute()}"
    except FileNotFoundError:  # the working folder is gone, and a file in it with it
        return url


def _sqlite_path(url: str) -> Path:
    scheme, _, rest = url.partition("://")
    if scheme.split("+")[0] != "sqlite" or not rest.startswith("/"):
        raise SettingsError(
            f"no store is known for {scheme or url!r}",
            hint="use sqlite:///path/to/burnish.sqlite",
            subject="storage.database_url",
        )
    if not rest[1:].strip("/") or rest[1:].startswith(":"):
        raise SettingsError(
            f"{url!r} names no file; a store in memory would be gone with the command",
            hint="use sqlite:///path/to/burnish.sqlite",
            subject="storage.database_url",
        )
    # sqlite:///relative and sqlite:////absolute, as SQLAlchemy reads them.
    return Path(rest[1:]).expanduser()
