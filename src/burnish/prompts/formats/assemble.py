"""Versions and prompts as the library will take them: all that it would refuse is told here, by
the file's own lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypedDict, Unpack

import msgspec

from burnish.errors import UsageError
from burnish.prompts import refs
from burnish.prompts.config import check_config
from burnish.prompts.formats.document import ExampleFile, Fault, PromptFile, VersionFile
from burnish.prompts.formats.templates import check_template
from burnish.prompts.prompt import Message, Variable, VariableType
from burnish.prompts.template import defaults, find_variables, read
from burnish.prompts.variables import check_definition, is_plain, is_type

_ROLE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_TYPES: tuple[VariableType, ...] = ("string", "boolean", "number", "list", "object")
_FORBIDDEN = re.compile(r"[|@\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
# A value of which a field is asked for.
_DOTTED = re.compile(r"\{\{-?\s{0,9}([A-Za-z_]\w*)\.[A-Za-z_]", re.ASCII)
_LONG_CHARS = 20_000
_LOOP = re.compile(r"\{%-?\s{0,9}for\s[\w\s,]{1,80}?\sin\s{1,9}([A-Za-z_]\w*)")


class VersionFields(TypedDict, total=False):
    author: str
    message: str
    created_at: Any
    revision: int | None
    parents: tuple[str, ...]
    metadata: dict[str, Any]
    number: str


class PromptFields(TypedDict, total=False):
    category: str | None
    description: str | None
    owner: str
    labels: dict[str, int]
    examples: tuple[ExampleFile, ...]
    line: int


def version(
    messages: Sequence[Message],
    variables: Sequence[Variable] = (),
    config: Mapping[str, Any] | None = None,
    line_of: Callable[[int, int], int] | None = None,
    **rest: Unpack[VersionFields],
) -> VersionFile:
    """`line_of` gives the file's line of a message's own line. Raises UsageError for what the
    library would refuse."""
    if not any(message.content.strip() for message in messages):
        raise Fault("has no text")
    for index, message in enumerate(messages):
        try:
            _check_message(message)
        except Fault as fault:
            line = line_of(index, fault.line) if line_of and fault.line else 0
            told = (
                f"{fault.what}, in line {fault.line} of the text"
                if fault.line and not line
                else fault.what
            )
            raise Fault(told, line) from None
    _check_variables(variables)
    check_time(rest.get("created_at"))
    for what, value in (("config", config or {}), ("metadata", rest.get("metadata", {}))):
        if not is_plain(dict(value)):
            raise Fault(f"the {what} holds a number or text that nobody could store")
    check_config(config or {})
    return VersionFile(
        messages=tuple(messages), variables=tuple(variables), config=dict(config or {}), **rest
    )


def check_time(at: datetime | None) -> None:
    """Raises Fault for one that is outside of the years 1 to 9999 in UTC, as it is kept."""
    try:
        if at is not None:
            at.astimezone(UTC)
    except OverflowError:
        raise Fault(f"holds the time {at}, which is out of range") from None


def _check_variables(variables: Sequence[Variable]) -> None:
    seen: set[str] = set()
    for variable in variables:
        check_definition(variable)
        if variable.name in seen:
            raise Fault(f"declares the variable {variable.name!r} twice")
        seen.add(variable.name)
        if not is_plain(variable.default) or not is_plain(variable.example):
            raise Fault(f"the variable {variable.name!r} holds something other than plain values")


def prompt(
    name: str,
    versions: Sequence[VersionFile],
    format_: str,
    *,
    tags: Iterable[str] | None = None,
    notes: Iterable[str] = (),
    **rest: Unpack[PromptFields],
) -> PromptFile:
    """Raises UsageError for what the library would refuse."""
    tags = None if tags is None else clean_tags(tags)
    for text in (rest.get("category"), rest.get("description"), rest.get("owner"), *(tags or ())):
        if text is not None and (not is_plain(text) or "\0" in text):
            raise Fault("its category, tags, description or owner holds what is no character")
    for example in rest.get("examples", ()):
        held = [example.inputs, example.expected, list(example.checks), list(example.tags)]
        if not is_plain([*held, example.description]):
            raise Fault("an example holds a number or text that nobody could store")
    for label, place in rest.get("labels", {}).items():
        refs.check_label(label)
        if not 1 <= place <= len(versions):
            raise Fault(f"the label {label!r} points at no version of the file")
    return PromptFile(
        name=refs.check_name(name),
        versions=tuple(versions),
        tags=tags,
        notes=tuple(dict.fromkeys(notes)),
        format=format_,
        **rest,
    )


def clean_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Trimmed, each once, in the order given."""
    return tuple(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))


def as_name(text: str, fallback: str = "prompt") -> str:
    """A name that a prompt can have, near to what another tool calls it."""
    try:
        return refs.check_name(text)
    except UsageError:
        pass
    spaced = _FORBIDDEN.sub(" ", text[:1000])
    parts = [" ".join(part.split()) for part in spaced.split("/")]
    name = "/".join(part for part in parts if part not in ("", ".", ".."))[:200].strip(" /")
    try:
        return refs.check_name(name)
    except UsageError:
        return fallback


def complete(messages: Sequence[Message], declared: Iterable[Variable]) -> tuple[Variable, ...]:
    """The declared variables, each once, then those that the messages use beside them."""
    known = {variable.name: variable for variable in reversed(list(declared))}
    known = dict(reversed(known.items()))
    for message in messages:
        if message.role == "placeholder" and message.content not in known:
            known[message.content] = Variable(
                name=message.content, type="list", description="Messages that stand here"
            )
    declared_names = set(known)
    texts = [message.content for message in messages if message.role != "placeholder"]
    for text in texts:
        for variable in _used(text):
            known.setdefault(variable.name, variable)
    dotted = {name for text in texts for name in _DOTTED.findall(text)} - declared_names
    return tuple(
        msgspec.structs.replace(v, type="object") if v.name in dotted and v.type == "string" else v
        for v in find_variables(texts, tuple(known.values()))
    )


def _used(text: str) -> list[Variable]:
    """Where they can be told at once. To find the first use of each of many takes too long."""
    template = read(text)
    if template.kind == "plain":
        return [Variable(name=name) for name in template.pieces[1::2]]
    if len(text) <= _LONG_CHARS:
        return []
    given, looped = defaults(text), set(_LOOP.findall(text))
    return [
        Variable(
            name=name,
            type="list" if name in looped else type_of([given.get(name)]) or "string",
            required=name not in given,
            default=given.get(name),
        )
        for name in sorted(template.names)
    ]


def type_of(values: Iterable[Any]) -> VariableType | None:
    """The type that all the values have; None where they differ, or there is none."""
    kinds: set[VariableType] = {_kind(value) for value in values if value is not None}
    return kinds.pop() if len(kinds) == 1 else None


def _kind(value: Any) -> VariableType:
    kinds: list[VariableType] = [kind for kind in _TYPES if is_type(kind, value)]
    return kinds[0] if kinds else "string"


def _check_message(message: Message) -> None:
    if not _ROLE.fullmatch(message.role):
        raise Fault(f"{message.role[:40]!r} is no role")
    if "\0" in message.content or not is_plain(message.content):
        raise Fault("a text holds NUL or half of a character")
    if message.role == "placeholder":
        check_definition(Variable(name=message.content, type="list"))
    else:
        check_template(message.content)
