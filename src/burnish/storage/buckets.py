"""The port to how much each has asked for lately, where several processes share it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol


class Buckets(Protocol):
    async def move(self, who: str, to: Callable[[float], float]) -> None:
        """When their bucket is full again, in seconds since 1970 (0 where nothing is known),
        becomes what the function makes of it. Nobody comes in between. It may be called more than
        once."""
        ...

    async def full_at(self, who: str) -> float:
        """0 where nothing is known."""
        ...

    async def forget(self, before: datetime) -> int:
        """Those that were full again by then; tells how many."""
        ...
