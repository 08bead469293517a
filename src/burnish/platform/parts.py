"""What all sides of a platform share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from burnish.plugins import Plugins
from burnish.settings import Settings, VendorEnvironment
from burnish.storage.ids import Ids
from burnish.telemetry.logs import Log

if TYPE_CHECKING:
    from burnish.storage.store import Store


@dataclass(frozen=True, kw_only=True)
class Parts:
    settings: Settings
    vendor: VendorEnvironment
    plugins: Plugins
    ids: Ids
    log: Log
    open_store: Callable[[], Awaitable[Store]]
