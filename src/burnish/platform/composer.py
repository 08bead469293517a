"""The offline side of a platform: from a text to what it asks for and to a finished prompt."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from burnish.errors import UsageError
from burnish.generation.fitting import Fit
from burnish.generation.generator import GenerateRequest, Workshop, generate, parse_phases
from burnish.generation.persona import AUTO, Persona, get_persona, load_personas
from burnish.generation.result import Generation
from burnish.generation.target import parse_target
from burnish.generation.texts import checked_text, cut_to_tokens
from burnish.intents import Classification, Classifier
from burnish.plugins import Plugins
from burnish.remember import Remembered
from burnish.settings import Settings
from burnish.storage.ids import Ids
from burnish.techniques import (
    Catalog,
    Selection,
    SelectRequest,
    Technique,
    load_folder,
    select,
    suggestion_basis,
)

if TYPE_CHECKING:
    from burnish.optimizers.operators.operator import Context
    from burnish.prompts.prompt import Message

# So many techniques are tried on a prompt that is optimised, and as many alternatives.
_CHANGES = 8


class Composer:
    """Needs no store and no network. What it finds out is remembered for as long as the settings
    say."""

    def __init__(self, settings: Settings, plugins: Plugins, ids: Ids) -> None:
        self._settings = settings
        self._plugins = plugins
        self._ids = ids
        cache = settings.cache
        self._catalogs = Remembered[Catalog](cache.catalog_ttl_s)
        self._personas = Remembered[dict[str, Persona]](cache.preferences_ttl_s)
        self._intents = Remembered[Classification](cache.intent_ttl_s)
        self._suggestions = Remembered[tuple[str, ...]](cache.catalog_ttl_s)
        self._selections = Remembered[Selection](cache.ranking_ttl_s)

    @property
    def catalog(self) -> Catalog:
        """All techniques: built in, from plug-ins, then from the data folder's `techniques`."""
        return self._catalogs.get("", self._load_catalog)

    @property
    def personas(self) -> dict[str, Persona]:
        """All personas by name, those of the data folder's `personas` last."""
        return self._personas.get("", self._load_personas)

    def persona(self, name: str) -> Persona:
        """The persona of that name; `auto` is one without a voice of its own."""
        if (name or self._settings.generation.persona) == AUTO:
            return Persona(name=AUTO, purpose="the voice that suits the task")
        return get_persona(self.personas, name or self._settings.generation.persona)

    def checked(self, text: str) -> str:
        return checked_text(text, self._settings.generation.max_idea_chars)

    def classify(
        self, text: str, context: str = "", budget_ms: float | None = None
    ) -> Classification:
        budget = self.budget(budget_ms)
        found = self._intents.get(
            (text, context, budget),
            lambda: self.classifier.classify(text, context=context, budget_ms=budget),
        )
        return self.with_techniques(found)

    def budget(self, given: float | None) -> float:
        if given is None:
            return self._settings.intents.budget_ms
        if not 0 <= given < float("inf"):
            raise UsageError(
                f"a budget of {given} ms", hint="give 0 (rules alone) or more milliseconds"
            )
        return given

    def with_techniques(self, found: Classification) -> Classification:
        basis = suggestion_basis(found)
        names = self._suggestions.get(basis, lambda: self._suggested(basis))
        return msgspec.structs.replace(found, suggested_techniques=names)

    def _suggested(self, basis: Classification) -> tuple[str, ...]:
        return select(self.catalog, SelectRequest(classification=basis)).names

    def select(self, request: SelectRequest) -> Selection:
        key = msgspec.json.encode(request)
        return self._selections.get(key, lambda: select(self.catalog, request))

    def operators_for(self, messages: tuple[Message, ...]) -> Context:
        """What changes a prompt: techniques that suit what it asks for and take one call."""
        from burnish.optimizers.operators.operator import Context

        text = "\n\n".join(each.content for each in messages if each.role != "placeholder")
        found = self.classify(text[: self._settings.generation.max_idea_chars])
        chosen = self.select(SelectRequest(classification=found, has_input=True, count=_CHANGES))
        names = [each.technique for each in (*chosen.recommendations, *chosen.alternatives)]
        several = [self.catalog.get(name) for name in dict.fromkeys(names)]
        return Context(
            original=messages,
            techniques=tuple(each for each in several if each.expected_calls.min == 1),
            intent=found.intent,
        )

    @cached_property
    def classifier(self) -> Classifier:
        intents = self._settings.intents
        return Classifier(floor=intents.floor, embedding=intents.embedding)

    def compose(self, text: str, **options: Any) -> Generation:
        text = self.checked(text)
        generation = self._settings.generation
        context, cut = self.cut(options["context"])
        request = GenerateRequest(
            idea=text,
            classification=self.classify(text, context),
            context=context,
            knowledge=options.get("knowledge", ""),
            context_apart=options.get("context_apart", False),
            persona=options.get("persona") or generation.persona,
            phases=parse_phases(options.get("phases") or generation.phases),
            count=options["count"],
            techniques=options["techniques"],
            max_techniques=generation.techniques,
            target=parse_target(options["target"] or generation.target),
            keep_words=options.get("keep_words", False),
            fit=options.get("fit") or Fit(),
        )
        made = generate(self._workshop(), request)
        return msgspec.structs.replace(made, warnings=(*made.warnings, *cut))

    def cut(self, context: str) -> tuple[str, tuple[str, ...]]:
        """The context as far as it may reach a prompt, and a warning where it was longer."""
        return cut_to_tokens(context, self._settings.generation.context_tokens)

    def _workshop(self) -> Workshop:
        return Workshop(
            archetypes=self._archetypes,
            personas=self.personas,
            catalog=self.catalog,
            new_id=self._ids,
        )

    @cached_property
    def _archetypes(self) -> Sequence[Any]:
        return self._plugins.collect("archetypes")

    def _load_catalog(self) -> Catalog:
        items: list[Technique] = []
        for item in self._plugins.collect("techniques"):
            items += [item] if isinstance(item, Technique) else load_folder(item)
        folder = self._settings.home_path / "techniques"
        if folder.is_dir():
            items += load_folder(folder)
        catalog = Catalog(items)
        for name in self._settings.techniques.disabled:
            catalog = catalog.without(name)
        return catalog

    def _load_personas(self) -> dict[str, Persona]:
        found = {persona.name: persona for persona in self._plugins.collect("personas")}
        return found | load_personas(self._settings.home_path / "personas")
