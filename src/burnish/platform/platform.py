"""Everything that Burnish does, as coroutines."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from burnish.generation.event import GenerationEvent
from burnish.generation.result import Generation
from burnish.generation.target import parse_target
from burnish.generation.wish import Wish, enhancement, wish_of
from burnish.intents import Classification
from burnish.library.units import Attributes
from burnish.platform.generating import Generating
from burnish.platform.measured import Measured
from burnish.settings import Loaded
from burnish.techniques import Selection, SelectRequest

if TYPE_CHECKING:
    from burnish.library.files.take_out import Exported
    from burnish.library.sync import SyncReport, Take
    from burnish.library.template_files import Conflicts, ImportReport
    from burnish.models.question import Answer
    from burnish.platform.completing import Completing
    from burnish.platform.optimization_plan import OptimizationPlan
    from burnish.platform.optimizing import Optimize, Optimizing


class AsyncPlatform(Measured):
    """Everything that Burnish does, as coroutines. `burnish.open_async()` makes one.

    The store is opened by the first call that needs it; `analyze` and `enhance` never do, and
    models are loaded by the first call that asks one. A platform belongs to the event loop that
    it is first used in.
    """

    def __init__(self, loaded: Loaded, plugins: Sequence[object] = ()) -> None:
        super().__init__(loaded, plugins)
        self._generating = Generating(
            self._parts, self._composer, self._live, self.prompts, self._ground
        )

    async def analyze(
        self, text: str, *, context: str = "", budget_ms: float | None = None
    ) -> Classification:
        """What the text asks for: intents with confidence, complexity, domain, language and the
        techniques that fit. `context` is text that stands beside it, such as a file.

        Raises UsageError for a text that is empty, too short or too long.
        """
        return await asyncio.to_thread(
            self.analyze_here, text, context=context, budget_ms=budget_ms
        )

    def analyze_here(
        self, text: str, *, context: str = "", budget_ms: float | None = None
    ) -> Classification:
        """What the text asks for, found on the calling thread, which it takes some milliseconds:
        intents with confidence, complexity, domain, language and the techniques that fit.
        `context` is text that stands beside it, such as a file.

        Raises UsageError for a text that is empty, too short or too long.
        """
        text = self._composer.checked(text)
        found = self._composer.classify(text, context, budget_ms)
        self._log(logging.INFO, "analyzed", self._ids(), text=text, intent=found.intent)
        return found

    async def analyze_many(
        self, texts: Sequence[str], *, budget_ms: float | None = None
    ) -> list[Classification]:
        """`analyze` of each text, in order and faster than one by one."""
        checked = [self._composer.checked(text) for text in texts]
        found = await asyncio.to_thread(
            self._composer.classifier.classify_many,
            checked,
            budget_ms=self._composer.budget(budget_ms),
        )
        return [self._composer.with_techniques(each) for each in found]

    async def select_techniques(
        self, text: str, *, count: int | None = None, target: str = ""
    ) -> Selection:
        """The techniques for a text, best first, with reasons, alternatives and what was left
        out and why."""
        found = await asyncio.to_thread(self._composer.classify, self._composer.checked(text))
        model_class = parse_target(target or self.settings.generation.target).model_class
        return self._composer.select(
            SelectRequest(classification=found, count=count, model_class=model_class)
        )

    async def enhance(
        self,
        text: str,
        *,
        techniques: Sequence[str] = (),
        variations: int = 1,
        context: str = "",
        knowledge: bool | str = False,
        target: str = "",
        model: str = "",
        max_cost_usd: float | None = None,
        max_tokens: int | None = None,
        save: str = "",
        optimize: Optimize | None = None,
    ) -> Generation:
        """The text with what it lacks: the user's own words stay, character by character.

        Each of the `variations` uses another set of techniques. With a `model` the result is
        refined by it; then variables, code and numbers stay, while wording may change. `save`
        stores the first one under that name. `max_tokens` bounds the model's answer. `knowledge` is
        as in `generate`, and so is `optimize`: with it the first one is stored in any case.
        """
        given = {
            name: value for name, value in locals().items() if name not in ("self", "optimize")
        }
        wish = enhancement(given)
        if optimize is not None:
            return await self._optimizing.make(wish, optimize, keep_words=True)
        return await self._generating.enhance(wish)

    async def generate(
        self,
        idea: str,
        *,
        name: str = "",
        category: str = "",
        context: str = "",
        knowledge: bool | str = False,
        persona: str = "",
        phases: Sequence[str] = (),
        count: int | None = None,
        techniques: Sequence[str] = (),
        target: str = "",
        model: str = "",
        strategy: str = "",
        selector: str = "",
        max_cost_usd: float | None = None,
        max_tokens: int | None = None,
        history: bool = True,
        fresh: bool = False,
        store: bool = True,
        optimize: Optimize | None = None,
    ) -> Generation:
        """A finished prompt from a rough idea, stored as a version (the best candidate) unless
        `store` is false.

        Without a name it is named after the idea, so the same idea adds a revision. Works
        without a model; `local_parts` says what was made on this machine. With one, `count`
        variants (3 unless said otherwise) go through the phases by the `strategy` cascade, best
        or all, and are ranked; `selector` is a model that picks among them. `history` lets the
        model see similar, well-rated prompts of the library. `fresh` asks models even where
        their answers are remembered. `max_tokens` bounds each phase's answer where the settings
        allow more, and so what a call could cost at worst. `knowledge` puts what `p.knowledge` has
        on the idea into the prompt, with its sources named: True, or a tag of the documents.
        `optimize` goes on with `p.optimize` of what is stored; the prompt is then the better text,
        where one is surely better, and `optimized` of the result tells the scores before and after.

        Raises ModelFailed (AllModelsFailed with fallbacks), BudgetExceeded before a call that
        could pass `max_cost_usd`, UsageError for a value of a wrong type.
        """
        wish = wish_of(locals())
        if optimize is not None:
            return await self._optimizing.make(wish, optimize, keep_words=False)
        return await self._generating.make(wish)

    async def plan_generation(
        self, idea: str, optimize: Optimize, **options: Any
    ) -> OptimizationPlan:
        """What `generate` with `optimize` and these options would do after the prompt is written,
        and about what that would cost. Nothing of it is stored, and no model is asked: the estimate
        is for the prompt as it is composed on this machine."""
        wish = Wish(idea=idea, **options)
        return await self._optimizing.plan(wish, optimize, keep_words=False)

    async def plan_enhancement(
        self, text: str, optimize: Optimize, **options: Any
    ) -> OptimizationPlan:
        """What `enhance` with `optimize` and these options would do, as `plan_generation` tells."""
        wish = enhancement({"text": text, **options})
        return await self._optimizing.plan(wish, optimize, keep_words=True)

    @cached_property
    def _optimizing(self) -> Optimizing:
        from burnish.platform.optimizing import Optimizing

        return Optimizing(
            self._generating,
            self._evaluating,
            self._optimizations,
            prompts=self.prompts,
            datasets=self.datasets,
            room=self.optimizations,
            budget=self._live.budget,
        )

    def generate_stream(
        self,
        idea: str,
        *,
        name: str = "",
        category: str = "",
        context: str = "",
        knowledge: bool | str = False,
        persona: str = "",
        phases: Sequence[str] = (),
        techniques: Sequence[str] = (),
        target: str = "",
        model: str = "",
        max_cost_usd: float | None = None,
        max_tokens: int | None = None,
        history: bool = True,
        fresh: bool = False,
        store: bool = True,
    ) -> AsyncGenerator[GenerationEvent]:
        """`generate` of one prompt, told while it runs. The joined texts of the `final` phase,
        since its last restart, are the text of the result, which the last event brings."""
        return self._generating.stream(wish_of(locals()))

    async def import_(
        self,
        path: str | Path,
        *,
        format: str = "",  # noqa: A002 - the word that people know
        dry_run: bool = False,
        conflict: Conflicts = "new-revision",
    ) -> ImportReport:
        """Brings in a file, a folder or a zip: our own formats, `.prompty`, promptfoo, Langfuse,
        LangChain, OpenAI, MLflow and CrewAI files, and YAML templates of agents' tasks
        (`agent/task_v2.yaml` becomes a version of the prompt `agent/task` with the label `v2`).
        The same files again change nothing.

        A bad file is in the report and stops no other. `conflict` says what happens to prompts
        that differ: skip, new-revision or overwrite; `dry_run` only tells.
        """
        from burnish.library.files.bring import import_files

        return await import_files(
            self.prompts, path, format=format, dry_run=dry_run, conflict=conflict
        )

    async def export_(
        self,
        target: str | Path | None = None,
        *,
        names: Sequence[str] = (),
        category: str | None = None,
        tags: Sequence[str] = (),
        prefix: str = "",
        format: str = "",  # noqa: A002 - the word that people know
        latest: bool = False,
        replace: bool = False,
    ) -> Exported:
        """The prompts named, or all that meet the conditions, as files of a format, written to
        `target` where one is given: a folder, a file, or a zip by its ending. Without a format
        that ending names it (.yaml, .md, .csv, .prompty), and where it names none it is `burnish`.

        `latest` takes the newest version of each alone; what else the format cannot hold is in
        `loses`. Raises UsageError for an unknown format, for prompts that it cannot hold, and for
        files that exist, unless `replace`.
        """
        from burnish.library.files.take_out import (
            export_prompts,
            refuse_several,
            usual_format,
            write_files,
        )

        made = await export_prompts(
            self.prompts,
            names=names,
            category=category,
            tags=tags,
            prefix=prefix,
            format=format or usual_format(target),
            latest=latest,
        )
        if not format:
            refuse_several(made, target)
        if target is not None:
            await asyncio.to_thread(write_files, made.files, Path(target), replace=replace)
        return made

    async def sync(
        self,
        target: str | Path,
        *,
        prefix: str = "",
        category: str | None = None,
        take: Take = "",
        dry_run: bool = False,
    ) -> SyncReport:
        """Brings the library and a git repository together: commits become versions, versions
        become commits. `target` is a folder, or the address or path of a bare repository.

        Where both sides changed the same, the prompt is a conflict in the report and stays as it
        is, unless `take` says whose text holds: "ours" (the library's) or "theirs". Raises
        MissingExtra without the extra `git`, Conflict for a repository in the middle of something
        else, Unavailable and NotPermitted for one that cannot be reached or that refuses.
        """
        from burnish.library.sync import sync
        from burnish.storage.open import whole_address

        return await sync(
            await self._open_store(),
            target,
            home=self.settings.home_path,
            store_name=whole_address(self.settings.database_url),
            author=self.settings.author_name,
            ids=self._ids,
            cache=self._cache,
            protected=self.settings.library.protected_labels,
            prefix=prefix,
            category=category,
            take=take,
            dry_run=dry_run,
        )

    async def save(self, made: Generation, name: str = "", *, category: str = "") -> Generation:
        """Stores what `generate(…, store=False)` or `enhance` gave, as if it had been stored at
        once: the best candidate becomes a version, every phase a run."""
        return await self._generating.stored(self._ids(), _as_new(made, self._ids), name, category)

    async def complete(
        self,
        reference: str,
        values: Mapping[str, Any] | None = None,
        *,
        model: str = "",
        temperature: float | None = None,
        max_tokens: int | None = None,
        fallbacks: Sequence[str] = (),
        max_cost_usd: float | None = None,
        fresh: bool = False,
        unit: str | None = None,
        attributes: Attributes | None = None,
    ) -> Answer:
        """A stored prompt, rendered and answered by a model.

        The version's config may name `model`, `temperature`, `max_tokens`, and rules for the
        answer: `min_length` and `max_length` in characters, `language`. An answer that breaks one
        is asked for again. `fresh` asks the model even where the answer is remembered. `unit` and
        `attributes` are those of `prompts.get`; what the answer cost and how long it took count in
        the experiment, and so does what is recorded of its `run_id`.

        Raises what `prompts.render` and the call raise; OutputRejected when each answer broke a
        rule.
        """
        return await self._completing.complete(
            reference,
            values,
            model=model,
            temperature=temperature,
            max_tokens=max_tokens,
            fallbacks=tuple(fallbacks),
            max_cost_usd=max_cost_usd,
            fresh=fresh,
            unit=unit,
            attributes=attributes,
        )

    @cached_property
    def _completing(self) -> Completing:
        from burnish.platform.completing import Completing

        return Completing(self.settings, self._live, self.prompts, self._ran)


def _as_new(made: Generation, new_id: Callable[[], str]) -> Generation:
    """The same with phases of its own, so that saving it again records them again."""
    best = made.best
    ids = {phase.id: new_id() for phase in best.phases if phase.model == "offline"}
    phases = tuple(
        msgspec.structs.replace(
            phase,
            id=ids.get(phase.id, phase.id),
            parent_id=ids.get(phase.parent_id or "", phase.parent_id),
        )
        for phase in best.phases
    )
    first = msgspec.structs.replace(best, phases=phases)
    return msgspec.structs.replace(made, candidates=(first, *made.candidates[1:]))
