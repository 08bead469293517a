"""YAML that holds prompts by their names: agents and tasks of CrewAI, and plain collections."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from burnish.prompts.formats.assemble import as_name, complete, prompt, version
from burnish.prompts.formats.braces import rewritten, undeclared
from burnish.prompts.formats.chat import is_chat, read_part
from burnish.prompts.formats.declared import read_declared
from burnish.prompts.formats.document import Fault, PromptFile, Reading
from burnish.prompts.formats.gather import Gathered, is_mapping, items, mapping, object_at, words
from burnish.prompts.formats.kept import without_keys
from burnish.prompts.formats.models import model_name, split_parameters
from burnish.prompts.formats.native import plain_variable
from burnish.prompts.formats.source import YAML_SUFFIXES, Source
from burnish.prompts.formats.templates import Dialect, translate
from burnish.prompts.formats.yaml_write import write_yaml
from burnish.prompts.prompt import Message

_SYSTEM = ("system", "system_prompt", "system_message")
_USER = ("user", "user_prompt", "prompt", "template", "prompt_template", "text", "content")
_TEXTS = (*_SYSTEM, *_USER, "messages")
_CONFIG = ("model", "temperature", "max_tokens")
_ABOUT = (
    *("name", "description", "tags", "version", "variables", "input_variables", "llm"),
    *("template_format", *_CONFIG),
)
_DIALECTS: dict[str, Dialect] = {
    "jinja2": "jinja2", "jinja": "jinja2", "f-string": "f-string", "mustache": "mustache",
    "handlebars": "mustache",
}  # fmt: skip
_FIELDS = {
    *(*_TEXTS, *_ABOUT, "agent", "task", "category", "title", "language", "id", "kind", "type"),
    *("input", "output", "message", "expected_output", "role", "goal", "author", "burnish"),
    *("user_prompt_template", "apiVersion", "on", "steps", "_type", "lc"),
}
_SECTIONS = ("agents", "tasks", "roles", "prompts")

Place = tuple[str | int, ...]


class Named:
    name = "named"
    suffixes = (".yaml", ".yml")
    describes = "YAML of prompts by their names: CrewAI's agents and tasks, and plain collections"
    loses = (
        "categories, owners, labels, examples and earlier versions",
        "settings other than model, temperature and max_tokens",
    )

    def claims(self, source: Source) -> bool:
        if source.suffix not in YAML_SUFFIXES:
            return False
        value = mapping(source.peek())
        entries = list(_entries(value))
        if any(isinstance(held, str) for held in value.values()):
            return _are_texts(value)
        return bool(entries) and all(_kind(fields) for _, _, fields in entries)

    def read(self, source: Source) -> Reading:
        found = Gathered(source)
        for place, name, fields in _entries(object_at(source)):
            found.try_(
                lambda place=place, name=name, fields=fields: _prompt(source, place, name, fields),
                *place,
            )
        return found.reading()

    def write(self, prompts: Sequence[PromptFile]) -> dict[str, str]:
        entries = {each.name: _entry(each) for each in prompts}
        return {"prompts.yaml": write_yaml({"prompts": entries})}


def _entry(each: PromptFile) -> dict[str, Any]:
    latest = each.latest
    entry: dict[str, Any] = {
        "name": each.name,
        "description": each.description,
        "tags": list(each.tags or ()),
        "template_format": "jinja2",
        "messages": [{"role": m.role, "content": m.content} for m in latest.messages],
        "variables": [plain_variable(variable) for variable in latest.variables],
        **{key: latest.config.get(key) for key in _CONFIG},
    }
    return {key: value for key, value in entry.items() if value or value == 0}


def _entries(value: dict[str, Any]) -> Iterator[tuple[Place, str, dict[str, Any]]]:
    """Each with its place and its name; sections such as `agents` hold some each."""
    for key, held in value.items():
        if key in _SECTIONS and not _kind(mapping(held)):
            inner = list(mapping(held).items())
            listed = [mapping(item) for item in items(held)]
            inner += [(str(item.get("name") or index), item) for index, item in enumerate(listed)]
            for index, (name, item) in enumerate(inner):
                place = (key, name) if is_mapping(held) else (key, index)
                yield place, f"{key}/{name}", mapping(item)
        else:
            yield (key,), key, {"prompt": held} if isinstance(held, str) else mapping(held)


def _are_texts(value: dict[str, Any]) -> bool:
    """Texts by their names, which are no fields of one prompt."""
    texts = [text for text in value.values() if isinstance(text, str)]
    told = any("\n" in text.strip() or "{" in text for text in texts)
    return told and len(texts) == len(value) and not _FIELDS & set(value)


def _kind(fields: dict[str, Any]) -> str:
    """What an entry is; empty for none of these."""
    if isinstance(fields.get("role"), str) and ({"goal", "backstory"} & set(fields)):
        return "agent"
    if isinstance(fields.get("description"), str) and "expected_output" in fields:
        return "task"
    if any(isinstance(fields.get(key), str) for key in _TEXTS) or is_chat(fields.get("messages")):
        return "prompt"
    return ""


def _prompt(source: Source, place: Place, name: str, fields: dict[str, Any]) -> PromptFile:
    notes: dict[str, None] = {}
    kind = _kind(fields)
    if not kind:
        told = "has neither the role and goal of an agent, nor a task's, nor the text of a prompt"
        raise Fault(told, source.line(*place))
    given = fields.get("variables", fields.get("input_variables"))
    declared = read_declared(given) if given else ()
    names = [variable.name for variable in declared]
    how = str(fields.get("template_format") or "")
    messages = [_template(each, how, names, notes) for each in _messages(kind, fields, notes)]
    used = _ABOUT if kind == "prompt" else ()
    kept = {k: v for k, v in fields.items() if k not in (*used, *(_TEXTS if used else ()), "llm")}
    if fields.get("tools"):
        notes.setdefault("tools are kept in the metadata; nothing calls them")
    about = fields.get("description") if kind == "prompt" else fields.get("role")
    own = fields.get("name") if kind == "prompt" else None
    return prompt(
        as_name(own if isinstance(own, str) and own else f"{source.name}/{name}"),
        [
            version(
                messages,
                complete(messages, declared),
                _config(fields, notes),
                metadata=without_keys({kind: kept} if kept else {}, notes),
                number=str(fields.get("version") or ""),
            )
        ],
        Named.name,
        tags=words(fields["tags"]) if fields.get("tags") and kind == "prompt" else None,
        description=about.strip() if isinstance(about, str) else None,
        notes=notes,
        line=source.known_line(*place),
    )


def _messages(kind: str, fields: dict[str, Any], notes: dict[str, None]) -> list[Message]:
    if kind == "agent":
        role, goal = _said(fields, "role").rstrip("."), _said(fields, "goal")
        who = f"You are {role}. {_said(fields, 'backstory')}" if role else ""
        said = [who.strip(), f"Your goal: {goal}" if goal else ""]
        return [Message("system", "\n\n".join(filter(None, said)))]
    if kind == "task":
        wanted = _said(fields, "expected_output")
        end = f"\n\nExpected output: {wanted}" if wanted else ""
        return [Message("user", f"{_said(fields, 'description')}{end}")]
    if is_chat(fields.get("messages")):
        parts = [read_part(item, notes) for item in items(fields["messages"])]
        return [Message(part.role, part.content) for part in parts]
    groups = {"system": _SYSTEM, "user": _USER}
    return [
        Message(role, fields[key])
        for role, keys in groups.items()
        for key in keys
        if isinstance(fields.get(key), str) and fields[key].strip()
    ]


def _said(fields: dict[str, Any], key: str) -> str:
    return str(fields.get(key) or "").strip()


def _template(message: Message, how: str, declared: list[str], notes: dict[str, None]) -> Message:
    """Unless a file says what its templates are, `{name}` is a variable, and so is `{{ name }}`."""
    if message.role == "placeholder":
        return message
    text = message.content
    if how:
        dialect = _DIALECTS.get(how.lower())
        if dialect is None:
            raise Fault(f"template_format {how[:40]!r} is not known")
        try:
            found = translate(text, dialect)
        except Fault as fault:
            raise Fault(f"{fault.what}, in line {max(fault.line, 1)} of a text") from None
        notes |= dict.fromkeys(found.notes)
        return Message(message.role, found.text)
    return Message(message.role, rewritten(text, [*declared, *undeclared(text, ())]))


def _config(fields: dict[str, Any], notes: dict[str, None]) -> dict[str, Any]:
    found = {key: fields[key] for key in ("temperature", "max_tokens") if key in fields}
    config, _ = split_parameters(found)
    given = fields.get("llm", fields.get("model"))
    if isinstance(given, str) and given.strip():
        provider, sign, name = given.partition("/" if "/" in given else ":")
        model = model_name(provider, name) if sign else model_name("openai", given)
        if model:
            return {"model": model, **config}
        notes.setdefault(f"the model {given[:80]} has no counterpart here")
    return config
