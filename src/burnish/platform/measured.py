"""What a platform tells those who watch it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from burnish.platform.improving import Improving
from burnish.storage.counters import Counted
from burnish.storage.store import Store

if TYPE_CHECKING:
    from burnish.webhooks import AsyncWebhooks


class Gauges(msgspec.Struct, frozen=True, kw_only=True):
    """How many prompts there are, and the mean rating of those that have one."""

    prompts: int
    rating: float | None


class Counts:
    """Sums that all processes on a store share."""

    def __init__(self, open_store: Callable[[], Awaitable[Store]]) -> None:
        self._open_store = open_store

    async def add(self, amounts: Mapping[Counted, float]) -> None:
        if amounts:
            await (await self._open_store()).counters.add(amounts)

    async def all(self) -> dict[Counted, float]:
        return await (await self._open_store()).counters.all()

    async def gauges(self) -> Gauges:
        prompts, rating = await (await self._open_store()).prompts.totals()
        return Gauges(prompts=prompts, rating=rating)


class Measured(Improving):
    async def close(self) -> None:
        """Writes what is not yet written and ends what the platform started. Calling it twice is
        harmless."""
        if "webhooks" in self.__dict__:
            await self.webhooks.close()
        await super().close()

    @cached_property
    def webhooks(self) -> AsyncWebhooks:
        """Who wants to hear what happens: add, list, test, deliveries and others."""
        from burnish.webhooks import AsyncWebhooks

        return AsyncWebhooks(
            self._open_store,
            self.audit,
            self.keyring,
            self.settings.webhooks.reach,
            who=lambda: self.settings.author_name,
            new_id=self._ids,
            warn=self._live.warn,
        )

    @cached_property
    def counts(self) -> Counts:
        """What was done, added up for whoever watches."""
        return Counts(self._open_store)
