"""Archetypes: what an expert writes into a prompt for one kind of task. One YAML file each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from burnish.errors import UsageError
from burnish.generation.brief import Brief
from burnish.intents import Classification, task_types
from burnish.intents.intent import Intent
from burnish.prompts.prompt import Variable
from burnish.shapes import convert

# What the general archetype of the intent counts at least, and from which chance on a kind of
# another intent may win by its pattern.
_GENERAL, _LIKELY = 0.12, 0.05
# The chance of a kind that the classifier did not name, and how many times likelier a kind becomes
# when its pattern matches: for each step of its priority, when no pattern matches more of the idea,
# and in languages that the sentence vectors hardly know. `benchmarks/archetype_choice.py` measures.
_UNLIKELY = 0.002
_SPECIAL, _LONGEST, _FOREIGN = 1.1, 4.5, 2.7
FOLDER = Path(__file__).parent / "archetypes"


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of template text. `when` and `unless` name what the idea must (not) have given:
    a variable or its beginning (`budget`), or one of audience, tone, length, format, language,
    input, fields, error. Several are parted by commas; any one of them counts."""

    text: str
    when: str = ""
    unless: str = ""


class Archetype(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`match` are regular expressions on the lower-cased idea; an archetype without any is the
    fallback of its intent. `documents` names the variables that bring whole texts: they stand
    between delimiters. `input` is what such a task always works on (text, code, data); it gets a
    variable where the idea neither names nor holds it.

    A variable that is not required and has no default is an open point: it is no part of the
    prompt, and the user is told that saying it would help."""

    name: str
    title: str
    intent: Intent
    match: tuple[str, ...] = ()
    priority: int = 0
    role: str = ""
    variables: tuple[Variable, ...] = ()
    documents: tuple[str, ...] = ()
    input: str = ""
    context: tuple[Line | str, ...] = ()
    steps: tuple[Line | str, ...] = ()
    constraints: tuple[Line | str, ...] = ()
    format: tuple[Line | str, ...] = ()
    quality: tuple[Line | str, ...] = ()
    best_practices: tuple[str, ...] = ()
    example_slot: bool = False


def load_archetypes(folder: Path = FOLDER) -> tuple[Archetype, ...]:
    """Raises UsageError naming the file and the field that is wrong."""
    return tuple(_load(path) for path in sorted(folder.glob("*.yaml")))


def choose(archetypes: Sequence[Archetype], idea: str, found: Classification) -> Archetype:
    """The archetype of the likeliest kind of task, where a pattern that matches the idea speaks
    for its archetype. One that no classifier was trained for (from a plug-in) is chosen where its
    pattern matches and its intent is the idea's."""
    text = idea[:2000].lower()
    # Patterns of kinds that could not win are not tried: compiling them all slows a cold start.
    open_to = [each for each in archetypes if _may_match(each, found)]
    matched = {each.name: _matched_length(each, text) for each in open_to}
    best = max(archetypes, key=lambda a: (_support(a, found, matched), a.priority), default=None)
    if best is None or _support(best, found, matched) <= 0:
        raise UsageError(
            f"no archetype serves the intent {found.intent!r}",
            hint="a plug-in may have taken the built-in ones away",
            subject=found.intent,
        )
    return best


def general(archetypes: Sequence[Archetype], intents: Sequence[Intent]) -> tuple[Archetype, ...]:
    """What serves each of the intents when nothing is known of the kind of task."""
    by_intent = {each.intent: each for each in reversed(archetypes) if not each.match}
    return tuple(by_intent[intent] for intent in intents if intent in by_intent)


def matches(archetype: Archetype, text: str) -> bool:
    """Whether one of its patterns, if it has any, speaks for it."""
    return not archetype.match or _matched_length(archetype, text.lower()) > 0


def _chance(archetype: Archetype, found: Classification) -> float:
    chances = (s.confidence for s in found.task_types if s.task_type == archetype.name)
    return max(next(chances, 0.0), _UNLIKELY)


def _may_match(archetype: Archetype, found: Classification) -> bool:
    """A pattern speaks for what is likely or of the idea's intent; alone it would override both."""
    return archetype.intent == found.intent or _chance(archetype, found) >= _LIKELY


def _support(archetype: Archetype, found: Classification, matched: Mapping[str, int]) -> float:
    """How much speaks for it: a chance for what was trained, more than that for a user's own."""
    length = matched.get(archetype.name, 0)
    is_own = archetype.intent == found.intent
    if not found.task_types or archetype.name not in task_types():
        serves = is_own and (bool(length) or not (found.task_types or archetype.match))
        return 1000.0 + length if serves else 0.0
    support = _chance(archetype, found)
    if length:
        support *= _SPECIAL**archetype.priority
        support *= _LONGEST if length == max(matched.values()) else 1.0
        support *= _FOREIGN if found.language != "en" else 1.0
    # Where no kind is likely, the general archetype of the intent serves.
    return max(support, _GENERAL) if is_own and not archetype.match else support


def lines(items: Iterable[Line | str], known: frozenset[str]) -> list[str]:
    """The lines whose conditions hold, `known` being what the idea gave."""
    kept: list[str] = []
    for item in items:
        line = Line(item) if isinstance(item, str) else item
        if (not line.when or _given(line.when, known)) and not (
            line.unless and _given(line.unless, known)
        ):
            kept.append(line.text.strip())
    return kept


def known_parts(brief: Brief, variables: Iterable[Variable]) -> frozenset[str]:
    parts: dict[str, Any] = {
        "audience": brief.audience,
        "tone": brief.tone,
        "length": brief.lengths,
        "format": brief.format,
        "language": brief.answer_language,
        "source_language": brief.source_language,
        "input": brief.inputs,
        "fields": brief.fields,
        "error": brief.error_text,
        "verbatim": brief.verbatim,
    }
    formats = {f"format_{brief.format.replace(' ', '_')}"} if brief.format else set[str]()
    return (
        frozenset({name for name, value in parts.items() if value})
        | formats
        | {variable.name for variable in variables}
    )


def _given(name: str, known: frozenset[str]) -> bool:
    names = [each.strip() for each in name.split(",")]
    return any(part == each or part.startswith(f"{each}_") for part in known for each in names)


def _matched_length(archetype: Archetype, text: str) -> int:
    """Of the longest text that one of its patterns matches; 0 where none does."""
    found = (_compiled(pattern).search(text) for pattern in archetype.match)
    return max((len(match[0]) for match in found if match), default=0)


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise UsageError(
            f"the pattern {pattern!r} of an archetype is no regular expression: {error}",
            hint="mend its `match`",
        ) from None


def _load(path: Path) -> Archetype:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), loader)  # noqa: S506 - safe loaders
        return convert(content, Archetype)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise UsageError(f"{path.name}: {' '.join(str(error).split())}") from None
