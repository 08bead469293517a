"""The live side of a platform: models, their calls, and the runs that record them."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING

from burnish.platform.parts import Parts
from burnish.platform.redacting import sent_kinds, stored_kinds

if TYPE_CHECKING:
    from burnish.models.budget import Budget
    from burnish.models.call import Caller
    from burnish.models.catalogue import AsyncModels
    from burnish.models.prices import Prices
    from burnish.models.registry import Registry
    from burnish.storage.cache import ResponseCache
    from burnish.storage.recorder import Recorder
    from burnish.storage.run import Run
    from burnish.storage.store import Store

_LOGGER = logging.getLogger("burnish")


class Live:
    """Built piece by piece when first used: who never asks a model never loads what does."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._settings = parts.settings
        self._recorder: Recorder[Run] | None = None
        self._opening = asyncio.Lock()

    @cached_property
    def registry(self) -> Registry:
        from burnish.models.registry import Registry

        return Registry(
            self._parts.plugins.collect("models"),
            self._settings.models,
            self._parts.vendor,
            self._settings.base_path / "models",
            self._settings.local,
        )

    @cached_property
    def prices(self) -> Prices:
        from burnish.models.prices import Prices

        return Prices()

    @cached_property
    def models(self) -> AsyncModels:
        from burnish.models.catalogue import AsyncModels

        return AsyncModels(self.registry, self._settings.base_path / "models", self.prices)

    @cached_property
    def responses(self) -> ResponseCache:
        from burnish.storage.cache import ResponseCache

        cache = self._settings.cache
        return ResponseCache(
            self._settings.home_path / "cache.sqlite",
            memory_entries=cache.memory_entries,
            max_bytes=cache.disk_mb * 1024 * 1024,
        )

    @cached_property
    def calls(self) -> Caller:
        from burnish.models.attempts import Attempts
        from burnish.models.call import Caller
        from burnish.models.hiding import Hiding

        redaction = self._settings.redaction
        hiding = Hiding(sent_kinds(redaction), stored_kinds(redaction), self.registry.is_here)
        cache = self._settings.cache
        return Caller(
            self.registry,
            Attempts(self.registry, self._settings.models, self.prices),
            new_id=self._parts.ids,
            who=lambda: self._settings.author_name,
            journal=self.recorder,
            cache=self.responses if cache.responses else None,
            ttl_s=cache.prompts_ttl_s,
            fallbacks=self._settings.models.fallbacks,
            observers=self._parts.plugins.collect("call_observers"),
            report=partial(self.warn, "a call observer failed"),
            hiding=hiding,
        )

    async def recorder(self) -> Recorder[Run]:
        async with self._opening:
            if self._recorder is None:
                from burnish.storage.recorder import Recorder

                store = await self._parts.open_store()
                await self._forget_old(store)
                self._recorder = Recorder(
                    store.runs.add,
                    use=lambda counts: store.prompts.use_many(counts, datetime.now(UTC)),
                    report=self._report,
                )
            return self._recorder

    async def _forget_old(self, store: Store) -> None:
        """Once for each process that records, which is often enough for a bound in days."""
        days = self._settings.runs.retention_days
        if days:
            gone = await store.runs.forget(datetime.now(UTC) - timedelta(days=days))
            self._parts.log(logging.INFO, "runs forgotten", count=gone)

    def budget(self, max_cost_usd: float | None = None, max_calls: int | None = None) -> Budget:
        """The bound of one command: as given, else the setting."""
        from burnish.models.budget import Budget

        usual = self._settings.models.max_cost_usd
        return Budget(usual if max_cost_usd is None else max_cost_usd, max_calls)

    async def flush(self) -> None:
        """Returns when all runs so far are in the store."""
        if self._recorder is not None:
            await self._recorder.flush()

    async def close(self) -> None:
        if "calls" in self.__dict__:
            await self.calls.close()
        if self._recorder is not None:
            await self._recorder.close()
            self._recorder = None
        if "registry" in self.__dict__:
            await self.registry.close()
        if "responses" in self.__dict__:
            # Not in a thread: at the end of the interpreter no executor takes work any more.
            self.responses.close()

    def _report(self, what: str, count: int) -> None:
        self.warn("recording runs", f"{what} (runs: {count})")

    def note(self, event: str, reason: str) -> None:
        self._parts.log(logging.INFO, event, reason=reason)

    def warn(self, event: str, reason: str) -> None:
        """What nobody waits for, so that no error tells it: to our log, which is off unless
        somebody wants it, and to the program's own, which shows it on stderr unless told not to."""
        self._parts.log(logging.WARNING, event, reason=reason)
        _LOGGER.warning("burnish: %s: %s", event, reason)
