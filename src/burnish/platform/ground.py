"""What a platform stands on: its parts, its store and library, its beginning and end."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self, overload

from msgspec import structs

from burnish.errors import UsageError
from burnish.generation.persona import Persona
from burnish.library.cache import Cache
from burnish.library.last_known import LastKnown
from burnish.library.lookup import Lookup
from burnish.library.outage import Outage
from burnish.library.prompts import AsyncPrompts
from burnish.platform.composer import Composer
from burnish.platform.live import Live
from burnish.platform.parts import Parts
from burnish.platform.redacting import stored_kinds
from burnish.plugins import Plugins
from burnish.principal import acting
from burnish.prompts.isolated import Limits
from burnish.prompts.render import Renderer
from burnish.settings import Loaded, Settings
from burnish.storage.ids import Ids
from burnish.storage.open import whole_address
from burnish.techniques import Catalog
from burnish.telemetry.logs import Log

if TYPE_CHECKING:
    from burnish.analytics.runs import AsyncRuns
    from burnish.evals.datasets import AsyncDatasets
    from burnish.library.library import Library
    from burnish.library.packs import AsyncPacks
    from burnish.library.starter import AsyncStarter
    from burnish.models.catalogue import AsyncModels
    from burnish.platform.schedule import Schedule
    from burnish.platform.upkeep import AsyncDb
    from burnish.redaction.redact import Redacted
    from burnish.storage.cache import CacheStats, ResponseCache
    from burnish.storage.run import Run
    from burnish.storage.stats import CategoryStat, RunStat, StatBy
    from burnish.storage.store import Store


class Ground:
    """The store is opened by the first call that needs it, models by the first that asks one."""

    prompts: AsyncPrompts

    def __init__(self, loaded: Loaded, plugins: Sequence[object] = ()) -> None:
        self.settings: Settings = loaded.settings
        self.sources: dict[str, str] = loaded.sources
        self._loaded = loaded
        self._given_plugins = plugins
        self._plugins = Plugins(plugins)
        self._ids = Ids()
        self._log = Log(self.settings.log)
        self._store: Store | None = None
        self._library: Library | None = None
        self._opening = asyncio.Lock()
        self._closed = False
        render = self.settings.render
        self._renderer = Renderer(
            Limits(
                output_chars=render.output_chars,
                time_s=render.time_s,
                memory_bytes=render.memory_mb * 1024 * 1024,
            )
        )
        parts = Parts(
            settings=self.settings,
            vendor=loaded.vendor,
            plugins=self._plugins,
            ids=self._ids,
            log=self._log,
            open_store=self._open_store,
        )
        self._composer = Composer(self.settings, self._plugins, self._ids)
        self._live = Live(parts)
        cache = self.settings.cache
        disk = self._last_known() if cache.last_known else None
        self._cache = Cache(
            ttl_s=cache.label_ttl_s, size=cache.prompts, gone=disk.gone if disk else None
        )
        self._outage = Outage(self._live.warn)
        self._lookup = Lookup(self._open_library, self._cache, self._outage, disk)
        self.prompts = AsyncPrompts(
            self._open_library, self._cache, self._lookup, self._renderer, self._record_use
        )
        self._schedule: Schedule | None = None
        self._parts = parts

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Writes what is not yet written and ends what the platform started. Calling it twice is
        harmless."""
        self._closed = True
        self._renderer.close()
        self._lookup.close()
        try:
            if self._schedule is not None:
                await self._schedule.close()
            await self._live.close()
        finally:
            if self._store is not None:
                await self._store.close()
                self._store = self._library = None
            self._cache.clear()
            self._log.close()

    @property
    def log(self) -> Log:
        """Writes a line to where this platform's lines go."""
        return self._log

    def stamp(self) -> int | None:
        """Another number after each change of anything in the store, whoever made it. None where
        that cannot be told at once."""
        changes = None if self._store is None else self._store.changes
        return None if changes is None else changes.stamp()

    @property
    def catalog(self) -> Catalog:
        """All techniques: built in, from plug-ins, then from the data folder's `techniques`."""
        return self._composer.catalog

    @property
    def personas(self) -> dict[str, Persona]:
        """All personas by name, those of the data folder's `personas` last."""
        return self._composer.personas

    @property
    def models(self) -> AsyncModels:
        """Providers and their models."""
        return self._live.models

    @property
    def automatic_model(self) -> str:
        """The model that `auto` means now: that of the first provider with a key or an address in
        the environment, else `offline`."""
        return self._live.registry.automatic()

    def check_model(self, name: str) -> str:
        """The full name of a model. Raises UsageError for a provider that there is not, or a
        name without a model."""
        return self._live.registry.full_name(name)

    def near_model(self, name: str) -> str:
        """What a mistyped model name may mean; empty where nothing is near."""
        return self._live.registry.nearest(name)

    @cached_property
    def runs(self) -> AsyncRuns:
        """What was run: list, get, export, import_, forget."""
        from burnish.analytics.runs import AsyncRuns

        return AsyncRuns(self._flushed_store)

    @cached_property
    def starter(self) -> AsyncStarter:
        """Ready prompts to begin with: list, show, install."""
        from burnish.library.starter import AsyncStarter

        return AsyncStarter(self.prompts)

    @cached_property
    def db(self) -> AsyncDb:
        """The database itself: migrate, backup, vacuum."""
        from burnish.platform.upkeep import AsyncDb

        return AsyncDb(self.settings, self._flushed_store)

    @cached_property
    def packs(self) -> AsyncPacks:
        """Sets of prompts to share: build, preview, install, list, show, verify, update,
        uninstall, keygen."""
        from burnish.library.packs import AsyncPacks, Bounds, PackRules

        packs = self.settings.packs
        rules = PackRules(
            bounds=Bounds(
                max_bytes=int(packs.max_mb * 1024 * 1024),
                timeout_s=packs.timeout_s,
                private_hosts=packs.private_hosts,
            ),
            home=self.settings.home_path,
            require_signature=packs.require_signature,
            author=self.settings.author_name,
        )
        return AsyncPacks(self.prompts, self._open_store, self._ids, self._cache, rules)

    @cached_property
    def datasets(self) -> AsyncDatasets:
        """Examples to try prompts on: add, get, show, versions, resolve, iter_examples, iter_pages,
        count, diff, export, from_runs, generate, delete, list."""
        from burnish.platform.dataset_room import dataset_room

        return dataset_room(
            self.settings,
            open_store=self._open_store,
            flushed_store=self._flushed_store,
            new_id=self._ids,
            prompts=self.prompts,
            live=self._live,
        )

    @property
    def responses(self) -> ResponseCache:
        """Answers that are remembered."""
        return self._live.responses

    @overload
    async def stats(
        self,
        by: StatBy = "model",
        *,
        days: float | None = 7,
        model: str | None = None,
        not_model: str | None = None,
        prompt: str | None = None,
        agent: str | None = None,
        kind: str | None = None,
    ) -> list[RunStat]: ...
    @overload
    async def stats(self, by: Literal["category"]) -> list[CategoryStat]: ...
    async def stats(
        self,
        by: StatBy | Literal["category"] = "model",
        *,
        days: float | None = 7,
        model: str | None = None,
        not_model: str | None = None,
        prompt: str | None = None,
        agent: str | None = None,
        kind: str | None = None,
    ) -> list[RunStat] | list[CategoryStat]:
        """Runs of the last `days` (None: of all time) by model, prompt, agent, task, kind or day;
        or the prompts there are, by category.

        An agent is what stands before the slash of a prompt's name, a task what stands behind it.
        `not_model` leaves the runs of a model out, such as `offline`.
        Runs count by whole hours, and still when they themselves are forgotten. The group with
        most runs comes first, of days the newest. Raises UsageError for an unknown `by`.
        """
        store = await self._flushed_store()
        if by == "category":
            return await store.prompts.categories()
        from burnish.analytics.stats import run_stats
        from burnish.storage.stats import StatFilter

        where = StatFilter(model=model, not_model=not_model, prompt=prompt, agent=agent, kind=kind)
        return await run_stats(store, by, days, where)

    async def redact(self, text: str, *, kinds: Sequence[str] | None = None) -> Redacted:
        """The text with a placeholder such as `[email 1]` for each e-mail address, telephone
        number, payment card, IBAN and IP address that is found, and what they stand for. `kinds`
        are those of the settings where none are given. Nothing is stored or sent.

        Raises UsageError for a kind that there is not.
        """
        return await asyncio.to_thread(self.redact_here, text, kinds=kinds)

    def redact_here(self, text: str, *, kinds: Sequence[str] | None = None) -> Redacted:
        """The text with a placeholder for each value that is found, on the calling thread."""
        from burnish.redaction.redact import checked_kinds, redact

        return redact(
            text, checked_kinds(self.settings.redaction.kinds if kinds is None else kinds)
        )

    async def cache_stats(self) -> CacheStats:
        """How full the cache of answers is, and how often it helped."""
        return await asyncio.to_thread(self.responses.stats)

    async def cache_clear(self) -> int:
        """Forgets all answers; returns how many there were."""
        return await asyncio.to_thread(self.responses.clear)

    async def record_run(self, run: Run) -> None:
        """Records a call that was made outside of Burnish. Who asks for it made it."""
        recorder = await self._live.recorder()
        await recorder.room()
        name = acting().name
        recorder.record(structs.replace(run, who=name) if name else run)

    async def flush(self) -> None:
        """Returns when every run so far is in the store, and every exposure and outcome."""
        await self._live.flush()

    def new_id(self) -> str:
        """A new id, for a run of one's own."""
        return self._ids()

    def _last_known(self) -> LastKnown:
        return LastKnown(self._known_file(".json"), self._live.warn, self._live.note)

    def _known_file(self, ending: str) -> Path:
        # Named after the store without telling its address, which may hold a password.
        address = whole_address(self.settings.database_url)
        store = hashlib.sha256(address.encode()).hexdigest()[:16]
        return self.settings.home_path / "last-known" / f"{store}{ending}"

    async def _record_use(self, prompt_id: str) -> None:
        (await self._live.recorder()).record_use(prompt_id)

    async def _open_library(self) -> Library:
        if self._library is None:
            from burnish.library.library import Library

            store = await self._open_store()
            self._library = Library(
                store,
                ids=self._ids,
                author=lambda: self.settings.author_name,
                cache=self._cache,
                protected=self.settings.library.protected_labels,
            )
        return self._library

    async def _flushed_store(self) -> Store:
        """With everything in it that was recorded so far."""
        await self._live.flush()
        return await self._open_store()

    async def _open_store(self) -> Store:
        async with self._opening:
            if self._closed:
                raise UsageError("the platform is closed", hint="open another")
            if self._store is None:
                from burnish.storage.keeping import Keeping
                from burnish.storage.open import open_store
                from burnish.storage.place import Place

                place = Place(home=self.settings.home_path, known=self._last_known().of_use)
                keeping = Keeping(stored_kinds(self.settings.redaction))
                self._store = await open_store(self.settings.database_url, place, keeping)
                self._begin_schedule(self._store)
            return self._store

    def _begin_schedule(self, store: Store) -> None:
        wanted = self.settings.storage
        if wanted.backup_every_h or wanted.vacuum_every_h:
            from burnish.platform.schedule import Schedule

            self._schedule = Schedule(self.settings, self._ids, self._live.warn)
            self._schedule.start(store)
