"""Whether examples have what prompts want, found out before anything is asked."""

from __future__ import annotations

from collections.abc import Sequence

from burnish.errors import UsageError
from burnish.evals.only import is_asked
from burnish.evals.prepared import Prepared
from burnish.storage.example import Example

_MAP = "rename with burnish datasets add --map, or edit the prompt"


def checked_fit(
    prompts: Sequence[Prepared], models: Sequence[str], examples: Sequence[Example]
) -> tuple[str, ...]:
    """Notes on examples that lack a variable. Raises UsageError for a prompt that fits none of
    them, or has no place for anything that they bring: it would be asked the same thing again and
    again."""
    notes: list[str] = []
    for prepared in prompts:
        asked = [
            example
            for example in examples
            if any(is_asked(example, prepared.name, model) for model in models)
        ]
        if asked:
            notes += _misfits(prepared, asked)
    return tuple(notes)


def _misfits(prepared: Prepared, examples: Sequence[Example]) -> list[str]:
    if len(examples) > 1 and not any(prepared.values(each.inputs) for each in examples):
        given = sorted({name for example in examples for name in example.inputs})
        named = [variable.name for variable in prepared.variables]
        raise UsageError(
            f"{prepared.reference} has no variable of the examples: it has "
            f"{', '.join(named) or 'none'}, they have {', '.join(given) or 'none'}",
            hint=_MAP,
            subject=prepared.reference,
        )
    notes: list[str] = []
    for variable in prepared.variables:
        if not variable.required or variable.default is not None:
            continue
        lacking = sum(variable.name not in each.inputs for each in examples)
        if lacking == len(examples):
            raise UsageError(
                f"{prepared.reference} wants the variable {variable.name!r}, and no example has it",
                hint=f"add it (a column, or --var {variable.name}=…), or edit the prompt",
                subject=prepared.reference,
            )
        if lacking:
            of = f"{lacking} of {len(examples)} examples"
            notes.append(
                f"{of} cannot be asked of {prepared.reference}: the variable {variable.name!r} "
                "is missing"
            )
    return notes
