"""`burnish.open()` and `burnish.open_async()`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from burnish._sync import LoopThread
from burnish.platform import AsyncPlatform
from burnish.settings import load
from burnish.sync_platform import Platform


def open(  # noqa: A001 - reads as burnish.open()
    home: str = "", *, plugins: Sequence[object] = (), **settings: Any
) -> Platform:
    """The platform for scripts, notebooks and anything that does not await.

    `home` is the data folder. Further settings by their dotted key with `__` for the dot, such as
    `render__time_s=1.0`; they win over environment and file. Raises SettingsError.
    """
    return Platform(open_async(home, plugins=plugins, **settings), LoopThread())


def open_async(home: str = "", *, plugins: Sequence[object] = (), **settings: Any) -> AsyncPlatform:
    """The same platform for async code: `async with burnish.open_async() as p: …`."""
    flags = {key.replace("__", "."): value for key, value in settings.items()}
    if home:
        flags["home"] = str(home)
    return AsyncPlatform(load(flags), plugins)
