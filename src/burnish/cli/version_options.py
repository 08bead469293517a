"""--config and --type of `prompts create` and `prompts edit`, and values typed after a =."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

from cyclopts import Parameter

from burnish.cli.common import from_stdin, read_file
from burnish.errors import UsageError

if TYPE_CHECKING:
    from burnish.prompts.prompt import Message, Variable

Config = Annotated[
    list[str] | None,
    Parameter(help="KEY=value of how it runs, such as temperature=0.2; KEY= removes; repeatable."),
]
Type = Annotated[
    list[str] | None,
    Parameter(
        name="--type",
        help="NAME=type of a variable: string, number, boolean, list, object; repeatable.",
    ),
]


def given_value(given: str) -> str:
    """The value itself, or what `@file` and `-` bring without the line end that files close with;
    `@@` stands for a value that begins with an @."""
    if given == "-":
        return from_stdin().removesuffix("\n")
    if given.startswith("@@"):
        return given[1:]
    return read_file(Path(given[1:])).removesuffix("\n") if given.startswith("@") else given


def configured(before: dict[str, Any], pairs: Sequence[str]) -> dict[str, Any]:
    """The config with what the pairs set, as JSON where it is, and without what they remove."""
    import msgspec

    from burnish.shapes import decode

    config = dict(before)
    for pair in pairs:
        key, given = _split(pair, "--config temperature=0.2")
        if given:
            text = given_value(given)
            try:
                config[key] = decode(text, object)
            except msgspec.DecodeError:
                config[key] = text
        elif key not in config:
            raise UsageError(f"the config has no {key!r}", hint=f"give a value: --config {key}=…")
        else:
            del config[key]
    return config


def typed(
    messages: Sequence[Message], known: Sequence[Variable], pairs: Sequence[str]
) -> list[Variable]:
    """The variables, known and new ones of the messages, with the types that the pairs give."""
    variables = {each.name: each for each in _found(messages, known)}
    for pair in pairs:
        name, kind = _split(pair, "--type name=number")
        if name not in variables:
            there = ", ".join(variables) or "none"
            raise UsageError(f"the text has no variable {name!r}", hint=f"it has {there}")
        variables[name] = _retyped(variables[name], kind)
    return list(variables.values())


def used(messages: Sequence[Message], known: Sequence[Variable]) -> list[Variable]:
    """Those that the messages still have."""
    names = {each.name for each in _found(messages, ())}
    names |= {each.content for each in messages if each.role == "placeholder"}
    return [variable for variable in known if variable.name in names]


def _found(messages: Sequence[Message], known: Sequence[Variable]) -> tuple[Variable, ...]:
    from burnish.prompts.template import find_variables

    texts = [each.content for each in messages if each.role != "placeholder"]
    return find_variables(texts, tuple(known))


def values_of(pairs: Sequence[str]) -> dict[str, list[float]]:
    """Of `temperature=0,0.7`. Raises UsageError for what is no number."""
    found: dict[str, list[float]] = {}
    for pair in pairs:
        key, given = _split(pair, "--vary temperature=0,0.7")
        try:
            found.setdefault(key, []).extend(_number(each) for each in given.split(","))
        except ValueError:
            raise UsageError(
                f"{key} has values that are no numbers: {given[:80]}",
                hint="write --vary temperature=0,0.7",
            ) from None
    return found


def _number(text: str) -> float:
    """A whole one stays whole, as `max_tokens` wants it."""
    return int(text) if text.strip().isdigit() else float(text)


def _split(pair: str, example: str) -> tuple[str, str]:
    name, equals, given = pair.partition("=")
    if not equals or not name.strip():
        raise UsageError(f"{pair!r} is no pair", hint=f"write {example}")
    return name.strip(), given


def _retyped(variable: Variable, kind: str) -> Variable:
    """An example of another type goes; a default of another type is refused when it is stored."""
    import msgspec

    from burnish.prompts.prompt import VariableType
    from burnish.prompts.variables import is_type

    for known in get_args(VariableType):
        if kind == known:
            fits = is_type(known, variable.example)
            example = variable.example if fits else None
            return msgspec.structs.replace(variable, type=known, example=example)
    raise UsageError(
        f"{kind!r} is no type of a variable", hint=f"use {', '.join(get_args(VariableType))}"
    )
