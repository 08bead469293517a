"""Typed variables: what a template may be filled with, checked before it is filled."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

import msgspec

from burnish.errors import VariableError
from burnish.prompts.prompt import Variable, VariableType

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_WORDS: Mapping[VariableType, str] = {
    "string": "a string",
    "number": "a number",
    "boolean": "true or false",
    "list": "a list",
    "object": "an object with named fields",
}


def fill(variables: Iterable[Variable], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that a render needs: checked, defaults added.

    Raises VariableError for a value that is missing, of a wrong type, not plain JSON, or that no
    variable asks for.
    """
    known = {variable.name: variable for variable in variables}
    for name in values:
        if name not in known:
            raise _unknown(name, known)
    return {v.name: _value(v, values) for v in known.values() if v.name in values or _has_value(v)}


def parse(variable: Variable, text: str) -> Any:
    """A value typed on a command line or read from a file, as the variable's type."""
    if variable.type == "string":
        return text
    try:
        value = msgspec.json.decode(text.strip())
    except msgspec.DecodeError:
        value = _loose(variable.type, text.strip())
    _check(variable, value)
    return value


def is_type(kind: VariableType, value: object) -> bool:
    match kind:
        case "string":
            return isinstance(value, str)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "list":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)


def check_definition(variable: Variable) -> None:
    """Refuses a definition that could never be filled: its name, default or example."""
    if not NAME.match(variable.name):
        raise VariableError(
            f"{variable.name!r} is not a variable name",
            hint="use letters, digits and _, beginning with a letter",
            subject=variable.name,
        )
    for what, value in (("default", variable.default), ("example", variable.example)):
        if value is not None and not is_type(variable.type, value):
            raise VariableError(
                f"the {what} of variable {variable.name!r} is not {_WORDS[variable.type]}",
                hint=f"give a {what} of type {variable.type}, or change the type",
                subject=variable.name,
            )


def _has_value(variable: Variable) -> bool:
    if variable.required and variable.default is None:
        raise VariableError(
            f"variable {variable.name!r} is missing",
            hint=f"give {_WORDS[variable.type]} for it, e.g. --var {variable.name}=…",
            subject=variable.name,
        )
    return variable.default is not None or not variable.required


def _value(variable: Variable, values: Mapping[str, Any]) -> Any:
    value = values.get(variable.name, variable.default)
    if value is None and not variable.required:
        return None
    _check(variable, value)
    return value


def _check(variable: Variable, value: object) -> None:
    if not is_type(variable.type, value):
        raise VariableError(
            f"variable {variable.name!r} got {type(value).__name__}, not {_WORDS[variable.type]}",
            hint=f"give {_WORDS[variable.type]}",
            subject=variable.name,
        )
    if not is_plain(value):
        raise VariableError(
            f"variable {variable.name!r} holds something other than plain JSON values",
            hint="use strings, finite numbers, true, false, null, lists and objects",
            subject=variable.name,
        )


# Half of a surrogate pair is no character; it comes from text cut or decoded wrongly.
HALF_PAIR = re.compile("[\ud800-\udfff]")


def is_plain(value: object, depth: int = 0) -> bool:
    """Whether a value is JSON all the way down. Objects with methods never reach a template."""
    if value is None or type(value) in (bool, int):
        return True
    if type(value) is str:
        return HALF_PAIR.search(value) is None
    if isinstance(value, float):
        return math.isfinite(value)
    return depth <= 50 and _is_plain_inside(value, depth)


def _is_plain_inside(value: object, depth: int) -> bool:
    if type(value) is list:
        return all(is_plain(item, depth + 1) for item in cast("list[object]", value))
    if type(value) is dict:
        fields = cast("dict[object, object]", value)
        return all(
            type(k) is str and is_plain(k) and is_plain(v, depth + 1) for k, v in fields.items()
        )
    return False


def _loose(kind: VariableType, text: str) -> Any:
    """What people type where JSON would be right: yes/no, and comma-separated lists."""
    if kind == "boolean" and text.lower() in ("yes", "no", "on", "off"):
        return text.lower() in ("yes", "on")
    if kind == "list":
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _unknown(name: str, known: Mapping[str, Variable]) -> VariableError:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if near:
        hint = f"did you mean {near[0]!r}?"
    elif known:
        hint = f"it has {', '.join(sorted(known))}"
    else:
        hint = "it has no variables"
    return VariableError(f"the prompt has no variable {name!r}", hint=hint, subject=name)
