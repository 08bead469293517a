"""One prompt of a promptfoo configuration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from burnish.prompts.formats.assemble import as_name, complete, prompt, type_of, version
from burnish.prompts.formats.chat import is_chat, read_part
from burnish.prompts.formats.document import ExampleFile, Fault, PromptFile
from burnish.prompts.formats.gather import items, mapping, translated
from burnish.prompts.formats.kept import without_keys
from burnish.prompts.formats.promptfoo_tests import Cases
from burnish.prompts.formats.source import Source, read_json
from burnish.prompts.formats.templates import nunjucks
from burnish.prompts.formats.yaml_text import read_yaml
from burnish.prompts.prompt import Message, Variable
from burnish.prompts.variables import is_type

Place = tuple[str | int, ...]


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for all prompts of a configuration."""

    config: dict[str, Any]
    metadata: dict[str, Any]
    tests: Cases
    description: str | None
    notes: tuple[str, ...]


def promptfoo_prompt(
    source: Source, place: Place, raw: str, *, name: str, own: dict[str, Any], shared: Shared
) -> PromptFile:
    """Raises Fault with the line."""
    notes = dict.fromkeys(shared.notes)
    chat = _chat(raw, notes)
    texts = [Message("user", raw)] if chat is None else chat
    messages = [
        message if message.role == "placeholder" else _message(source, place, message, notes)
        for message in texts
    ]
    cases = [
        case.example
        for case in shared.tests.cases
        if not case.prompts or name in map(as_name, case.prompts)
    ]
    found = complete(messages, ())
    variables = [_shown(variable, cases, shared.tests.defaults) for variable in found]
    metadata = {**shared.metadata, **({"prompt": own} if own else {})}
    return prompt(
        name,
        [version(messages, variables, shared.config, metadata=without_keys(metadata, notes))],
        "promptfoo",
        description=shared.description,
        examples=tuple(cases),
        notes=notes,
        line=source.known_line(*place),
    )


def _chat(raw: str, notes: dict[str, None]) -> list[Message] | None:
    """The messages in a text that is JSON or YAML; None for a text that is one message."""
    bare = raw.strip()
    value: Any = None
    try:
        if bare[:1] in ("[", "{"):
            value = read_json(bare)
        elif bare.startswith(("- role:", "- content:")):
            value = read_yaml(raw).value
    except Fault:
        if '"role"' in bare or bare.startswith("- "):
            notes.setdefault(
                "looks like a chat, but is none before its values stand in it; it is one text here"
            )
        return None
    if not is_chat(value):
        value = mapping(value).get("messages")
    if not is_chat(value):
        return None
    parts = [read_part(item, notes) for item in items(value)]
    return [Message(part.role, part.content) for part in parts]


def _message(source: Source, place: Place, message: Message, notes: dict[str, None]) -> Message:
    found = translated(source, place, nunjucks(message.content), "nunjucks")
    notes |= dict.fromkeys(found.notes)
    return Message(message.role, found.text)


def _shown(variable: Variable, cases: Sequence[ExampleFile], defaults: dict[str, Any]) -> Variable:
    """With what the tests tell of it: its type, an example, the value of all tests."""
    values = [case.inputs[variable.name] for case in cases if variable.name in case.inputs]
    default = defaults.get(variable.name)
    kind = type_of([*values, default]) if values or default is not None else None
    kind = kind if variable.type == "string" and kind else variable.type
    example = next((value for value in values if value != default), None)
    usable = default is not None and is_type(kind, default)
    return msgspec.structs.replace(
        variable,
        type=kind,
        default=default if usable else variable.default,
        required=variable.required and not usable,
        example=example if example is not None and is_type(kind, example) else None,
    )
