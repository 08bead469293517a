"""One prompt of a promptfoo configuration."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from burnish.prompts.formats.assemble import as_name, complete, prompt, type_of, version
from burnish.prompts.formats.chat import is_chat, read_part
from burnish.prompts.formats.document import ExampleFile, Fault, PromptFile
from burnish.prompts.formats.gather import items, mapping
from burnish.prompts.formats.kept import without_keys
from burnish.prompts.formats.promptfoo_files import FileText
from burnish.prompts.formats.promptfoo_tests import Case, Cases
from burnish.prompts.formats.source import Source, read_json
from burnish.prompts.formats.templates import PAIRED, nunjucks, translate
from burnish.prompts.formats.yaml_text import read_yaml
from burnish.prompts.prompt import Message, Variable
from burnish.prompts.variables import is_type

Place = tuple[str | int, ...]

_DUMPED = re.compile(r"\{\{-?\s{0,9}([A-Za-z_]\w*)\s{0,9}\|\s{0,9}dump\s{0,9}-?\}\}", re.ASCII)


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for all prompts of a configuration."""

    config: dict[str, Any]
    metadata: dict[str, Any]
    tests: Cases
    description: str | None
    notes: tuple[str, ...]


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the prompts: where it stands, what it says, and the file that says it, if that
    is another one. `group` is a label that several prompts of a file share."""

    place: Place
    raw: str
    label: str = ""
    group: str = ""
    own: dict[str, Any] = {}
    file: FileText | None = None


def given_entry(place: Place, item: Any, label: str) -> Given:
    """Raises Fault for one that has no text."""
    fields = mapping(item)
    raw, at = item, place
    if fields:
        key = next((k for k in ("raw", "prompt", "template") if k in fields), "id")
        raw, at = fields.get(key), (*place, key)
        label = str(fields.get("label") or fields.get("id") or fields.get("name") or label)
    if is_chat(raw):
        raw = msgspec.json.encode(raw).decode()
    if not isinstance(raw, str) or not raw.strip():
        raise Fault("is neither a text nor has one in `raw`")
    known = ("raw", "prompt", "template", "label", "id", "name")
    own = {key: value for key, value in fields.items() if key not in known}
    return Given(place=at, raw=raw, label=label, own=own)


def promptfoo_prompt(given: Given, name: str, shared: Shared, source: Source) -> PromptFile:
    """Raises Fault with the line, which is one of the text's own file."""
    notes = dict.fromkeys(shared.notes)
    chat = _chat(given.raw, notes)
    texts = [Message("user", given.raw)] if chat is None else chat
    first = given.file.line if given.file else 0

    def line_of(within: int) -> int:
        return first + within - 1 if first else source.text_line(given.place, within)

    messages = [
        message if message.role == "placeholder" else _message(message, line_of, notes)
        for message in texts
    ]
    cases = [case.example for case in shared.tests.cases if _is_for(case, name, given.group)]
    found = complete(messages, ())
    paired = {name for message in messages for name in PAIRED.findall(message.content)}
    variables = [_shown(variable, cases, shared.tests.defaults, paired) for variable in found]
    metadata = {**shared.metadata, **({"prompt": given.own} if given.own else {})}
    return prompt(
        name,
        [version(messages, variables, shared.config, metadata=without_keys(metadata, notes))],
        "promptfoo",
        description=shared.description,
        examples=tuple(cases),
        notes=notes,
        line=source.known_line(*given.place),
    )


def _is_for(case: Case, name: str, group: str) -> bool:
    named = [as_name(each.removesuffix("*").removesuffix(":")) for each in case.prompts]
    return not case.prompts or name in named or (bool(group) and as_name(group) in named)


def _chat(raw: str, notes: dict[str, None]) -> list[Message] | None:
    """The messages in a text that is JSON or YAML; None for a text that is one message."""
    bare = raw.strip()
    if alone := _DUMPED.fullmatch(bare):
        return [Message("placeholder", alone[1])]
    value: Any = None
    try:
        if bare[:1] in ("[", "{") and bare[:2] not in ("{{", "{%"):
            value = _json(bare)
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


def _json(text: str) -> Any:
    try:
        return read_json(text)
    except Fault:
        return read_json(_DUMPED.sub(_quoted, text))


def _quoted(dumped: re.Match[str]) -> str:
    """A value that is written as JSON is a text in a text."""
    inside = dumped.string[: dumped.start()].rstrip().endswith((":", ",", "["))
    return f'"{{{{ {dumped[1]} }}}}"' if inside else dumped[0]


def _message(message: Message, line_of: Callable[[int], int], notes: dict[str, None]) -> Message:
    try:
        found = translate(nunjucks(message.content), "nunjucks")
    except Fault as fault:
        raise Fault(fault.what, line_of(fault.line)) from None
    notes |= dict.fromkeys(found.notes)
    return Message(message.role, found.text)


def _shown(
    variable: Variable, cases: Sequence[ExampleFile], defaults: dict[str, Any], paired: set[str]
) -> Variable:
    """With what the tests tell of it: its type, an example, the value of all tests."""
    values = [case.inputs[variable.name] for case in cases if variable.name in case.inputs]
    default = defaults.get(variable.name)
    kind = type_of([*values, default]) if values or default is not None else None
    kind = kind or ("object" if variable.name in paired else None)
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
