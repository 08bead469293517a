"""Archetypes: what an expert writes into a prompt for one kind of task. One YAML file each."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from burnish.errors import UsageError
from burnish.generation.brief import Brief
from burnish.intents.intent import Intent
from burnish.prompts.prompt import Variable

FOLDER = Path(__file__).parent / "archetypes"


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of template text. `when` and `unless` name what the idea must (not) have given:
    a variable or its beginning (`budget`), or one of audience, tone, length, format, language,
    input, fields, error."""

    text: str
    when: str = ""
    unless: str = ""


class Archetype(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`match` are regular expressions on the lower-cased idea; an archetype without any is the
    fallback of its intent. Of several that match, the longest matched text decides, then
    `priority`. `documents` names the variables that bring whole texts: they stand between
    delimiters."""

    name: str
    title: str
    intent: Intent
    match: tuple[str, ...] = ()
    priority: int = 0
    role: str = ""
    variables: tuple[Variable, ...] = ()
    documents: tuple[str, ...] = ()
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


def choose(
    archetypes: Sequence[Archetype], brief: Brief, others: Collection[Intent] = ()
) -> Archetype:
    """The archetype whose pattern says most about the idea, within its intent. Where that has
    nothing but its general one, a pattern of the `others`, the next likely intents, counts."""
    length, best = _best(archetypes, brief, (brief.intent,))
    if length < 0 and others:
        length, other = _best(archetypes, brief, others)
        best = other if length > 0 else best
    if best is None:
        raise UsageError(f"no archetype serves the intent {brief.intent!r}")
    return best


def _best(
    archetypes: Sequence[Archetype], brief: Brief, intents: Collection[Intent]
) -> tuple[int, Archetype | None]:
    """With the length of what its pattern matches; -1 for one that serves its whole intent."""
    text = brief.idea[:2000].lower()
    best: tuple[int, int, Archetype | None] = (-1, -1, None)
    for archetype in archetypes:
        if archetype.intent not in intents:
            continue
        length = max((_match_length(pattern, text) for pattern in archetype.match), default=-1)
        rank = (length, archetype.priority)
        if length and (rank > best[:2] or best[2] is None):
            best = (*rank, archetype)
    return best[0], best[2]


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
    return any(part == name or part.startswith(f"{name}_") for part in known)


def _match_length(pattern: str, text: str) -> int:
    match = _compiled(pattern).search(text)
    return len(match[0]) if match else 0


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _load(path: Path) -> Archetype:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), loader)  # noqa: S506 - safe loaders
        return msgspec.convert(content, Archetype)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise UsageError(f"{path.name}: {' '.join(str(error).split())}") from None
