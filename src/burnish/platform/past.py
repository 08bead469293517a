"""What is known of calls before they are made: prices, and how long answers were so far."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from burnish.models.model import Usage
    from burnish.platform.live import Live
    from burnish.storage.store import Store

_LAST = 20


class Past:
    def __init__(self, live: Live, open_store: Callable[[], Awaitable[Store]]) -> None:
        self._live = live
        self._open_store = open_store

    def price(self, model: str, usage: Usage) -> float | None:
        """In US dollars, None where it is not known. What runs on this machine costs nothing."""
        provider, name = self._live.registry.parse(model)
        if self._live.registry.preset(provider).local:
            return 0.0
        return self._live.prices.cost_usd(provider, name, usage)

    async def usual_tokens(self, version_id: str, model: str) -> float | None:
        """How long the version's answers by the model, or by any, were so far, in tokens."""
        from burnish.storage.run import RunFilter

        store = await self._open_store()
        where = RunFilter(version_id=version_id, model=model or None, failed=False, cached=False)
        runs = await store.runs.page(where, _LAST)
        return sum(run.output_tokens for run in runs) / len(runs) if runs else None
