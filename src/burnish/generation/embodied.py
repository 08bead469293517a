"""Techniques that the composer itself puts into practice.

An archetype's constraints, format and checks *are* "clear task", "output contract" and the like,
written for that very task. Adding the technique's general wording beside them would say the same
thing twice, so the technique is recorded with the words that carry it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from burnish.generation.archetype import Archetype
from burnish.prompts.sections import SectionKind, Sections
from burnish.techniques import AppliedTechnique, Catalog, Recommendation, Selection, Technique

_CARRIED_BY: Mapping[str, SectionKind] = {
    "clear_task": "quality",
    "context_block": "context",
    "delimiters": "input",
    "output_contract": "format",
    "positive_constraints": "constraints",
    "role_persona": "role",
    "schema_output": "format",
}
_ONLY_THE_TEXT = ("summarization", "data_extraction", "research")
# Ways of working that an archetype's own steps already lay out for its task.
_WORKING_STEPS = ("least_to_most", "outline_draft_revise", "plan_and_solve", "zero_shot_cot")
_ENOUGH_STEPS = 3
_SAID_ALREADY = "what a technique would add stands in the prompt in words made for the task"
# Where thinking is the task itself, a way of working helps beside any archetype.
_THINKING = ("reasoning", "problem_solving")


def without_needless(
    selection: Selection,
    catalog: Catalog,
    archetype: Archetype,
    sections: Sections,
    *,
    only: bool = False,
) -> Selection:
    """Without the techniques whose general wording would only repeat or blur what stands in the
    sections: tone and reader where none is named, role and way of working where the archetype was
    written for the very task, and, when the answer is to be one thing `only`, any form of it. What
    a person chose by hand stays."""

    def stays(each: Recommendation) -> bool:
        technique = catalog.get(each.technique)
        return each.source == "chosen" or not _is_needless(technique, archetype, sections, only)

    if not sections.get("constraints"):
        return selection
    kept = tuple(each for each in selection.recommendations if stays(each))
    reason = selection.none_needed or ("" if kept else _SAID_ALREADY)
    return msgspec.structs.replace(selection, recommendations=kept, none_needed=reason)


def _is_needless(
    technique: Technique, archetype: Archetype, sections: Sections, only: bool
) -> bool:
    if technique.name == "context_block":
        return not sections.get("context")
    if technique.name == "role_persona":
        return bool(archetype.match) and not sections.get("role")
    if technique.section == "steps":
        return archetype.intent not in _THINKING and not _has_steps(sections)
    return technique.name == "style_tone" or (only and technique.section == "format")


def split_embodied(
    techniques: Iterable[Technique],
    archetype: Archetype,
    sections: Sections,
    chosen: Sequence[str],
) -> tuple[list[Technique], list[AppliedTechnique]]:
    """(techniques that still have to add their text, techniques that the sections carry out).

    What a person chose by hand always adds its own text.
    """
    to_apply: list[Technique] = []
    carried: list[AppliedTechnique] = []
    for technique in techniques:
        kind = _carrier(technique, archetype, sections)
        if technique.name in chosen or kind is None:
            to_apply.append(technique)
            continue
        carried.append(
            AppliedTechnique(
                name=technique.name,
                title=technique.title,
                order=len(carried) + 1,
                section=kind,
                added=sections.get(kind),
                duration_ms=0.0,
            )
        )
    return to_apply, carried


def renumbered(
    carried: Sequence[AppliedTechnique], applied: Sequence[AppliedTechnique]
) -> tuple[AppliedTechnique, ...]:
    """Carried ones first: they stood in the draft before anything was added."""
    return tuple(
        msgspec.structs.replace(step, order=order)
        for order, step in enumerate((*carried, *applied), start=1)
    )


def _carrier(technique: Technique, archetype: Archetype, sections: Sections) -> SectionKind | None:
    kind = _CARRIED_BY.get(technique.name)
    if technique.name == "grounding" and archetype.intent in _ONLY_THE_TEXT:
        kind = "constraints"
    if technique.name in _WORKING_STEPS:
        kind = "steps" if _has_steps(sections) else None
    return kind if kind and sections.get(kind) else None


def _has_steps(sections: Sections) -> bool:
    steps = [line for line in sections.get("steps").splitlines() if line[:1].isdigit()]
    return len(steps) >= _ENOUGH_STEPS
