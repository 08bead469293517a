"""Our own prompts as plain values, and back: what the JSON, YAML and Markdown formats share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from burnish.prompts import refs
from burnish.prompts.formats.assemble import check_time, complete, prompt, version
from burnish.prompts.formats.document import ExampleFile, Fault, PromptFile, Reading, VersionFile
from burnish.prompts.formats.gather import Gathered, items, mapping, object_at, shaped
from burnish.prompts.formats.source import Source
from burnish.prompts.prompt import MAIN, Message, Variable

SCHEMA = 1
KEY = "burnish"


class _Version(msgspec.Struct, frozen=True, kw_only=True):
    messages: tuple[Message, ...]
    variables: tuple[Variable, ...] = ()
    config: dict[str, Any] = {}
    author: str = ""
    message: str = ""
    created_at: datetime | None = None
    revision: int | None = None
    parents: tuple[str, ...] = ()
    metadata: dict[str, Any] = {}
    number: str = ""
    branch: str = MAIN
    archived_at: datetime | None = None


class _Prompt(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    versions: tuple[Any, ...]
    category: str | None = None
    tags: tuple[str, ...] | None = None
    description: str | None = None
    owner: str = ""
    labels: dict[str, int] = {}
    fixed: tuple[str, ...] = ()
    branches: dict[str, int] = {}
    examples: tuple[ExampleFile, ...] = ()


def is_native(value: object) -> bool:
    return KEY in mapping(value)


def read_native(source: Source, format_: str) -> Reading:
    """Raises Fault for a file of a newer schema."""
    top = object_at(source)
    schema = top.get(KEY)
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
        raise Fault(f"{KEY}: {schema!r} is no number of a schema", source.line(KEY))
    if schema > SCHEMA:
        raise Fault(
            f"was written by a newer Burnish (schema {schema}, known is {SCHEMA}); "
            "upgrade Burnish to read it",
            source.line(KEY),
        )
    if not isinstance(top.get("prompts"), list):
        raise Fault("has no list of prompts", source.line("prompts"))
    found = Gathered(source)
    for index, item in enumerate(items(top["prompts"])):
        found.try_(
            lambda item=item, index=index: _prompt(source, ("prompts", index), item, format_),
            *("prompts", index),
        )
    return found.reading()


def plain_version(each: VersionFile) -> dict[str, Any]:
    """Without what is not said."""
    plain: dict[str, Any] = {
        "revision": each.revision,
        "number": each.number,
        "author": each.author,
        "message": each.message,
        "created_at": None if each.created_at is None else each.created_at.isoformat(),
        "branch": None if each.branch == MAIN else each.branch,
        "archived_at": None if each.archived_at is None else each.archived_at.isoformat(),
        "parents": list(each.parents),
        "messages": [{"role": m.role, "content": m.content} for m in each.messages],
        "variables": [plain_variable(variable) for variable in each.variables],
        "config": each.config,
        "metadata": each.metadata,
    }
    return {key: value for key, value in plain.items() if value or value == 0}


def plain_variable(variable: Variable) -> dict[str, Any]:
    plain: dict[str, Any] = {"name": variable.name, "type": variable.type}
    if not variable.required or variable.default is not None:
        plain["required"] = variable.required
    if variable.description:
        plain["description"] = variable.description
    for key in ("default", "example"):
        if getattr(variable, key) is not None:
            plain[key] = getattr(variable, key)
    return plain


def plain_example(example: ExampleFile) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "inputs": example.inputs,
        "description": example.description,
        "tags": list(example.tags),
        "checks": list(example.checks),
    }
    found = {key: value for key, value in plain.items() if value}
    return found if example.expected is None else {**found, "expected": example.expected}


def plain_facts(each: PromptFile) -> dict[str, Any]:
    """What is said of the prompt itself."""
    plain: dict[str, Any] = {
        "name": each.name,
        "category": each.category,
        "tags": None if each.tags is None else list(each.tags),
        "description": each.description,
        "owner": each.owner or None,
    }
    return {key: value for key, value in plain.items() if value is not None}


def read_version(value: Any, line_of: Callable[[int, int], int] | None = None) -> VersionFile:
    """Raises UsageError."""
    given = shaped(value, _Version)
    check_time(given.archived_at)
    branch = given.branch if given.branch == MAIN else refs.check_branch(given.branch)
    found = version(
        given.messages,
        given.variables,
        given.config,
        line_of,
        author=given.author,
        message=given.message,
        created_at=_aware(given.created_at),
        revision=given.revision,
        parents=given.parents,
        metadata=given.metadata,
        number=given.number,
    )
    return msgspec.structs.replace(
        found,
        variables=complete(found.messages, found.variables),
        branch=branch,
        archived_at=_aware(given.archived_at),
    )


def _aware(at: datetime | None) -> datetime | None:
    """A time without a zone is one of UTC."""
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at


def plain_prompt(each: PromptFile) -> dict[str, Any]:
    plain = plain_facts(each)
    for key in ("labels", "fixed", "branches"):
        if value := getattr(each, key):
            plain[key] = value
    plain["versions"] = [plain_version(version) for version in each.versions]
    if each.examples:
        plain["examples"] = [plain_example(example) for example in each.examples]
    return plain


def _prompt(source: Source, place: tuple[str | int, ...], value: Any, format_: str) -> PromptFile:
    given = shaped(value, _Prompt)
    if not given.versions:
        raise Fault("has no versions")
    known = _Prompt.__struct_fields__
    found = prompt(
        given.name,
        [
            read_version(each, _lines(source, (*place, "versions", index, "messages")))
            for index, each in enumerate(given.versions)
        ],
        format_,
        category=given.category,
        tags=given.tags,
        description=given.description,
        owner=given.owner,
        labels=given.labels,
        examples=given.examples,
        notes=[
            f"the key {key!r} means nothing here and is left out"
            for key in mapping(value)
            if key not in known
        ],
        line=source.known_line(*place),
    )
    _check_branches(given, found)
    return msgspec.structs.replace(found, fixed=given.fixed, branches=given.branches)


def _check_branches(given: _Prompt, found: PromptFile) -> None:
    """Raises Fault for pointers that lead nowhere."""
    count = len(found.versions)
    if bad := next((name for name, at in given.branches.items() if not 0 < at <= count), None):
        raise Fault(f"the branch {bad!r} points at a version that is not there")
    if unknown := next((name for name in given.fixed if name not in given.labels), None):
        raise Fault(f"{unknown!r} is said to be fixed and is no label")
    if all(each.branch != MAIN for each in found.versions):
        raise Fault(f"has no version on its branch {MAIN}")


def _lines(source: Source, place: tuple[str | int, ...]) -> Callable[[int, int], int]:
    return lambda index, within: source.text_line((*place, index, "content"), within)
