"""A prompting technique as a value: what it adds to a prompt, when it fits and what it costs."""

from __future__ import annotations

from difflib import get_close_matches
from functools import lru_cache
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta

from burnish.errors import UsageError
from burnish.intents.intent import Intent
from burnish.prompts.sections import SectionKind

Category = Literal[
    "structure",
    "zero_shot",
    "reasoning",
    "few_shot",
    "decomposition",
    "ensemble",
    "self_criticism",
    "iterative",
    "grounding",
    "agentic",
    "conversation",
    "translation",
]
CATEGORIES: tuple[Category, ...] = get_args(Category)

ModelClass = Literal["standard", "reasoning", "small"]
Need = Literal["input", "long_input", "examples", "labels", "machine_output", "tools"]
Form = Literal["whole", "condensed", "part"]
Stage = Literal["prepare", "work", "check"]
Suit = Intent | Literal["all"]

Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,63}$")]
Text = Annotated[str, Meta(min_length=1)]
Level = Annotated[int, Meta(ge=1, le=5)]
CallsText = Annotated[str, Meta(pattern=r"^[1-9]\d*(-[1-9]\d*|\+)?$")]


class Calls(msgspec.Struct, frozen=True):
    """Model calls per answer. `max` is None where the method sets no limit."""

    min: int
    max: int | None

    @staticmethod
    @lru_cache(maxsize=64)
    def parse(text: str) -> Calls:
        """`1`, `5-40` or `3+`."""
        if text.endswith("+"):
            return Calls(int(text[:-1]), None)
        low, _, high = text.partition("-")
        return Calls(int(low), int(high or low))

    def __str__(self) -> str:
        if self.max is None:
            return f"{self.min} or more"
        return str(self.min) if self.min == self.max else f"{self.min} to {self.max}"


class Parameter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Name
    type: Literal["string", "number", "boolean", "list"] = "string"
    default: Any = ""
    description: Text


class TechniqueExample(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`before` is a request, `after` what the technique makes of it."""

    before: Text
    after: Text


class Evidence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What others report. Burnish's own figures are estimates that come from stored runs.

    `read` is true where the figure was read in its source, false where it is quoted from memory
    of the literature and has to be checked before it is cited."""

    source: Text
    year: int | None = None
    effect: str = ""
    note: str = "reported by others; not measured by Burnish"
    read: bool = False


class Technique(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of the catalogue.

    template      minijinja text that becomes part of a prompt; `variants` replace it for an intent
    calls         model calls per answer of the published method: `1`, `5-40` or `3+`
    form          whole: the text is the method. condensed: the text does a method of several
                  calls in one answer. part: the prompt is one call of several
    needs         what the request must have before the technique is picked by itself
    from_level    the least complexity of a request for which it is picked by itself
    writes_first  asks for text besides the answer (reasoning, a plan, a draft, questions), which
                  breaks output that a program reads
    when_empty    adds only where its section holds nothing yet
    setup         is prepared once before use, beyond the calls per answer
    priority      0 to 100; with 0 it is used only when somebody chooses it by hand
    """

    name: Name
    title: Text
    category: Category
    complexity: Level
    calls: CallsText = "1"
    form: Form = "whole"
    suits: Annotated[tuple[Suit, ...], Meta(min_length=1)]
    first_choice_for: tuple[Intent, ...] = ()
    avoid_for: tuple[Intent, ...] = ()
    avoid_because: str = ""
    conflicts_with: tuple[Name, ...] = ()
    needs: tuple[Need, ...] = ()
    avoid_model_classes: tuple[ModelClass, ...] = ()
    prefer_model_classes: tuple[ModelClass, ...] = ()
    notes_for: dict[ModelClass, str] = {}
    from_level: Level = 1
    writes_first: bool = False
    when_empty: bool = False
    setup: bool = False
    section: SectionKind
    stage: Stage = "work"
    layout: Literal["", "input_first"] = ""
    template: Text
    variants: dict[Intent, Text] = {}
    parameters: tuple[Parameter, ...] = ()
    examples: Annotated[tuple[TechniqueExample, ...], Meta(min_length=1)]
    evidence: Annotated[tuple[Evidence, ...], Meta(min_length=1)]
    harm: Text
    summary: Text
    why: Text
    version: Annotated[int, Meta(ge=1)] = 1
    active: bool = True
    priority: Annotated[int, Meta(ge=0, le=100)] = 50

    def __post_init__(self) -> None:
        """Raises UsageError for a category that there is not, which no listing would show."""
        if self.category not in CATEGORIES:
            near = get_close_matches(str(self.category), CATEGORIES, n=1)
            raise UsageError(
                f"technique {self.name}: there is no category {self.category!r}",
                hint=f"did you mean {near[0]}?" if near else f"use {', '.join(CATEGORIES)}",
                subject=self.name,
            )

    def suited_to(self, intent: Intent) -> bool:
        return intent not in self.avoid_for and ("all" in self.suits or intent in self.suits)

    @property
    def published_calls(self) -> Calls:
        return Calls.parse(self.calls)

    @property
    def expected_calls(self) -> Calls:
        """Calls per answer when the text is used as it stands."""
        return Calls(1, 1) if self.form == "condensed" else self.published_calls

    @property
    def costly(self) -> bool:
        """Takes more than one call, or a preparation, before it pays."""
        return self.setup or self.published_calls.min > 1


def contradictions(technique: Technique) -> str:
    """What in the technique cannot be true at once, empty when nothing is."""
    suited = set(technique.suits)
    if clash := suited & set(technique.avoid_for):
        return f"suits and avoid_for both name {', '.join(sorted(clash))}"
    if "all" not in suited and (extra := set(technique.first_choice_for) - suited):
        return f"first_choice_for names {', '.join(sorted(extra))}, which suits does not"
    if technique.name in technique.conflicts_with:
        return "conflicts_with names the technique itself"
    if technique.avoid_for and not technique.avoid_because:
        return "avoid_for needs avoid_because, the reason in plain words"
    names = [parameter.name for parameter in technique.parameters]
    if len(names) != len(set(names)):
        return "parameters has one name twice"
    return ""


def technique_schema() -> dict[str, Any]:
    """JSON Schema of one technique file."""
    return msgspec.json.schema(Technique)
