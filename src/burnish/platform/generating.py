"""Generation on a platform: composed offline, written by a model where there is one, stored."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from burnish.errors import Unavailable, UsageError
from burnish.generation.event import GenerationEvent, event_of, rest_of
from burnish.generation.fitting import Fit
from burnish.generation.generator import MAX_CANDIDATES, parse_phases
from burnish.generation.grounding import Grounding
from burnish.generation.naming import name_for
from burnish.generation.result import OFFLINE, Generation
from burnish.generation.texts import usage_example
from burnish.generation.wish import NAMES_OF_ENHANCE, Wish, checked
from burnish.library.prompts import AsyncPrompts
from burnish.platform.composer import Composer
from burnish.platform.live import Live
from burnish.platform.parts import Parts
from burnish.settings import WRITING, Phase, Strategy

if TYPE_CHECKING:
    from burnish.generation.phases.write import Told
    from burnish.models.budget import Budget

AUTO = "auto"
_STRATEGIES: tuple[Strategy, ...] = ("best", "cascade", "all")
_WELL_RATED = 100
# A tiny model that loses its thread would go on to the end of its context.
_TINY_TOKENS = 250


class _Job(msgspec.Struct, frozen=True):
    """A wish under way, with the knowledge that was found for it. `told` hears of each phase,
    `budget` bounds its calls."""

    call: str
    wish: Wish
    grounding: Grounding = Grounding()
    told: Callable[[Told], None] | None = None
    budget: Budget | None = None
    fit: Fit = Fit()


class Generating:
    """`ground` finds the knowledge that a wish asks for."""

    def __init__(
        self,
        parts: Parts,
        composer: Composer,
        live: Live,
        prompts: AsyncPrompts,
        ground: Callable[[Wish], Awaitable[Grounding]],
    ) -> None:
        self._parts = parts
        self._settings = parts.settings
        self._composer = composer
        self._live = live
        self._prompts = prompts
        self._ids = parts.ids
        self._ground = ground

    async def make(
        self,
        wish: Wish,
        told: Callable[[Told], None] | None = None,
        budget: Budget | None = None,
        fit: Fit | None = None,
    ) -> Generation:
        """`budget` is one that is shared with other wishes, instead of the wish's own;
        `fit` is what examples bring."""
        call, began = self._ids(), time.perf_counter()
        wish = checked(wish)
        self._check(wish)
        grounding = await self._ground(wish)
        job = _Job(call, wish, grounding, told, budget, fit or Fit())
        made = _on(grounding, await self._made(job))
        if not wish.store:
            return _with_usage(made)
        stored = await self.stored(call, made, wish.name, wish.category, wish.batch_key)
        await self._count(began)
        return stored

    async def enhance(
        self, wish: Wish, budget: Budget | None = None, fit: Fit | None = None
    ) -> Generation:
        """The user's own words with what they lack; refined by a model where one is named.
        `budget` and `fit` are as in `make`."""
        call, began = self._ids(), time.perf_counter()
        wish = checked(wish, NAMES_OF_ENHANCE)
        self._live.budget(wish.max_cost_usd)
        has_model = bool(wish.model) and self.model_of(wish) != OFFLINE
        job = _Job(call, wish, await self._ground(wish), budget=budget, fit=fit or Fit())
        made = await self._composed(job, wish.count or 1, keep_words=True, context_apart=has_model)
        if has_model:
            refine = msgspec.structs.replace(wish, phases=("refine",), strategy="cascade")
            job = msgspec.structs.replace(job, wish=refine)
            made = await self._rewritten(job, self.model_of(wish), made)
        made = _on(job.grounding, made)
        if not wish.store:
            return _with_usage(made)
        stored = await self.stored(call, made, wish.name, wish.category)
        await self._count(began)
        return stored

    async def _count(self, began: float) -> None:
        from burnish.telemetry.metrics import GENERATED, GENERATION_MS

        took_ms = 1000 * (time.perf_counter() - began)
        store = await self._parts.open_store()
        await store.counters.add(GENERATED.one() | GENERATION_MS.one(took_ms))

    async def stream(self, wish: Wish) -> AsyncGenerator[GenerationEvent]:
        """Events as they come. The joined texts of the final phase, since its last restart, are
        the text of the result."""
        one = msgspec.structs.replace(checked(wish), count=1)
        final = self._final_phase(one)
        events: asyncio.Queue[GenerationEvent | None] = asyncio.Queue()
        task = asyncio.ensure_future(
            self.make(one, lambda told: events.put_nowait(event_of(told, final)))
        )
        task.add_done_callback(lambda _: events.put_nowait(None))
        said = ""
        try:
            while (event := await events.get()) is not None:
                again = event.final and event.kind == "phase" and said
                if event.final:
                    said = said + event.text if event.kind == "text" else ""
                yield event
                if again:
                    yield msgspec.structs.replace(event, kind="restart", text="refined once more")
            made = await task
            for event in rest_of(said, made.text, final):
                yield event
            yield GenerationEvent(kind="done", generation=made)
        finally:
            if not task.done():
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def stored(
        self, call: str, made: Generation, name: str, category: str, batch_key: str = ""
    ) -> Generation:
        from burnish.generation.record import runs_of, uses_of

        now = datetime.now(UTC)
        how = "Composed" if made.model == OFFLINE else f"Written by {made.model}"
        saved = await self._prompts.create(
            name or name_for(made.idea, made.classification.intent),
            made.messages,
            variables=made.variables,
            category=category or None,
            description=made.description,
            message=f"{how} from: {' '.join(made.idea.split())[:120]}",
            metadata=made.metadata() | ({"batch_key": batch_key} if batch_key else {}),
            always=True,
        )
        recorder = await self._live.recorder()
        for run in runs_of(
            made, saved.prompt.name, saved.version.id, self._settings.author_name, now
        ):
            await recorder.room()
            recorder.record(run)
        store = await self._parts.open_store()
        await store.techniques.add(uses_of(made, now.date()))
        reference = f"{saved.prompt.name}@{saved.version.revision}"
        self._parts.log(logging.INFO, "stored", call, reference=reference)
        return _with_usage(
            msgspec.structs.replace(
                made, name=saved.prompt.name, revision=saved.version.revision, reference=reference
            )
        )

    def _check(self, wish: Wish) -> None:
        """What only models use is wrong or right with and without one."""
        _strategy(wish.strategy or self._settings.generation.strategy)
        self._live.budget(wish.max_cost_usd)
        if wish.selector:
            self._live.registry.full_name(wish.selector)

    def model_of(self, wish: Wish) -> str:
        """The full name of the model to write with, or `offline`. Raises UsageError."""
        named = wish.model or self._settings.generation.model
        if named == AUTO:
            named = self._live.registry.automatic()
        return OFFLINE if named == OFFLINE else self._live.registry.full_name(named)

    def calls_of(self, wish: Wish) -> int:
        """How many calls to models a wish takes when nothing is repeated or remembered."""
        if self.model_of(wish) == OFFLINE:
            return 0
        generation = self._settings.generation
        phases = parse_phases(wish.phases or generation.phases)
        count = generation.variants if wish.count is None else wish.count
        strategy = _strategy(wish.strategy or generation.strategy)
        once = sum(phase not in WRITING for phase in phases) if strategy == "best" else 0
        results = count * (sum(p in WRITING for p in phases) if strategy == "all" else 1)
        picked = bool(wish.selector or generation.selector) and results > 1 and strategy != "best"
        return once + (len(phases) - once) * count + picked

    async def name_of(self, wish: Wish) -> str:
        """The name under which a wish without one is stored."""
        text = self._composer.checked(wish.idea)
        found = await asyncio.to_thread(
            self._composer.classify, text, self._composer.cut(wish.context)[0]
        )
        return name_for(text, found.intent)

    async def _made(self, job: _Job) -> Generation:
        wish = job.wish
        model = self.model_of(wish)
        if model == OFFLINE:
            return await self._composed(job, 1 if wish.count is None else wish.count)
        try:
            return await self._written(job, model)
        except Unavailable as error:
            # Nobody asked for this model by name: the offline prompt is better than none.
            if wish.model or wish.needs_model or self._settings.generation.model != AUTO:
                raise
            made = await self._composed(job, 1 if wish.count is None else wish.count)
            warning = f"composed offline, because {error.what}"
            return msgspec.structs.replace(made, warnings=(*made.warnings, warning))

    def _final_phase(self, wish: Wish) -> Phase:
        phases = parse_phases(wish.phases or self._settings.generation.phases)
        for phase in reversed(phases):
            if phase in WRITING:
                return phase
        return phases[-1]

    async def _composed(
        self,
        job: _Job,
        count: int,
        *,
        keep_words: bool = False,
        context_apart: bool = False,
    ) -> Generation:
        wish = job.wish
        made = await asyncio.to_thread(
            self._composer.compose,
            wish.idea,
            context=wish.context,
            knowledge=job.grounding.text,
            persona=wish.persona,
            phases=wish.phases,
            count=count,
            techniques=wish.techniques,
            target=wish.target,
            keep_words=keep_words,
            context_apart=context_apart,
            fit=job.fit,
        )
        self._parts.log(
            logging.INFO, "composed", job.call, idea=made.idea, archetype=made.archetype
        )
        return made

    async def _written(self, job: _Job, model: str) -> Generation:
        wish = job.wish
        # A tiny model takes a minute for what a variant would hardly differ in.
        usual = 1 if self._is_tiny(model) else self._settings.generation.variants
        count = usual if wish.count is None else wish.count
        composed = await self._outlines(job, count)
        counted = msgspec.structs.replace(wish, count=count)
        return await self._rewritten(msgspec.structs.replace(job, wish=counted), model, composed)

    async def _rewritten(self, job: _Job, model: str, composed: Generation) -> Generation:
        from burnish.generation.with_model import WriteRequest, write_with_model

        generation, wish = self._settings.generation, job.wish
        is_tiny = self._is_tiny(model)
        phases = parse_phases(wish.phases or generation.phases)
        # Refining looks at the prompt alone.
        reads = set(phases) != {"refine"}
        request = WriteRequest(
            model=model,
            forced=bool(wish.model),
            most_tokens=_most_tokens(wish, is_tiny=is_tiny),
            retries=1 if is_tiny else None,
            fresh=wish.fresh,
            prompt=_name(wish, composed) if wish.store else "",
            count=wish.count or 1,
            phases=phases,
            strategy=_strategy(wish.strategy or generation.strategy),
            selector=self._selector(wish.selector or generation.selector),
            context=self._composer.cut(wish.context)[0],
            knowledge=job.grounding.text,
            persona=self._composer.persona(wish.persona),
            settings=self._settings.phases,
            examples=await self._examples(composed.idea) if wish.history and reads else (),
        )
        made = await write_with_model(
            composed,
            request,
            self._live.calls,
            new_id=self._ids,
            trace_id=job.call,
            budget=job.budget or self._live.budget(wish.max_cost_usd),
            told=job.told,
        )
        if not is_tiny:
            return made
        doubt = f"{model} is too weak to write prompts; it is for trials and tests"
        return msgspec.structs.replace(made, warnings=(*made.warnings, doubt))

    async def _outlines(self, job: _Job, count: int) -> Generation:
        """As many different outlines as there are, up to `count`: models vary them further."""
        if not 1 <= count <= MAX_CANDIDATES:
            raise UsageError(f"count is {count}", hint=f"ask for 1 to {MAX_CANDIDATES} prompts")
        whole = msgspec.structs.replace(job, wish=msgspec.structs.replace(job.wish, phases=()))
        for fewer in dict.fromkeys((count, min(count, 3))):
            try:
                return await self._composed(whole, fewer, context_apart=True)
            except UsageError:
                if fewer == 1:
                    raise
        return await self._composed(whole, 1, context_apart=True)

    def _selector(self, named: str) -> str:
        if not named:
            return ""
        full = self._live.registry.full_name(named)
        if self._is_tiny(full):
            raise UsageError(
                f"{full} is too weak to judge: it picks by position",
                hint="name a stronger model, or none for the ranker",
                subject=full,
            )
        return full

    def _is_tiny(self, model: str) -> bool:
        provider, name = self._live.registry.parse(model)
        return self._live.registry.model(provider).capabilities(name).tiny

    async def _examples(self, idea: str) -> tuple[tuple[str, str], ...]:
        from burnish.generation.history import GOOD, similar

        count = self._settings.generation.history
        if not count:
            return ()
        page = await self._prompts.list(top=_WELL_RATED)
        good = [p for p in page.items if p.rating is not None and p.rating >= GOOD]
        known = [await self._prompts.get(prompt.name) for prompt in good]
        return tuple((each.reference, each.text) for each in similar(idea, known, count))


def _on(grounding: Grounding, made: Generation) -> Generation:
    """The generation with what it was grounded on, in its result and its metadata."""
    return msgspec.structs.replace(
        made, sources=grounding.sources, warnings=(*made.warnings, *grounding.warnings)
    )


def _strategy(name: str) -> Strategy:
    for known in _STRATEGIES:
        if name == known:
            return known
    raise UsageError(
        f"no strategy is called {name!r}", hint=f"use {', '.join(_STRATEGIES)}", subject=name
    )


def _most_tokens(wish: Wish, *, is_tiny: bool) -> int:
    bounds = [_TINY_TOKENS] if is_tiny else []
    bounds += [] if wish.max_tokens is None else [wish.max_tokens]
    return min(bounds, default=0)


def _name(wish: Wish, made: Generation) -> str:
    return wish.name or name_for(made.idea, made.classification.intent)


def _with_usage(made: Generation) -> Generation:
    return msgspec.structs.replace(made, example_usage=usage_example(made))
