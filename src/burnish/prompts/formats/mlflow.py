"""Prompts of MLflow's registry, and references to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from burnish.errors import UsageError
from burnish.prompts import refs
from burnish.prompts.formats.assemble import as_name, complete, prompt, version
from burnish.prompts.formats.chat import read_part
from burnish.prompts.formats.document import Fault, PromptFile, Reading, VersionFile
from burnish.prompts.formats.gather import Gathered, is_list, items, mapping, shaped, translated
from burnish.prompts.formats.kept import without_keys
from burnish.prompts.formats.models import model_name, usable_config
from burnish.prompts.formats.source import Source, read_json
from burnish.prompts.formats.templates import Dialect
from burnish.prompts.formats.unwritten import named_only
from burnish.prompts.prompt import Message

_SCHEME = "prompts:/"
_TEXT_TAG = "mlflow.prompt.text"
_TYPE_TAG = "_mlflow_prompt_type"
_OWN_TAGS = ("mlflow.", "_mlflow")
_LISTS = ("prompts", "prompt_versions", "model_versions")
_LATEST_MS = 253_402_300_799_000

# In a version's metadata: that its texts are templates with logic.
_TEMPLATE = "burnish_template"

Place = tuple[str | int, ...]


class _Item(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    template: Any = None
    version: int | str | None = None
    tags: Any = None
    aliases: Any = None
    description: str | None = None
    commit_message: str | None = None
    version_metadata: Any = None
    config: Any = None
    model_config: Any = None
    creation_timestamp: int | str | None = None
    response_format: Any = None


class MLflow:
    name = "mlflow"
    suffixes = (".json", ".yaml", ".yml", ".txt")
    describes = "MLflow: prompts of its registry as JSON or YAML; lists of prompts:/ references"
    loses = (
        "categories, owners and who wrote a version",
        "types and defaults of variables, examples",
    )

    def claims(self, source: Source) -> bool:
        if _SCHEME in source.text[:10_000] and _references(source.text):
            return True
        if source.suffix == ".txt":
            return False
        listed = _listed(source.peek())
        return bool(listed) and _is_item(listed[0][1])

    def read(self, source: Source) -> Reading:
        found = Gathered(source)
        if references := _references(source.text):
            for line, reference in references:
                what = f"{reference[:200]} is a reference: the text is in the registry it names"
                found.problem(Fault(f"{what}; export it from there", line))
            return found.reading()
        groups: dict[str, list[tuple[Place, _Item]]] = {}
        for place, value in _listed(source.value()):
            try:
                item = shaped(value, _Item)
                groups.setdefault(item.name, []).append((place, item))
            except UsageError as error:
                found.problem(error, *place)
        for group in groups.values():
            group.sort(key=lambda each: _number(each[1].version) or 0)
            found.try_(lambda group=group: _prompt(source, group), *group[0][0])
        return found.reading()

    def write(self, prompts: Sequence[PromptFile]) -> dict[str, str]:
        listed = [
            _written(each, place) for each in prompts for place in range(1, len(each.versions) + 1)
        ]
        content = msgspec.json.format(msgspec.json.encode({"prompt_versions": listed}))
        return {"prompts.json": content.decode() + "\n"}


def _references(text: str) -> list[tuple[int, str]]:
    """The references of a file that holds nothing else, with their lines."""
    found: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        bare = line.strip().lstrip("-").strip().strip("\"'")
        if bare.startswith(_SCHEME):
            found.append((number, bare))
        elif bare and not bare.startswith("#"):
            return []
    return found


def _listed(value: Any) -> list[tuple[Place, Any]]:
    if is_list(value):
        return [((index,), item) for index, item in enumerate(items(value))]
    fields = mapping(value)
    for key in _LISTS:
        if is_list(fields.get(key)):
            return [((key, index), item) for index, item in enumerate(items(fields[key]))]
    for key in ("prompt_version", "model_version", "prompt"):
        if mapping(fields.get(key)):
            return [((key,), fields[key])]
    return [((), value)] if fields else []


def _is_item(value: Any) -> bool:
    fields = mapping(value)
    if not isinstance(fields.get("name"), str):
        return False
    # With one of these beside its name and text it is of the registry; with `user` it is not.
    known = ("version", "aliases", "commit_message", "version_metadata", "creation_timestamp")
    if "template" in fields:
        return any(key in fields for key in known) and not {"system", "user", "agent"} & set(fields)
    return _TEXT_TAG in _tags(fields.get("tags"))


def _tags(given: Any) -> dict[str, str]:
    found = {
        str(mapping(tag)["key"]): str(mapping(tag).get("value", ""))
        for tag in items(given)
        if "key" in mapping(tag)
    }
    return found | {key: str(value) for key, value in mapping(given).items()}


def _prompt(source: Source, group: list[tuple[Place, _Item]]) -> PromptFile:
    notes: dict[str, None] = {}
    versions: list[VersionFile] = []
    labels: dict[str, int] = {}
    numbers = {_number(item.version): index for index, (_, item) in enumerate(group, start=1)}
    for number, (place, item) in enumerate(group, start=1):
        try:
            versions.append(_version(source, place, item, notes))
        except UsageError as error:
            line = error.line if isinstance(error, Fault) else 0
            raise Fault(error.what, line or source.line(*place)) from None
        for alias, target in _aliases(item.aliases):
            _point(labels, alias, numbers.get(target, number) if target else number, notes)
    place, last = group[-1]
    # A tag without a value is one of ours.
    shown = {k: v for k, v in _tags(last.tags).items() if not k.startswith(_OWN_TAGS)}
    tags = [
        key if value in ("", "true", "True") else f"{key}={value}" for key, value in shown.items()
    ]
    return prompt(
        as_name(last.name),
        versions,
        MLflow.name,
        tags=None if last.tags is None else tags,
        description=last.description,
        labels=labels,
        notes=notes,
        line=source.known_line(*place),
    )


def _aliases(given: Any) -> list[tuple[str, int | None]]:
    """Names, each with the version that it points at where the file says that."""
    found = [(key, _number(value)) for key, value in mapping(given).items()]
    for item in items(given):
        if isinstance(item, str):
            found.append((item, None))
        elif alias := mapping(item).get("alias"):
            found.append((str(alias), _number(mapping(item).get("version"))))
    return found


def _point(labels: dict[str, int], alias: str, place: int, notes: dict[str, None]) -> None:
    if alias == refs.LATEST:
        return
    try:
        labels[refs.check_label(alias)] = place
    except UsageError as error:
        notes.setdefault(f"the alias {alias[:40]!r} is left out: {error.what}")


def _version(source: Source, place: Place, item: _Item, notes: dict[str, None]) -> VersionFile:
    messages = _messages(source, place, item, notes)
    settings = {**mapping(item.model_config), **mapping(item.config)}
    provider, model = settings.pop("provider", None), settings.pop("model_name", None)
    if isinstance(model, str) and (name := model_name(str(provider or "openai"), model)):
        settings["model"] = name
    config, others = usable_config(settings)
    about = {
        **{k: v for k, v in mapping(item.version_metadata).items() if k != _TEMPLATE},
        **({"config": others} if others else {}),
        **({"response_format": item.response_format} if item.response_format else {}),
    }
    number = _number(item.version)
    return version(
        messages,
        complete(messages, ()),
        without_keys(config, notes),
        message=item.commit_message or "",
        created_at=_time(item.creation_timestamp),
        revision=number if number and number < 10**9 else None,
        metadata=without_keys(about, notes),
    )


def _messages(source: Source, place: Place, item: _Item, notes: dict[str, None]) -> list[Message]:
    logic = mapping(item.version_metadata).get(_TEMPLATE) == "jinja"
    tags = _tags(item.tags)
    template = tags.get(_TEXT_TAG) if item.template is None else item.template
    if item.template is None and template and tags.get(_TYPE_TAG) == "chat":
        template = read_json(template)
    at = (*place, "template")
    if isinstance(template, str):
        return [_message(source, at, Message("user", template), notes, logic=logic)]
    if not is_list(template):
        raise Fault("has no template")
    parts = [read_part(each, notes) for each in items(template)]
    return [
        _message(
            source, (*at, index, "content"), Message(part.role, part.content), notes, logic=logic
        )
        for index, part in enumerate(parts)
    ]


def _message(
    source: Source, place: Place, message: Message, notes: dict[str, None], *, logic: bool
) -> Message:
    if message.role == "placeholder":
        return message
    # The registry takes a text with blocks for Jinja2, and any other for names in braces.
    dialect: Dialect = "jinja2" if logic or "{%" in message.content else "names"
    found = translated(source, place, message.content, dialect)
    notes |= dict.fromkeys(found.notes)
    return Message(message.role, found.text)


def _number(value: Any) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _time(given: Any) -> datetime | None:
    milliseconds = _number(given)
    if milliseconds is None or not 0 <= milliseconds <= _LATEST_MS:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _written(each: PromptFile, place: int) -> dict[str, Any]:
    written = each.versions[place - 1]
    texts = [named_only(message) for message in written.messages]
    # A text with blocks is Jinja2 to the registry.
    logic = any(text is None or "{%" in text for text in texts)
    messages = [
        {"role": message.role, "content": message.content if logic else text}
        for message, text in zip(written.messages, texts, strict=True)
    ]
    metadata = {**written.metadata, **({_TEMPLATE: "jinja"} if logic else {})}
    alone = [message.role for message in written.messages] == ["user"]
    at = written.created_at
    item: dict[str, Any] = {
        "name": each.name,
        "version": written.revision if all(v.revision for v in each.versions) else place,
        "template": messages[0]["content"] if alone else messages,
        "tags": None if each.tags is None else dict.fromkeys(each.tags, ""),
        "aliases": [label for label, points_at in each.labels.items() if points_at == place],
        "description": each.description,
        "commit_message": written.message or None,
        "config": written.config or None,
        "version_metadata": metadata or None,
        "creation_timestamp": None if at is None else int(at.timestamp() * 1000),
    }
    return {key: value for key, value in item.items() if value is not None}
