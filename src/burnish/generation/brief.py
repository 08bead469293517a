"""What the composer has read from an idea."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from burnish.intents.intent import Intent
from burnish.prompts.prompt import Variable, VariableType

SpanKind = Literal[
    "length", "format", "tone", "audience", "language", "slot", "constraint", "fields", "input"
]


# From this length on an idea that was kept whole holds its material.
_LONG, _SEVERAL_LINES = 300, 2


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Where in the idea something was read. `keep` leaves its words in the task sentence, with
    `replacement` (template text) in their place when it is given."""

    start: int
    end: int
    kind: SpanKind
    value: str = ""
    replacement: str = ""
    keep: bool = False
    variable: Variable | None = None


class Input(msgspec.Struct, frozen=True):
    """Text that the finished prompt will be given: a variable named after what it is."""

    name: str
    noun: str
    plural: bool = False


class Brief(msgspec.Struct, frozen=True, kw_only=True):
    """`task` is template text: the idea in one instruction without what stands elsewhere.

    `verbatim` says that the idea is kept whole as the request, because it is long, has several
    lines, or holds code or data. `pasted` is the text that came with the ask and is the
    default of the first input. `language` is the code of the language it is written in.
    `reasons` tell what was read and from which words.
    """

    idea: str
    intent: Intent
    task: str
    topic: str = ""
    audience: str = ""
    tone: tuple[str, ...] = ()
    lengths: tuple[str, ...] = ()
    format: str = ""
    answer_language: str = ""
    source_language: str = ""
    fields: tuple[str, ...] = ()
    inputs: tuple[Input, ...] = ()
    variables: tuple[Variable, ...] = ()
    constraints: tuple[str, ...] = ()
    error_text: str = ""
    verbatim: bool = False
    pasted: str = ""
    language: str = "en"
    reasons: tuple[tuple[str, str], ...] = ()

    @property
    def brings_material(self) -> bool:
        """Whether the text to work on came with the idea, apart from it or inside it."""
        long = len(self.idea) > _LONG or self.idea.count("\n") >= _SEVERAL_LINES
        return bool(self.pasted) or (self.verbatim and long)


def slot(
    name: str,
    value: Any,
    description: str,
    kind: VariableType = "string",
) -> Variable:
    """A changeable part of the idea: what the user wrote is the default and the example."""
    return Variable(
        name=name,
        type=kind,
        required=False,
        default=value,
        description=description,
        example=value,
    )
