"""Builds the object graph: the only place where rooms are wired to each other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import msgspec

from burnish.errors import UsageError
from burnish.generation.generator import GenerateRequest, Workshop, generate, parse_phases
from burnish.generation.naming import name_for
from burnish.generation.persona import Persona, load_personas
from burnish.generation.result import Generation
from burnish.generation.target import parse_target
from burnish.generation.texts import checked_text, cut_to_tokens, usage_example
from burnish.intents import Classification, Classifier
from burnish.library.cache import Cache
from burnish.library.prompts import AsyncPrompts
from burnish.plugins import Plugins
from burnish.prompts.isolated import Limits
from burnish.prompts.render import Renderer
from burnish.settings import Loaded, Settings
from burnish.storage.ids import Ids
from burnish.techniques import (
    Catalog,
    Selection,
    SelectRequest,
    Technique,
    load_folder,
    select,
)
from burnish.telemetry.logs import Log

if TYPE_CHECKING:
    from burnish.library.library import Library
    from burnish.storage.store import Store

_INFO = logging.INFO


class AsyncPlatform:
    """Everything that Burnish does, as coroutines. `burnish.open_async()` makes one.

    The store is opened by the first call that needs it; `analyze` and `enhance` never do.
    """

    def __init__(self, loaded: Loaded, plugins: Sequence[object] = ()) -> None:
        self.settings: Settings = loaded.settings
        self.sources: dict[str, str] = loaded.sources
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
        cache = self.settings.cache
        self._cache = Cache(ttl_s=cache.label_ttl_s, size=cache.prompts)
        self.prompts = AsyncPrompts(self._open_library, self._cache, self._renderer)

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
        """Ends what the platform started. Calling it twice is harmless."""
        self._closed = True
        self._renderer.close()
        if self._store is not None:
            await self._store.close()
            self._store = self._library = None
        self._cache.clear()
        self._log.close()

    @cached_property
    def catalog(self) -> Catalog:
        """All techniques: built in, from plug-ins, then from the data folder's `techniques`."""
        items: list[Technique] = []
        for item in self._plugins.collect("techniques"):
            items += [item] if isinstance(item, Technique) else load_folder(item)
        folder = self.settings.home_path / "techniques"
        if folder.is_dir():
            items += load_folder(folder)
        catalog = Catalog(items)
        for name in self.settings.techniques.disabled:
            catalog = catalog.without(name)
        return catalog

    @cached_property
    def personas(self) -> dict[str, Persona]:
        """All personas by name, those of the data folder's `personas` last."""
        found = {persona.name: persona for persona in self._plugins.collect("personas")}
        return found | load_personas(self.settings.home_path / "personas")

    async def analyze(
        self, text: str, *, context: str = "", budget_ms: float | None = None
    ) -> Classification:
        """What the text asks for: intents with confidence, complexity, domain, language and the
        techniques that fit. `context` is text that stands beside it, such as a file.

        Raises UsageError for a text that is empty, too short or too long.
        """
        text = self._checked(text)
        found = await asyncio.to_thread(self._classify, text, context, budget_ms)
        self._log(_INFO, "analyzed", self._ids(), text=text, intent=found.intent)
        return found

    async def analyze_many(
        self, texts: Sequence[str], *, budget_ms: float | None = None
    ) -> list[Classification]:
        """`analyze` of each text, in order and faster than one by one."""
        checked = [self._checked(text) for text in texts]
        found = await asyncio.to_thread(
            self._classifier.classify_many, checked, budget_ms=self._budget(budget_ms)
        )
        return [self._with_techniques(each) for each in found]

    async def select_techniques(
        self, text: str, *, count: int | None = None, target: str = ""
    ) -> Selection:
        """The techniques for a text, best first, with reasons, alternatives and what was left
        out and why."""
        found = await asyncio.to_thread(self._classify, self._checked(text))
        model_class = parse_target(target or self.settings.generation.target).model_class
        request = SelectRequest(classification=found, count=count, model_class=model_class)
        return select(self.catalog, request)

    async def enhance(
        self,
        text: str,
        *,
        techniques: Sequence[str] = (),
        variations: int = 1,
        context: str = "",
        target: str = "",
        save: str = "",
    ) -> Generation:
        """The text with what it lacks: the user's own words stay, character by character.

        Each of the `variations` uses another set of techniques. `save` stores the first one
        under that name.
        """
        call = self._ids()
        made = await asyncio.to_thread(
            self._compose,
            call,
            text,
            context=context,
            techniques=tuple(techniques),
            count=variations,
            target=target,
            keep_words=True,
        )
        return await self._stored(call, made, save, "") if save else self._with_usage(made)

    async def generate(
        self,
        idea: str,
        *,
        name: str = "",
        category: str = "",
        context: str = "",
        persona: str = "",
        phases: Sequence[str] = (),
        count: int = 1,
        techniques: Sequence[str] = (),
        target: str = "",
        store: bool = True,
    ) -> Generation:
        """A finished prompt from a rough idea, stored as a version (the first of `count`) unless
        `store` is false.

        Without a name it is named after the idea, so the same idea adds a revision. Works
        without a model; `local_parts` says what was made on this machine.
        """
        call = self._ids()
        made = await asyncio.to_thread(
            self._compose,
            call,
            idea,
            context=context,
            persona=persona,
            phases=tuple(phases),
            count=count,
            techniques=tuple(techniques),
            target=target,
        )
        if not store:
            return self._with_usage(made)
        return await self._stored(call, made, name, category)

    async def save(self, made: Generation, name: str = "", *, category: str = "") -> Generation:
        """Stores what `generate(…, store=False)` or `enhance` gave, as if it had been stored at
        once: the best candidate becomes a version, every phase a run."""
        return await self._stored(self._ids(), _as_new(made, self._ids), name, category)

    @cached_property
    def _classifier(self) -> Classifier:
        intents = self.settings.intents
        return Classifier(floor=intents.floor, embedding=intents.embedding)

    @cached_property
    def _workshop(self) -> Workshop:
        return Workshop(
            archetypes=self._plugins.collect("archetypes"),
            personas=self.personas,
            catalog=self.catalog,
            new_id=self._ids,
        )

    def _checked(self, text: str) -> str:
        return checked_text(text, self.settings.generation.max_idea_chars)

    def _classify(
        self, text: str, context: str = "", budget_ms: float | None = None
    ) -> Classification:
        budget = self._budget(budget_ms)
        found = self._classifier.classify(text, context=context, budget_ms=budget)
        return self._with_techniques(found)

    def _budget(self, given: float | None) -> float:
        if given is None:
            return self.settings.intents.budget_ms
        if not 0 <= given < float("inf"):
            raise UsageError(
                f"a budget of {given} ms", hint="give 0 (rules alone) or more milliseconds"
            )
        return given

    def _with_techniques(self, found: Classification) -> Classification:
        selection = select(self.catalog, SelectRequest(classification=found))
        return msgspec.structs.replace(found, suggested_techniques=selection.names)

    def _compose(self, call: str, text: str, **options: Any) -> Generation:
        text = self._checked(text)
        generation = self.settings.generation
        context, cut = cut_to_tokens(options["context"], generation.context_tokens)
        request = GenerateRequest(
            idea=text,
            classification=self._classify(text, context),
            context=context,
            persona=options.get("persona") or generation.persona,
            phases=parse_phases(options.get("phases") or generation.phases),
            count=options["count"],
            techniques=options["techniques"],
            max_techniques=generation.techniques,
            target=parse_target(options["target"] or generation.target),
            keep_words=options.get("keep_words", False),
        )
        made = generate(self._workshop, request)
        self._log(_INFO, "composed", call, idea=text, archetype=made.archetype)
        return msgspec.structs.replace(made, warnings=(*made.warnings, *cut))

    async def _stored(self, call: str, made: Generation, name: str, category: str) -> Generation:
        from burnish.generation.record import runs_of, uses_of

        now = datetime.now(UTC)
        saved = await self.prompts.create(
            name or name_for(made.idea, made.classification.intent),
            made.messages,
            variables=made.variables,
            category=category or None,
            description=made.description,
            message=f"Composed from: {' '.join(made.idea.split())[:120]}",
            metadata=made.metadata(),
            always=True,
        )
        store = await self._open_store()
        await store.runs.add(runs_of(made, saved.version.id, self.settings.author_name, now))
        await store.techniques.add(uses_of(made, now.date()))
        reference = f"{saved.prompt.name}@{saved.version.revision}"
        self._log(_INFO, "stored", call, reference=reference)
        stored = msgspec.structs.replace(
            made, name=saved.prompt.name, revision=saved.version.revision, reference=reference
        )
        return self._with_usage(stored)

    def _with_usage(self, made: Generation) -> Generation:
        return msgspec.structs.replace(made, example_usage=usage_example(made))

    async def _open_library(self) -> Library:
        if self._library is None:
            from burnish.library.library import Library

            store = await self._open_store()
            self._library = Library(
                store,
                ids=self._ids,
                author=lambda: self.settings.author_name,
                cache=self._cache,
            )
        return self._library

    async def _open_store(self) -> Store:
        async with self._opening:
            if self._closed:
                raise UsageError("the platform is closed", hint="open another")
            if self._store is None:
                from burnish.storage.open import open_store

                self._store = await open_store(self.settings.database_url)
            return self._store


def _as_new(made: Generation, new_id: Callable[[], str]) -> Generation:
    """The same with phases of its own, so that saving it again records them again."""
    best = made.best
    ids = {phase.id: new_id() for phase in best.phases}
    phases = tuple(
        msgspec.structs.replace(
            phase, id=ids[phase.id], parent_id=ids.get(phase.parent_id or "", phase.parent_id)
        )
        for phase in best.phases
    )
    first = msgspec.structs.replace(best, phases=phases)
    return msgspec.structs.replace(made, candidates=(first, *made.candidates[1:]))
