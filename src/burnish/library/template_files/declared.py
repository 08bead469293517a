"""The variables that a template file declares, in the forms people write them.

variables: [chapter, title]
variables: {required: [chapter], optional: [title]}
variables: {chapter: "integer - Its number", title: {type: string, default: Untitled}}
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec

from burnish.errors import VariableError
from burnish.library.template_files.fields import Fault, Lines
from burnish.prompts.prompt import Variable, VariableType
from burnish.prompts.template import find_variables
from burnish.prompts.variables import check_definition, is_type
from burnish.shapes import convert

_TYPES: Mapping[str, VariableType] = {
    "string": "string", "str": "string", "text": "string",
    "number": "number", "int": "number", "integer": "number", "float": "number",
    "boolean": "boolean", "bool": "boolean",
    "list": "list", "array": "list",
    "object": "object", "dict": "object", "mapping": "object",
}  # fmt: skip
_ALL: tuple[VariableType, ...] = ("string", "boolean", "number", "list", "object")
_DESCRIBED = re.compile(r"\s*(\w+)\s*(?:(?:[-\u2013\u2014:]|\Z)\s*)(.*)", re.DOTALL)
_JOINED = re.compile(r"\{\{-?\s*([A-Za-z_]\w*)\s*\|\s*join\b")
_BOOLEANS = {"yes": True, "no": False, "on": True, "off": False}

Place = tuple[str | int, ...]


class _Spec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str = ""
    type: str = ""
    required: bool | str | None = None
    default: Any = None
    description: str = ""
    example: Any = None


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """`untyped` are those whose type nobody gave."""

    variables: tuple[Variable, ...] = ()
    untyped: frozenset[str] = frozenset()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(variable.name for variable in self.variables)

    def typed(
        self, texts: list[str], examples: Sequence[Mapping[str, Any]]
    ) -> tuple[Variable, ...]:
        """With the types that the texts and the inputs of examples show, where none is given."""
        if not self.untyped:
            return self.variables
        used = {variable.name: variable.type for variable in find_variables(texts)}
        joined = {name for text in texts for name in _JOINED.findall(text)}
        shown = _shown(examples)
        return tuple(
            msgspec.structs.replace(
                v,
                type="list" if v.name in joined else shown.get(v.name) or used.get(v.name, v.type),
            )
            if v.name in self.untyped
            else v
            for v in self.variables
        )


def read_variables(value: object, at: Place, lines: Lines) -> Declared:
    """Raises Fault."""
    found = [
        _variable(name, spec, required, lines.get(place, 0))
        for name, spec, required, place in _entries(value, at, lines)
    ]
    names = Counter(variable.name for variable, _ in found)
    if twice := [name for name, times in names.items() if times > 1]:
        raise Fault(f"declares the variable {twice[0]!r} twice", lines.get(at, 0))
    return Declared(
        variables=tuple(variable for variable, _ in found),
        untyped=frozenset(variable.name for variable, typed in found if not typed),
    )


def _entries(value: object, at: Place, lines: Lines) -> list[tuple[str, Any, bool | None, Place]]:
    if value is None:
        return []
    if isinstance(value, list):
        return [
            _item(item, (*at, index), lines)
            for index, item in enumerate(cast("list[object]", value))
        ]
    if not isinstance(value, dict):
        raise Fault("variables: neither a list nor names with types", lines.get(at, 0))
    fields = cast("dict[str, object]", value)
    if fields and all(
        key in ("required", "optional") and (each is None or isinstance(each, list))
        for key, each in fields.items()
    ):
        return [
            (name, spec, key == "required", place)
            for key in fields
            for name, spec, _, place in _entries(fields[key], (*at, key), lines)
        ]
    return [(name, spec, None, (*at, name)) for name, spec in fields.items()]


def _item(item: object, at: Place, lines: Lines) -> tuple[str, Any, bool | None, Place]:
    if isinstance(item, str):
        return item, None, None, at
    if isinstance(item, dict) and isinstance(name := cast("dict[str, Any]", item).get("name"), str):
        return name, cast("dict[str, Any]", item), None, at
    raise Fault("variables: an item is neither a name nor has one", lines.get(at, 0))


def _variable(name: str, spec: Any, required: bool | None, line: int) -> tuple[Variable, bool]:
    try:
        given = convert(_as_fields(spec), _Spec)
    except msgspec.ValidationError as error:
        raise Fault(f"variable {name!r}: {error}", line) from None
    kind = _TYPES.get(given.type.lower())
    if given.type and kind is None:
        raise Fault(
            f"variable {name!r} has the type {given.type!r}; "
            "use string, number, boolean, list or object",
            line,
        )
    needed = given.required if required is None else required
    if isinstance(needed, str):
        needed = _BOOLEANS.get(needed.lower())
    variable = Variable(
        name=name,
        type=kind or _type_of(given.default) or _type_of(given.example) or "string",
        required=given.default is None if needed is None else needed,
        default=given.default,
        description=given.description,
        example=given.example,
    )
    try:
        check_definition(variable)
    except VariableError as error:
        raise Fault(error.what, line) from None
    typed = kind is not None or given.default is not None or given.example is not None
    return variable, typed


def _as_fields(spec: Any) -> Any:
    """`integer - Its number` is a type and a description; other words are a description."""
    if spec is None:
        return {}
    if not isinstance(spec, str):
        return spec
    found = _DESCRIBED.fullmatch(spec)
    if found and found[1].lower() in _TYPES:
        return {"type": found[1], "description": found[2].strip()}
    return {"description": spec.strip()}


def _shown(examples: Sequence[Mapping[str, Any]]) -> dict[str, VariableType]:
    """The types that the inputs of all examples agree on."""
    found: dict[str, set[VariableType | None]] = {}
    for example in examples:
        given = example.get("input")
        if isinstance(given, dict):
            for name, value in cast("dict[str, Any]", given).items():
                found.setdefault(name, set()).add(_type_of(value))
    return {
        name: kind
        for name, kinds in found.items()
        if len(kinds) == 1 and (kind := next(iter(kinds)))
    }


def _type_of(value: Any) -> VariableType | None:
    return None if value is None else next(kind for kind in _ALL if is_type(kind, value))
