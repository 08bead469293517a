"""Prompts as Langfuse's interface gives and takes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from burnish.errors import UsageError
from burnish.prompts import refs
from burnish.prompts.formats.assemble import as_name, complete, prompt, version
from burnish.prompts.formats.chat import read_part
from burnish.prompts.formats.document import ExampleFile, Fault, PromptFile, Reading, VersionFile
from burnish.prompts.formats.gather import (
    Gathered,
    is_list,
    is_mapping,
    items,
    mapping,
    shaped,
    translated,
)
from burnish.prompts.formats.kept import without_keys
from burnish.prompts.formats.models import usable_config
from burnish.prompts.formats.native import plain_example, plain_variable
from burnish.prompts.formats.pieces import as_variable
from burnish.prompts.formats.source import Source
from burnish.prompts.formats.templates import Dialect
from burnish.prompts.formats.unwritten import named_only
from burnish.prompts.prompt import Message, Variable

_REFERENCE_START, _REFERENCE_END = "@@@langfusePrompt:", "@@@"
# In `config`, which is free: what Langfuse has no field for.
_OWN = "burnish"


class _Own(msgspec.Struct, frozen=True, kw_only=True):
    template: str = ""
    variables: tuple[Variable, ...] | None = None
    category: str | None = None
    description: str | None = None
    owner: str = ""
    revision: int | None = None
    parents: tuple[str, ...] = ()
    number: str = ""
    metadata: dict[str, Any] = {}
    examples: tuple[ExampleFile, ...] = ()
    has_tags: bool = True


class _Item(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    name: str
    prompt: Any = None
    type: str | None = None
    version: int | None = None
    labels: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    config: Any = None
    commit_message: str | None = None
    created_at: datetime | None = None
    created_by: str | None = None
    versions: Any = None


class Langfuse:
    name = "langfuse"
    suffixes = (".json",)
    describes = "Langfuse JSON: one prompt, a list of them, or a page of its interface"
    loses = ("templates with logic are text to Langfuse: it fills in variables alone",)

    def claims(self, source: Source) -> bool:
        if not source.is_json:
            return False
        listed = _listed(source.peek())
        return bool(listed) and _is_item(listed[0][1])

    def read(self, source: Source) -> Reading:
        found = Gathered(source)
        groups: dict[str, list[tuple[tuple[str | int, ...], _Item]]] = {}
        for place, value in _listed(source.value()):
            try:
                item = shaped(value, _Item)
                if item.prompt is None:
                    raise Fault(f"{item.name[:80]} is listed without its text")
                groups.setdefault(item.name, []).append((place, item))
            except UsageError as error:
                found.problem(error, *place)
        for group in groups.values():
            group.sort(key=lambda each: each[1].version or 0)
            found.try_(lambda group=group: _Group(source, group).prompt(), *group[0][0])
        return found.reading()

    def write(self, prompts: Sequence[PromptFile]) -> dict[str, str]:
        listed = [item for each in prompts for item in _items(each)]
        content = msgspec.json.format(msgspec.json.encode(listed))
        return {"prompts.json": content.decode() + "\n"}


def _listed(value: Any) -> list[tuple[tuple[str | int, ...], Any]]:
    """The prompts of a file, each with its place."""
    if is_list(value):
        return [((index,), item) for index, item in enumerate(items(value))]
    fields = mapping(value)
    for key in ("data", "prompts"):
        if is_list(fields.get(key)):
            return [((key, index), item) for index, item in enumerate(items(fields[key]))]
    return [((), value)] if fields else []


def _is_item(value: Any) -> bool:
    fields = mapping(value)
    if not isinstance(fields.get("name"), str):
        return False
    if "prompt" in fields:
        known = ("type", "labels", "version", "config", "commitMessage", "projectId", "isActive")
        return any(key in fields for key in known) or set(fields) <= {"name", "prompt", "tags"}
    return "versions" in fields and "labels" in fields


class _Group:
    """The versions of one prompt."""

    def __init__(self, source: Source, group: list[tuple[tuple[str | int, ...], _Item]]) -> None:
        self._source = source
        self._group = group
        self._notes: dict[str, None] = {}

    def prompt(self) -> PromptFile:
        versions: list[VersionFile] = []
        labels: dict[str, int] = {}
        for number, (place, item) in enumerate(self._group, start=1):
            try:
                versions.append(self._version(place, item))
            except UsageError as error:
                line = error.line if isinstance(error, Fault) else 0
                raise Fault(error.what, line or self._source.line(*place)) from None
            labels |= dict.fromkeys(self._labels(item), number)
        place, last = self._group[-1]
        own = self._own(last)
        name = as_name(last.name)
        if name != last.name:
            self._notes.setdefault(f"is called {last.name!r} there")
        return prompt(
            name,
            versions,
            Langfuse.name,
            category=own.category,
            tags=last.tags if own.has_tags else None,
            description=own.description,
            owner=own.owner,
            labels=labels,
            examples=own.examples,
            notes=self._notes,
            line=self._source.known_line(*place),
        )

    def _own(self, item: _Item) -> _Own:
        return shaped(mapping(mapping(item.config).get(_OWN)), _Own)

    def _version(self, place: tuple[str | int, ...], item: _Item) -> VersionFile:
        own = self._own(item)
        dialect: Dialect = "jinja2" if own.template == "jinja" else "names"
        messages = self._messages(place, item, dialect)
        given = {key: value for key, value in mapping(item.config).items() if key != _OWN}
        config, others = usable_config(given)
        if others:
            told = ", ".join(others)
            self._notes.setdefault(f"kept in the metadata, since no config here may say it: {told}")
        if item.config is not None and not is_mapping(item.config):
            self._notes.setdefault("a config without keys is left out")
        kept = without_keys({"config": others}, self._notes) if others else {}
        at = item.created_at
        own_file = _OWN in mapping(item.config)
        return version(
            messages,
            complete(messages, own.variables or ()),
            config if own_file else without_keys(config, self._notes),
            author=item.created_by or "",
            message=item.commit_message or "",
            created_at=at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at,
            revision=own.revision if own_file else _revision(item.version),
            parents=own.parents,
            metadata={**own.metadata, **kept},
            number=own.number,
        )

    def _messages(
        self, place: tuple[str | int, ...], item: _Item, dialect: Dialect
    ) -> list[Message]:
        if isinstance(item.prompt, str):
            return [self._message(Message("user", item.prompt), (*place, "prompt"), dialect)]
        if not is_list(item.prompt):
            raise Fault("its prompt is neither a text nor a list of messages")
        return [
            self._item_message(each, (*place, "prompt", index), dialect)
            for index, each in enumerate(items(item.prompt))
        ]

    def _item_message(self, value: Any, place: tuple[str | int, ...], dialect: Dialect) -> Message:
        fields = mapping(value)
        if fields.get("type") == "placeholder" or fields.get("role") == "placeholder":
            given = fields.get("name", fields.get("content"))
            if not isinstance(given, str):
                raise Fault("a placeholder has no name")
            name = as_variable(given)
            if name != given:
                self._notes.setdefault(f"the placeholder {given!r} is called {name} here")
            return Message("placeholder", name)
        part = read_part({k: v for k, v in fields.items() if k != "type"}, self._notes)
        return self._message(Message(part.role, part.content), place, dialect)

    def _message(self, message: Message, place: tuple[str | int, ...], dialect: Dialect) -> Message:
        found = translated(self._source, place, message.content, dialect)
        self._notes |= dict.fromkeys(found.notes)
        for name in _references(message.content):
            self._notes.setdefault(f"{name} stands for another prompt there and stays as text here")
        return Message(message.role, found.text)

    def _labels(self, item: _Item) -> list[str]:
        found: list[str] = []
        for label in item.labels or ():
            if label == refs.LATEST:
                continue
            try:
                found.append(refs.check_label(label))
            except UsageError as error:
                self._notes.setdefault(f"the label {label[:40]!r} is left out: {error.what}")
        return found


def _revision(number: int | None) -> int | None:
    return number if number is not None and 1 <= number < 10**9 else None


def _references(text: str) -> list[str]:
    """`@@@langfusePrompt:name=x|label=y@@@` brings in another prompt."""
    found: list[str] = []
    at = text.find(_REFERENCE_START)
    while at >= 0:
        end = text.find(_REFERENCE_END, at + len(_REFERENCE_START))
        if end < 0:
            break
        found.append(text[at : end + len(_REFERENCE_END)][:200])
        at = text.find(_REFERENCE_START, end)
    return found


def _items(each: PromptFile) -> list[dict[str, Any]]:
    last = len(each.versions)
    return [_item(each, place, is_last=place == last) for place in range(1, last + 1)]


def _item(each: PromptFile, place: int, *, is_last: bool) -> dict[str, Any]:
    written = each.versions[place - 1]
    texts = [named_only(message) for message in written.messages]
    logic = any(text is None for text in texts)
    shown = [
        message.content if logic else str(text)
        for message, text in zip(written.messages, texts, strict=True)
    ]
    is_text = [message.role for message in written.messages] == ["user"]
    labels = [label for label, at in each.labels.items() if at == place]
    at = written.created_at
    item: dict[str, Any] = {
        "name": each.name,
        "type": "text" if is_text else "chat",
        "prompt": shown[0]
        if is_text
        else [_chat(m, t) for m, t in zip(written.messages, shown, strict=True)],
        "version": written.revision if all(v.revision for v in each.versions) else place,
        "config": {**written.config, _OWN: _own(each, written, is_last=is_last, logic=logic)},
        "labels": labels,
        "tags": list(each.tags or ()),
        "commitMessage": written.message or None,
        "createdAt": None if at is None else at.isoformat(),
        "createdBy": written.author or None,
    }
    return {key: value for key, value in item.items() if value is not None}


def _chat(message: Message, text: str) -> dict[str, Any]:
    if message.role == "placeholder":
        return {"type": "placeholder", "name": text}
    return {"role": message.role, "content": text}


def _own(each: PromptFile, written: VersionFile, *, is_last: bool, logic: bool) -> dict[str, Any]:
    own: dict[str, Any] = {
        "template": "jinja" if logic else None,
        "variables": [plain_variable(variable) for variable in written.variables] or None,
        "revision": written.revision,
        "parents": list(written.parents) or None,
        "number": written.number or None,
        "metadata": written.metadata or None,
    }
    if is_last:
        own |= {
            "category": each.category,
            "description": each.description,
            "owner": each.owner or None,
            "examples": [plain_example(example) for example in each.examples] or None,
            "has_tags": None if each.tags is not None else False,
        }
    return {key: value for key, value in own.items() if value is not None}
