"""Techniques put into a prompt. They only add: what stands in a section stays as it is."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from typing import Any, get_args

import msgspec

from burnish.errors import UsageError
from burnish.intents.intent import Intent
from burnish.prompts.sections import ORDER, Section, SectionKind, Sections
from burnish.techniques.technique import Stage, Technique
from burnish.techniques.templates import render_addition

_STAGES: tuple[Stage, ...] = get_args(Stage)
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_NUMBERED = re.compile(r"^(\d{1,4})\. ")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_MARKER = re.compile(r"^(- |\d{1,4}\. )")


class AppliedTechnique(msgspec.Struct, frozen=True, kw_only=True):
    """`order` counts from 1. `added` is empty where the prompt said the same already, or where
    the technique only fills an empty section and this one was not."""

    name: str
    title: str
    order: int
    section: SectionKind
    added: str
    duration_ms: float


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    sections: Sections
    steps: tuple[AppliedTechnique, ...]


def apply(
    sections: Sections,
    techniques: Sequence[Technique],
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    intent: Intent | None = None,
) -> Applied:
    """The sections with what the techniques add, one after the other.

    What prepares comes first, checks come last; otherwise the given order holds. `parameters`
    gives values by technique and parameter name; a value is printed as it is, also where it
    looks like a template. `intent` picks the wording made for it.

    Raises `UsageError` for parameters of a technique that is not applied and for values that do
    not fit, `TemplateRefused` for a technique's template that cannot be rendered."""
    values = parameters or {}
    if strangers := sorted(set(values) - {technique.name for technique in techniques}):
        raise UsageError(
            f"there are parameters for {strangers[0]!r}, which is not applied",
            hint="apply the technique too, or leave its parameters out",
            subject=strangers[0],
        )
    steps: list[AppliedTechnique] = []
    for technique in sorted(techniques, key=lambda each: _STAGES.index(each.stage)):
        begun = time.perf_counter_ns()
        text = render_addition(technique, values.get(technique.name, {}), intent)
        sections, added = _add(sections, technique, text)
        steps.append(
            AppliedTechnique(
                name=technique.name,
                title=technique.title,
                order=len(steps) + 1,
                section=technique.section,
                added=added,
                duration_ms=(time.perf_counter_ns() - begun) / 1e6,
            )
        )
    if any(technique.layout == "input_first" for technique in techniques):
        sections = sections.move_first("input")
    return Applied(sections=sections, steps=tuple(steps))


def _add(sections: Sections, technique: Technique, text: str) -> tuple[Sections, str]:
    before = sections.get(technique.section)
    if technique.when_empty and before.strip():
        return sections, ""
    added = _without_repeats(text, [part.text for part in sections.parts])
    if not added:
        return sections, ""
    if not before:
        return _placed(sections, technique.section, added), added
    if _open_fence(before):
        # Behind an unclosed fence the addition would be read as code.
        return _placed(sections, technique.section, f"{added}\n\n{before}"), added
    added = renumbered(added, _last_number(before) + 1)
    return _placed(sections, technique.section, before + _gap(before, added) + added), added


def _placed(sections: Sections, kind: SectionKind, text: str) -> Sections:
    """The section with this text, the others untouched and in the order they have."""
    parts = list(sections.parts)
    for place, part in enumerate(parts):
        if part.kind == kind:
            parts[place] = Section(kind, text)
            return Sections(tuple(parts))
    behind = (n for n, part in enumerate(parts) if ORDER.index(part.kind) > ORDER.index(kind))
    parts.insert(next(behind, len(parts)), Section(kind, text))
    return Sections(tuple(parts))


def _gap(before: str, added: str) -> str:
    last = before.rstrip().rsplit("\n", 1)[-1]
    one_list = (last.lstrip(" ")[:2] == added[:2] == "- ") or bool(
        _NUMBERED.match(last) and _NUMBERED.match(added)
    )
    wanted = 1 if one_list else 2
    tail = before[len(before.rstrip()) :]
    return "\n" * max(0, wanted - tail.count("\n"))


def _open_fence(text: str) -> bool:
    opened = ""
    for line in text.splitlines():
        found = _FENCE.match(line)
        if found is None:
            continue
        if not opened:
            opened = found[1]
        elif found[1].startswith(opened) and not line[found.end() :].strip():
            opened = ""
    return bool(opened)


def _last_number(before: str) -> int:
    found = _NUMBERED.match(before.rstrip().rsplit("\n", 1)[-1])
    return int(found[1]) if found else 0


def renumbered(text: str, first: int) -> str:
    """The text's top-level numbers counted on from `first`."""
    lines = text.split("\n")
    for place, line in enumerate(lines):
        if found := _NUMBERED.match(line):
            lines[place] = f"{first}. {line[found.end() :]}"
            first += 1
    return "\n".join(lines)


def _without_repeats(text: str, present: Sequence[str]) -> str:
    """The text without the sentences that stand elsewhere in the prompt already."""
    seen = {_key(sentence) for part in present for sentence in _sentences(part)}
    if any(_FENCE.match(line) for line in text.splitlines()):
        return "" if all(_key(s) in seen for s in _sentences(text)) else text
    kept: list[str] = []
    for line in text.split("\n"):
        marker = _MARKER.match(line)
        lead = marker[0] if marker else ""
        fresh = [s for s in _SENTENCE_END.split(line[len(lead) :]) if _key(s) not in seen]
        if any(fresh):
            kept.append(lead + " ".join(fresh))
    return "\n".join(kept)


def _sentences(text: str) -> list[str]:
    lines = [_MARKER.sub("", line.strip()) for line in text.splitlines()]
    return [sentence for line in lines for sentence in _SENTENCE_END.split(line) if sentence]


def _key(sentence: str) -> str:
    return " ".join(sentence.casefold().split()).rstrip(".!;:,")
