"""Different prompts for one idea: other technique sets first, then other shapes."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from burnish.prompts.sections import SectionKind, Sections

# How many technique sets are tried before the shape changes too.
_SETS = 10
# Lines worth testing on any prompt, and sections that a strong model may not need.
_MORE: tuple[tuple[SectionKind, str], ...] = (
    ("constraints", "Begin with the answer itself, without an introduction."),
    (
        "constraints",
        "Where something essential is missing, say what, and go on with a stated assumption.",
    ),
    ("quality", "Nothing is said twice."),
    ("constraints", "Prefer the specific to the general: names, numbers and examples."),
)
_LESS: tuple[SectionKind, ...] = ("quality", "steps")
_SHAPES = 1 << (len(_MORE) + len(_LESS) + 1)


class Variant(msgspec.Struct, frozen=True):
    """`shape_index` 0 is the full prompt; the others drop or move sections that a model may not
    need, so that each can be measured against the rest."""

    technique_set: int = 0
    shape_index: int = 0

    def shape(self, sections: Sections) -> Sections:
        index = self.shape_index
        for bit, (kind, line) in enumerate(_MORE):
            if index & (1 << bit):
                sections = sections.add(kind, f"- {line}")
        for bit, kind in enumerate(_LESS, start=len(_MORE)):
            if index & (1 << bit):
                sections = sections.set(kind, "")
        if index & (1 << (len(_MORE) + len(_LESS))):
            sections = sections.move_first("constraints")
        return sections


def variants() -> Iterator[Variant]:
    """All variants, the most different first. Each of the first few has a technique set and a
    shape of its own, so the texts differ even where two sets are carried out by the same words."""
    for turn in range(_SHAPES):
        for technique_set in range(_SETS):
            yield Variant(technique_set, (technique_set + turn) % _SHAPES)
