"""The variables that a file declares, in the forms people write them.

variables: [topic, tone]
variables: {topic: "What it is about", tone: {type: string, default: plain}}
variables: [{name: topic, type: str, required: true}]
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from burnish.prompts.formats.assemble import type_of
from burnish.prompts.formats.document import Fault
from burnish.prompts.formats.gather import is_list, is_mapping, items, mapping, shaped
from burnish.prompts.prompt import Variable, VariableType
from burnish.prompts.variables import check_definition, is_type

_TYPES: Mapping[str, VariableType] = {
    "string": "string", "str": "string", "text": "string",
    "number": "number", "int": "number", "integer": "number", "float": "number",
    "boolean": "boolean", "bool": "boolean",
    "list": "list", "array": "list", "thread": "list",
    "object": "object", "dict": "object", "mapping": "object",
}  # fmt: skip


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    name: str = ""
    type: Any = None
    kind: Any = None
    required: bool | None = None
    default: Any = None
    description: str | None = None
    example: Any = None
    sample: Any = None


def read_declared(value: object) -> tuple[Variable, ...]:
    """Raises UsageError."""
    if value is None:
        return ()
    if is_mapping(value):
        return tuple(variable_of(name, spec) for name, spec in mapping(value).items())
    if not is_list(value):
        raise Fault("variables: neither a list nor names with types")
    found: list[Variable] = []
    for item in items(value):
        name = item if isinstance(item, str) else mapping(item).get("name")
        if not isinstance(name, str):
            raise Fault("variables: an item is neither a name nor has one")
        found.append(variable_of(name, mapping(item)))
    return tuple(found)


def variable_of(name: str, spec: object) -> Variable:
    """Raises UsageError."""
    if is_mapping(spec):
        given = shaped(spec, Spec)
    else:
        given = Spec(description=spec) if isinstance(spec, str) else Spec(default=spec)
    word = given.type if given.type is not None else given.kind
    kind = _TYPES.get(str(word).lower()) if word is not None else None
    example = given.example if given.example is not None else given.sample
    variable = Variable(
        name=name,
        type=kind or type_of([given.default, example]) or "string",
        required=given.default is None if given.required is None else given.required,
        default=given.default,
        description=given.description or "",
        example=example,
    )
    if word is not None and kind is None:
        raise Fault(
            f"variable {name!r} has the type {str(word)[:40]!r}; "
            "use string, number, boolean, list or object"
        )
    check_definition(variable)
    return variable


def fitted(variable: Variable) -> tuple[Variable, str]:
    """Without the default or example that does not have its type, and a note that says so."""
    lost = [
        what
        for what in ("default", "example")
        if (value := getattr(variable, what)) is not None and not is_type(variable.type, value)
    ]
    if not lost:
        return variable, ""
    kept = msgspec.structs.replace(
        variable,
        default=None if "default" in lost else variable.default,
        example=None if "example" in lost else variable.example,
        required=variable.required or "default" in lost,
    )
    told = " and ".join(lost)
    return kept, f"the {told} of {variable.name} is left out: it is no {variable.type}"
