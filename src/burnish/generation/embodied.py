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
from burnish.techniques import AppliedTechnique, Technique

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
# What general wording would say again where an archetype was written for the very task: its
# constraints fit reader and voice, its format lays out the work. Where thinking is the task
# itself, a way of working still helps.
_SAID_FOR_THE_TASK: Mapping[str, SectionKind] = {
    "style_tone": "constraints",
    **dict.fromkeys(_WORKING_STEPS, "format"),
}
_THINKING = ("reasoning", "problem_solving")


def split_embodied(
    techniques: Iterable[Technique],
    archetype: Archetype,
    sections: Sections,
    chosen: Sequence[str],
    *,
    terse: bool = True,
) -> tuple[list[Technique], list[AppliedTechnique]]:
    """(techniques that still have to add their text, techniques that the sections carry out).

    What a person chose by hand always adds its own text. Without `terse`, so does all that is
    only said in other words: variations are meant to differ.
    """
    to_apply: list[Technique] = []
    carried: list[AppliedTechnique] = []
    for technique in techniques:
        kind = _carrier(technique, archetype, sections, terse=terse)
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


def _carrier(
    technique: Technique, archetype: Archetype, sections: Sections, *, terse: bool
) -> SectionKind | None:
    kinds: list[SectionKind | None] = [_CARRIED_BY.get(technique.name)]
    if terse and technique.name == "context_block":
        kinds.append("constraints")
    if technique.name == "grounding" and archetype.intent in _ONLY_THE_TEXT:
        kinds = ["constraints"]
    if technique.name in _WORKING_STEPS:
        steps = [line for line in sections.get("steps").splitlines() if line[:1].isdigit()]
        kinds = ["steps"] if len(steps) >= _ENOUGH_STEPS else []
    thinks = technique.name in _WORKING_STEPS and archetype.intent in _THINKING
    if terse and archetype.match and not thinks:
        kinds.append(_SAID_FOR_THE_TASK.get(technique.name))
    return next((kind for kind in kinds if kind and sections.get(kind)), None)
