"""Different prompts for one idea: other technique sets first, then other shapes."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from burnish.prompts.sections import Sections

# How many technique sets are tried before the shape changes too.
_SETS = 10


class Variant(msgspec.Struct, frozen=True):
    """`shape_index` 0 is the full prompt; the others drop or move sections that a model may not
    need, so that each can be measured against the rest."""

    technique_set: int = 0
    shape_index: int = 0

    def shape(self, sections: Sections) -> Sections:
        if self.shape_index & 1:
            sections = sections.set("quality", "")
        if self.shape_index & 2:
            sections = sections.set("steps", "")
        if self.shape_index & 4:
            sections = sections.move_first("constraints")
        if self.shape_index & 8:
            sections = sections.move_first("format")
        return sections


def variants() -> Iterator[Variant]:
    """All variants, the most different first: each technique set in full, then by shape."""
    for shape_index in range(16):
        for technique_set in range(_SETS):
            yield Variant(technique_set, shape_index)
