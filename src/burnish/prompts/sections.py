"""A prompt while it is being composed: an ordered set of titled parts.

Techniques add to sections, model families lay them out. The text that a user wrote stands in
its section unchanged, so composing can only add around it.
"""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

SectionKind = Literal[
    "role", "task", "context", "input", "steps", "constraints", "format", "quality", "examples"
]
ORDER: tuple[SectionKind, ...] = get_args(SectionKind)


class Section(msgspec.Struct, frozen=True):
    """`text` is template text. Lists are Markdown lines that begin with `- ` or `1. `."""

    kind: SectionKind
    text: str


class Sections(msgspec.Struct, frozen=True):
    parts: tuple[Section, ...] = ()

    def get(self, kind: SectionKind) -> str:
        return next((part.text for part in self.parts if part.kind == kind), "")

    def set(self, kind: SectionKind, text: str) -> Sections:
        """The same sections with this one replaced, added in `ORDER`, or removed when empty."""
        others = [part for part in self.parts if part.kind != kind]
        if text.strip():
            others.append(Section(kind, text.strip("\n")))
        return Sections(tuple(sorted(others, key=lambda part: ORDER.index(part.kind))))

    def add(self, kind: SectionKind, text: str) -> Sections:
        """The same sections with `text` after what stands in this one."""
        before = self.get(kind)
        last = before.rsplit("\n", 1)[-1].lstrip(" ")
        both_are_lists = last[:2] == text.lstrip("\n")[:2] == "- "
        gap = "\n" if both_are_lists else "\n\n"
        return self.set(kind, f"{before}{gap}{text.strip(chr(10))}" if before else text)

    def move_first(self, kind: SectionKind) -> Sections:
        """This section before all others but the role (documents first, question last)."""
        moved = [part for part in self.parts if part.kind == kind]
        role = [part for part in self.parts if part.kind == "role"]
        rest = [part for part in self.parts if part.kind not in (kind, "role")]
        return Sections((*role, *moved, *rest))
