"""What a platform tells those who watch it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from burnish.platform.improving import Improving
from burnish.storage.counters import Counted


class Gauges(msgspec.Struct, frozen=True, kw_only=True):
    """How many prompts there are, and the mean rating of those that have one."""

    prompts: int
    rating: float | None


class Measured(Improving):
    async def count(self, amounts: Mapping[Counted, float]) -> None:
        """Adds to sums that all processes on this store share."""
        if amounts:
            await (await self._open_store()).counters.add(amounts)

    async def counted(self) -> dict[Counted, float]:
        return await (await self._open_store()).counters.all()

    async def gauges(self) -> Gauges:
        prompts, rating = await (await self._open_store()).prompts.totals()
        return Gauges(prompts=prompts, rating=rating)
