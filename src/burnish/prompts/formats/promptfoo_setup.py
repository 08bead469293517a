"""How a promptfoo configuration wants its prompts evaluated: models, tests, which of them belong
together, and what of it has no counterpart here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import msgspec

from burnish.prompts.formats.assemble import as_name
from burnish.prompts.formats.document import Fault, Problem
from burnish.prompts.formats.gather import Gathered, mapping, object_at
from burnish.prompts.formats.promptfoo import config_of
from burnish.prompts.formats.promptfoo_files import reference
from burnish.prompts.formats.promptfoo_providers import (
    Provider,
    no_counterpart,
    read_providers,
    unused_of,
)
from burnish.prompts.formats.promptfoo_tests import Case, read_tests
from burnish.prompts.formats.source import Source

# What an evaluation reads, and what changes no answer and no score.
_READ = (
    *("description", "prompts", "providers", "targets", "tests", "defaultTest", "scenarios"),
    *("evaluateOptions", "assertionTemplates", "tags", "metadata", "$schema", "sharing"),
    *("writeLatestResults", "outputPath", "commandLineOptions", "results"),
)
# Reading the prompts tells of these.
_TOLD = ("nunjucksFilters", "filters", "extensions", "redteam")
_OPTIONS = ("repeat", "maxConcurrency", "cache", "showProgressBar", "interactiveProviders")

Pair = tuple[str, str]


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """`of_providers` and `notes` tell what is not used of the providers, and of the rest."""

    providers: tuple[Provider, ...] = ()
    cases: tuple[Case, ...] = ()
    problems: tuple[Problem, ...] = ()
    repeats: int | None = None
    concurrency: int | None = None
    fresh: bool = False
    of_providers: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def models(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each.model for each in self.providers if each.model))

    def pairs(self, case: Case, prompts: Sequence[str], models: Sequence[str]) -> set[Pair]:
        """Which prompts (by name) and models a test is for, of those given. Raises Fault for a
        prompt or a provider that it names and that there is not."""
        named = _only(case.prompts, prompts, "prompt")
        asked = self._asked(case.providers, models)
        return {(p, m) for p in named for m in asked if self._takes(m, p, prompts)}

    def _asked(self, wanted: Sequence[str], models: Sequence[str]) -> Sequence[str]:
        found: dict[str, None] = {}
        for each in wanted:
            hits = [p for p in self.providers if any(_names(each, name) for name in p.names)]
            if not hits:
                raise Fault(f"is for the provider {each!r}, which the file does not have")
            found |= dict.fromkeys(p.model for p in hits if p.model)
        return [model for model in models if model in found] if wanted else models

    def _takes(self, model: str, prompt: str, prompts: Sequence[str]) -> bool:
        own = [each for each in self.providers if each.model == model]
        return not own or any(
            not each.prompts or prompt in _only(each.prompts, prompts, "prompt") for each in own
        )


def read_setup(source: Source) -> Setup:
    """Raises Fault for a file without keys."""
    fields = mapping(config_of(object_at(source)))
    notes: dict[str, None] = {}
    told: dict[str, None] = {}
    given = fields.get("providers", fields.get("targets"))
    providers = tuple(read_providers(source, given, told))
    for each in providers:
        told |= dict.fromkeys(unused_of(each) if each.model else (no_counterpart(each),))
    told |= dict.fromkeys(_unlike(providers))
    found = Gathered(source)
    tests = read_tests(fields, (), source, found, notes)
    options = mapping(fields.get("evaluateOptions"))
    notes |= dict.fromkeys(_unused(fields, options))
    return Setup(
        providers=providers,
        cases=tests.cases,
        problems=found.reading().problems,
        repeats=_count(options.get("repeat")),
        concurrency=_count(options.get("maxConcurrency")),
        fresh=options.get("cache") is False,
        of_providers=tuple(told),
        notes=tuple(notes),
    )


def _unlike(providers: Sequence[Provider]) -> Iterator[str]:
    """All models are asked with the parameters of the prompt, which are the first provider's."""
    there = [each for each in providers if each.model]
    for each in there[1:]:
        own = each.parameters()[0]
        if own != there[0].parameters()[0]:
            told = ", ".join(f"{key} {value}" for key, value in own.items()) or "none"
            yield (
                f"{each.address[:80]} is asked with the parameters of {there[0].address[:80]}, "
                f"not with its own ({told})"
            )
    models = [each.model for each in there]
    for model in dict.fromkeys(model for model in models if models.count(model) > 1):
        yield f"{model} is named by several providers and is asked once"


def _unused(fields: Mapping[str, Any], options: Mapping[str, Any]) -> Iterator[str]:
    for key, value in fields.items():
        if key not in (*_READ, *_TOLD) and value not in (None, {}, [], ""):
            yield f"{key} is not used"
    for key, value in options.items():
        if key not in _OPTIONS and value not in (None, False, 0, "", {}, []):
            yield f"evaluateOptions.{key} is not used"
    if fields.get("outputPath"):
        yield "outputPath is not written; name files with --report"


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _only(wanted: Sequence[str], there: Sequence[str], what: str) -> Sequence[str]:
    if not wanted:
        return there
    found: dict[str, None] = {}
    for each in wanted:
        hits = [name for name in there if _is_prompt(each, name)]
        if not hits:
            raise Fault(f"is for the {what} {each!r}, which the file does not have")
        found |= dict.fromkeys(hits)
    return tuple(found)


def _is_prompt(wanted: str, name: str) -> bool:
    """By its label, the label of a group, the beginning of one before `*`, or its file."""
    if wanted.endswith("*"):
        start = as_name(wanted.rstrip("*").rstrip(":"))
        return not start or name.startswith(start)
    if reference(wanted):
        return PurePosixPath(wanted).stem == name.rpartition("/")[2]
    own = as_name(wanted)
    return name == own or name.startswith(f"{own}/")


def _names(wanted: str, name: str) -> bool:
    """As a whole, by the part before a colon, or by the beginning before `*`."""
    if wanted.endswith("*"):
        return name.startswith(wanted[:-1])
    return name == wanted or name.startswith(f"{wanted}:")
