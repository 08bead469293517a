"""One template file, checked as far as it can be without a library."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from burnish.errors import BurnishError, UsageError
from burnish.library import drafts
from burnish.library.examples import EXAMPLES
from burnish.library.listing import clean_tags
from burnish.library.template_files.declared import Declared, read_variables
from burnish.library.template_files.fields import Fault, Keys, Lines, TemplateFields, read_fields
from burnish.prompts import refs
from burnish.prompts.formats.braces import rewritten, undeclared
from burnish.prompts.prompt import Message, Variable
from burnish.prompts.template import read
from burnish.techniques.read_yaml import read_yaml

MAX_BYTES = 1024 * 1024
_NUMBERED = re.compile(r"(.+)_v(\d{1,6}(?:\.\d{1,6}){0,3})")
_NUMBER = re.compile(r"v?(\d{1,6}(?:\.\d{1,6}){0,3})")
_LINE = re.compile(r"line (\d+): ")
_BLOCK_SCALAR = re.compile(r":\s*[|>][-+\d]*\s*(?:#.*)?\Z")
_MENTION = re.compile(r"\{[{%][^{}]{0,400}\bexamples\b")
_BARE = re.compile(r"\{\{-?\s*examples\s*-?\}\}")
_SHOWN = """{% for example in examples %}\
{% if example.input is defined and example.input %}Input:
{{ example.input }}
{% endif %}Output:
{{ example.output }}
{% if not loop.last %}
{% endif %}{% endfor %}"""


class TemplateFile(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says. `number` is its version, () without one; `notes` tell what a reader
    should know. `category`, `tags` and `description` are None where the file leaves them out."""

    file: str
    name: str
    number: tuple[int, ...]
    messages: tuple[Message, ...]
    variables: tuple[Variable, ...]
    config: dict[str, Any]
    metadata: dict[str, Any]
    content_hash: str
    category: str | None = None
    tags: tuple[str, ...] | None = None
    description: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """`v2` for version 2; empty without a number."""
        return f"v{'.'.join(map(str, self.number))}" if self.number else ""


def read_template(path: Path, root: Path) -> TemplateFile:
    """The template in a file of the folder `root`, from which it takes its name where it says
    none. Raises Fault with the line."""
    text = _text(path)
    value, lines = _yaml(text)
    keys = read_fields(value, lines)
    fields = keys.fields
    declared = read_variables(fields.variables, keys.places.get("variables", ()), lines)
    if fields.examples and EXAMPLES not in declared.names:
        declared = _with_examples(declared)
    given = _given(keys, lines)
    source = _Source(text.splitlines(), lines, keys)
    messages = [_written(message, place, declared, source) for place, message in given]
    notes = [
        f"{{{name}}} is no declared variable and stays as it is"
        for _, message in given
        for name in undeclared(message.content, declared.names)
    ]
    notes += [f"the rule {key!r} is kept, and nothing checks it" for key in keys.unchecked]
    return _checked(path.relative_to(root).as_posix(), keys, messages, declared, notes)


class _Source(msgspec.Struct, frozen=True):
    """A file's lines, to tell where in it a line of a template stands."""

    text: list[str]
    lines: Lines
    keys: Keys

    def fault(self, error: UsageError, place: tuple[str | int, ...]) -> Fault:
        start = self.lines.get(place, 0)
        within = _LINE.match(error.what)
        if not within:
            return Fault(error.what, start)
        below = bool(_BLOCK_SCALAR.search(self.text[start - 1])) if start else False
        return Fault(error.what[within.end() :], start + int(within[1]) - (0 if below else 1))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise Fault(f"cannot be read: {error.strerror}") from None
    if len(content) > MAX_BYTES:
        raise Fault(f"has more than {MAX_BYTES // 1024 // 1024} MB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Fault("is not UTF-8 text") from None


def _yaml(text: str) -> tuple[Any, Lines]:
    try:
        document = read_yaml(text, "")
    except UsageError as error:
        line, _, what = error.what.removeprefix(":").partition(" ")
        raise Fault(what, int(line) if line.isdigit() else 0) from None
    except RecursionError:
        raise Fault("is nested too deeply") from None
    except ValueError:
        # Python turns no more than some thousand digits into a number.
        raise Fault("holds a number that is too long") from None
    return document.value, document.lines


def _checked(
    file: str, keys: Keys, messages: list[Message], declared: Declared, notes: list[str]
) -> TemplateFile:
    """The draft that would be stored tells what the library would refuse."""
    fields = keys.fields
    texts = [message.content for message in messages if message.role != "placeholder"]
    name, number = _name_and_number(file, fields)
    tags = fields.all_tags()
    try:
        content: drafts.Fields = {
            "messages": drafts.messages_of(_showing(messages) if fields.examples else messages),
            "variables": drafts.variables_of(declared.typed(texts, fields.examples)),
            "config": drafts.plain("config", fields.config()),
        }
        draft = drafts.first(lambda: "", datetime.now(UTC), content)
        return TemplateFile(
            file=file,
            name=refs.check_name(name),
            number=number,
            messages=draft.messages,
            variables=draft.variables,
            config=draft.config,
            metadata=drafts.plain("metadata", _metadata(keys)),
            content_hash=draft.content_hash,
            category=None if fields.category is None else fields.category.strip(),
            tags=None if tags is None else clean_tags(tags),
            description=None if fields.description is None else fields.description.strip(),
            notes=tuple(notes),
        )
    except BurnishError as error:
        raise Fault(error.what) from None


def _metadata(keys: Keys) -> dict[str, Any]:
    version = keys.fields.version
    return keys.others if version == "" else {**keys.others, "version": str(version)}


def _name_and_number(file: str, fields: TemplateFields) -> tuple[str, tuple[int, ...]]:
    stem = file.rpartition(".")[0]
    numbered = _NUMBERED.fullmatch(stem)
    stem, given = numbered.groups() if numbered else (stem, str(fields.version))
    found = _NUMBER.fullmatch(given.strip())
    number = [int(part) for part in found[1].split(".")] if found else []
    # Version 1.0 is version 1.
    while len(number) > 1 and number[-1] == 0:
        number.pop()
    folder, _, last = stem.rpartition("/")
    task = fields.task or fields.name or last
    agent = fields.agent or folder
    name = task if "/" in task or not agent else f"{agent}/{task}"
    return name, tuple(number)


Placed = tuple[tuple[str | int, ...], Message]


def _given(keys: Keys, lines: Lines) -> list[Placed]:
    """The messages as they stand in the file, each with its place."""
    fields, places = keys.fields, keys.places
    if fields.messages:
        if fields.system or fields.user:
            at = lines.get(places["messages"], 0)
            raise Fault("has messages, and system or user beside them", at)
        found: list[Placed] = [
            ((*places["messages"], index, "content"), message)
            for index, message in enumerate(fields.messages)
        ]
    else:
        alone = fields.is_system_prompt and not fields.system
        roles = {"system": "system", "user": "system" if alone else "user"}
        found = [
            (places.get(key, ()), Message(role, getattr(fields, key)))
            for key, role in roles.items()
            if getattr(fields, key).strip()
        ]
    if not any(message.content.strip() for _, message in found):
        raise Fault("has no text: give it `user`, `system` or `messages`", 1)
    return found


def _written(
    message: Message, place: tuple[str | int, ...], declared: Declared, source: _Source
) -> Message:
    if message.role == "placeholder":
        return message
    try:
        content = rewritten(message.content, declared.names)
        read(content)
    except UsageError as error:
        raise source.fault(error, place) from None
    return Message(message.role, content)


def _with_examples(declared: Declared) -> Declared:
    examples = Variable(
        name=EXAMPLES, type="list", required=False, description="Worked examples to show"
    )
    return Declared(variables=(*declared.variables, examples), untyped=declared.untyped)


def _showing(messages: Sequence[Message]) -> list[Message]:
    """A bare `{{ examples }}` becomes a loop over them; where no message names them, the loop
    stands at the end of the last user message."""
    if any(_MENTION.search(message.content) for message in messages):
        return [Message(m.role, _BARE.sub(lambda _: _SHOWN, m.content)) for m in messages]
    shown = list(messages)
    users = [index for index, message in enumerate(shown) if message.role == "user"]
    last = users[-1] if users else len(shown) - 1
    role, text = shown[last].role, shown[last].content
    gap = "\n" if text.endswith("\n") else "\n\n"
    block = f"{{% if examples %}}{gap}Examples:\n\n{_SHOWN}{{% endif %}}"
    shown[last] = Message(role, text + block)
    return shown
