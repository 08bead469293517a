"""Starter files into starter prompts. A file that is wrong is named."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from burnish.errors import UsageError
from burnish.intents.intent import INTENTS, Intent
from burnish.library.starter.starter_prompt import StarterPrompt, StarterTest
from burnish.prompts.prompt import Message, Variable, VariableType
from burnish.prompts.template import read
from burnish.prompts.variables import check_definition
from burnish.shapes import convert
from burnish.techniques.read_yaml import read_yaml, refused

FOLDER = Path(__file__).parent / "prompts"
_Text = Annotated[str, Meta(min_length=1)]


class _Variable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One with a default is not required."""

    type: VariableType = "string"
    required: bool = True
    default: Any = None
    description: _Text
    example: Any = None


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`system` and `user`, or all `messages`."""

    name: Annotated[str, Meta(pattern=r"^[a-z_]+/[a-z_]+$")]
    version: Annotated[int, Meta(ge=1)] = 1
    intent: Intent
    tags: Annotated[tuple[_Text, ...], Meta(min_length=1)]
    description: _Text
    techniques: Annotated[tuple[_Text, ...], Meta(min_length=1)]
    system: str = ""
    user: str = ""
    messages: tuple[Message, ...] = ()
    variables: Annotated[dict[str, _Variable], Meta(min_length=1)]
    best_practices: Annotated[tuple[_Text, ...], Meta(min_length=2)]
    tests: Annotated[tuple[StarterTest, ...], Meta(min_length=1)]


@lru_cache(maxsize=1)
def load_starter() -> tuple[StarterPrompt, ...]:
    """All prompts that come with Burnish, by name."""
    return load_starter_folder(FOLDER)


def load_starter_folder(folder: Path) -> tuple[StarterPrompt, ...]:
    """Every `category/name.yaml` of a folder, by name.

    Raises UsageError naming the file that is wrong, and its line where that is known.
    """
    return tuple(_read(path, folder) for path in sorted(folder.glob("*/*.yaml")))


def _read(path: Path, folder: Path) -> StarterPrompt:
    source = path.relative_to(folder).as_posix()
    document = read_yaml(path.read_text("utf-8"), source)
    try:
        file = convert(document.value, _File)
    except msgspec.ValidationError as error:
        raise refused(source, 0, str(error)) from error
    if problem := _problem(file, source):
        raise refused(source, 0, problem)
    variables = tuple(_variable(name, each) for name, each in file.variables.items())
    found = StarterPrompt(
        name=file.name,
        category=file.name.partition("/")[0],
        version=file.version,
        intent=file.intent,
        tags=file.tags,
        description=file.description,
        techniques=file.techniques,
        messages=_messages(file),
        variables=variables,
        best_practices=file.best_practices,
        tests=tuple(_whole(test, variables) for test in file.tests),
    )
    _check(found, source)
    return found


def _problem(file: _File, source: str) -> str:
    if f"{file.name}.yaml" != source:
        return f"says that its name is {file.name}"
    if file.intent == INTENTS[-1]:
        return "has no intent of its own"
    if bool(file.messages) == bool(file.user):
        return "needs either user (and system) or messages"
    return ""


def _messages(file: _File) -> tuple[Message, ...]:
    """Without the line break at the end, which a block of YAML always brings."""
    given = file.messages or (Message("system", file.system), Message("user", file.user))
    return tuple(Message(m.role, m.content.rstrip()) for m in given if m.content)


def _variable(name: str, each: _Variable) -> Variable:
    return Variable(
        name=name,
        type=each.type,
        required=each.required and each.default is None,
        default=each.default,
        description=each.description,
        example=each.example.rstrip() if isinstance(each.example, str) else each.example,
    )


def _whole(test: StarterTest, variables: tuple[Variable, ...]) -> StarterTest:
    """With the examples of the variables that the test does not name."""
    shown = {v.name: v.example for v in variables if v.example is not None}
    return msgspec.structs.replace(test, inputs={**shown, **test.inputs})


def _check(starter: StarterPrompt, source: str) -> None:
    """What would make the prompt useless as soon as somebody renders it."""
    used: set[str] = set()
    try:
        for variable in starter.variables:
            check_definition(variable)
        for message in starter.messages:
            chat = message.role == "placeholder"
            used |= {message.content} if chat else read(message.content).names
    except UsageError as error:
        raise refused(source, 0, error.what) from error
    names = {variable.name for variable in starter.variables}
    if names != used:
        raise refused(source, 0, f"does not declare what it uses: {sorted(names ^ used)}")
    needed = {variable.name for variable in starter.variables if variable.required}
    for test in starter.tests:
        if missing := needed - test.inputs.keys():
            raise refused(source, 0, f"has a test without a value for {sorted(missing)}")
        if unknown := test.inputs.keys() - names:
            raise refused(source, 0, f"has a test with values for nothing: {sorted(unknown)}")
