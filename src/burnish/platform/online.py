"""The online side of experiments on a platform: units, their versions, and what came of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from burnish.platform.working import Working
from burnish.settings import Loaded
from burnish.storage.changes import Changed

if TYPE_CHECKING:
    from burnish.experiments.journal import Journal
    from burnish.experiments.recording import Recording
    from burnish.experiments.running import Running
    from burnish.experiments.serving import Serving
    from burnish.library.fallback import Fallback
    from burnish.library.units import Attributes, Units
    from burnish.models.question import Answer
    from burnish.storage.store import Fetched, Store


class Unasked:
    """Stands for what serves units until one asks: most commands load nothing of it."""

    def __init__(self, load: Callable[[], Units]) -> None:
        self._load = load

    def at_once(self, *_: object) -> None:
        """Nothing is in memory."""

    async def get(
        self,
        reference: str,
        label: str | None,
        fallback: Fallback | None,
        unit: str,
        attributes: Attributes | None,
    ) -> Fetched:
        return await self._load().get(reference, label, fallback, unit, attributes)


class Online(Working):
    def __init__(self, loaded: Loaded, plugins: Sequence[object] = ()) -> None:
        super().__init__(loaded, plugins)
        self.prompts.units = Unasked(self._serve)

    async def close(self) -> None:
        """Writes what is not yet written and ends what the platform started; jobs that run here
        are queued again. Calling it twice is harmless."""
        try:
            if "_running" in self.__dict__:
                self._running.close()
            if "_journal" in self.__dict__:
                await self._journal.close()
        finally:
            await super().close()

    async def flush(self) -> None:
        """Returns when every run so far is in the store, and every exposure and outcome."""
        await super().flush()
        if "_journal" in self.__dict__:
            await self._journal.flush()

    async def _recorded_store(self) -> Store:
        """With every exposure and outcome in it so far."""
        if "_journal" in self.__dict__:
            await self._journal.flush()
        return await self._open_store()

    def _serve(self) -> Units:
        self.prompts.units = self._serving
        return self._serving

    @cached_property
    def _journal(self) -> Journal:
        from burnish.experiments.journal import Journal

        return Journal(self._open_store, self._live.warn)

    @cached_property
    def _running(self) -> Running:
        from burnish.experiments.remembered import Remembered
        from burnish.experiments.running import Running

        cache = self.settings.cache
        path = self._known_file(".experiments.json")
        return Running(
            self._open_store,
            self._cache,
            self._outage,
            answered=self._lookup.answered,
            disk=Remembered(path, self._live.note) if cache.last_known else None,
            ttl_s=cache.label_ttl_s,
            size=cache.prompts,
        )

    @cached_property
    def _serving(self) -> Serving:
        from burnish.experiments.serving import Serving

        return Serving(
            self._running,
            self._journal,
            open_store=self._open_store,
            get=self.prompts.get,
            fresh=self.prompts.fresh,
            warn=self._live.warn,
        )

    @cached_property
    def _recording(self) -> Recording:
        from burnish.experiments.recording import Recording

        return Recording(self._running, self._journal, self._open_store, self._ids)

    def _tell_of_prompt(self, name: str) -> None:
        """Its experiments have changed."""
        self._cache.hear([Changed(name=name, kind="prompt")])

    def _ran(self, name: str, unit: str, answer: Answer) -> None:
        experiment = self._serving.served[name]
        # Of an answer that was remembered, what it took when it was given: who asks first must not
        # make one variant dearer than the other.
        cost = answer.first_cost_usd if answer.cached else answer.cost_usd
        took = answer.model_ms if answer.cached else answer.latency_ms
        told = {"cost_usd": cost, "latency_ms": took}
        known = {metric: value for metric, value in told.items() if value is not None}
        self._recording.ran(experiment, unit, answer.run_id, known)
