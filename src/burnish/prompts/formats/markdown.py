"""Markdown: one prompt a file, its facts as front matter, its messages as sections.

A text that stands alone is the user's message. A line of a message that would read as the head of
a section has a backslash in front.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from burnish.errors import UsageError, VariableError
from burnish.prompts.formats.assemble import as_name, complete, prompt
from burnish.prompts.formats.declared import read_declared
from burnish.prompts.formats.document import ExampleFile, Fault, PromptFile, Reading
from burnish.prompts.formats.filenames import file_names
from burnish.prompts.formats.front_matter import FrontMatter
from burnish.prompts.formats.gather import Gathered, items, mapping, shaped, words
from burnish.prompts.formats.native import plain_example, plain_facts, plain_version, read_version
from burnish.prompts.formats.rules import rules_front, rules_text, settings_of
from burnish.prompts.formats.source import Source
from burnish.prompts.formats.yaml_write import write_yaml
from burnish.prompts.prompt import Message

_Text: Any = str | None
_ROLES = ("system", "user", "assistant", "developer", "tool", "function", "placeholder")
_HEAD = re.compile(
    rf"^(\\*)# (?:({'|'.join(_ROLES)})|message: ([A-Za-z][A-Za-z0-9_-]{{0,39}}))[ \t]*$",
    re.MULTILINE,
)
_OF_PROMPT = ("name", "category", "tags", "description", "owner", "labels", "examples")
_OF_VERSION = (
    *("revision", "number", "author", "message", "created_at", "parents", "config", "metadata"),
)


class Markdown:
    name = "markdown"
    suffixes = (".md", ".markdown", ".mdc")
    describes = "Markdown with front matter: one readable file for each prompt"
    loses = ("earlier versions, and the labels on them",)

    def claims(self, source: Source) -> bool:
        return source.suffix in self.suffixes

    def read(self, source: Source) -> Reading:
        found = Gathered(source)
        notes: dict[str, None] = {}
        front = rules_text(source, rules_front(source, notes), notes)
        found.try_(lambda: _prompt(source, front, self.name, notes))
        return found.reading()

    def write(self, prompts: Sequence[PromptFile]) -> dict[str, str]:
        names = file_names(prompts, ".md")
        return {name: _text(each) for name, each in zip(names, prompts, strict=True)}


def _prompt(source: Source, front: FrontMatter, format_: str, notes: dict[str, None]) -> PromptFile:
    fields = front.fields or {}
    messages, starts = _messages(front)
    try:
        declared = read_declared(fields.get("variables"))
        facts = {key: fields[key] for key in _OF_VERSION if fields.get(key) is not None}
        if "config" not in facts and (config := settings_of(fields)):
            facts["config"] = config
        facts["metadata"] = {**_others(fields), **mapping(fields.get("metadata"))}
        plain = [{"role": m.role, "content": m.content} for m in messages]
        first = read_version(
            {**facts, "messages": plain},
            lambda index, within: starts[index] + within - 1,
        )
    except UsageError as error:
        raise _blamed(front, error) from None
    version = msgspec.structs.replace(first, variables=complete(messages, declared))
    name = fields.get("name")
    return prompt(
        name if isinstance(name, str) else as_name(source.name),
        [version],
        format_,
        category=shaped(fields.get("category"), _Text, front.line("category")),
        tags=None if fields.get("tags") is None else words(fields["tags"]),
        description=shaped(fields.get("description"), _Text, front.line("description")),
        owner=shaped(fields.get("owner") or "", str, front.line("owner")),
        labels=dict.fromkeys(words(fields.get("labels")), 1),
        examples=shaped(
            items(fields.get("examples")), tuple[ExampleFile, ...], front.line("examples")
        ),
        notes=notes,
        line=1,
    )


def _blamed(front: FrontMatter, error: UsageError) -> Fault:
    """The fault, with the line of the field or the variable that it is about."""
    if isinstance(error, Fault) and error.line:
        return error
    if isinstance(error, VariableError):
        return Fault(error.what, front.line("variables", error.subject))
    field = error.subject if error.subject in mapping((front.fields or {}).get("config")) else ""
    place = ("config", field) if field else (error.what.partition(":")[0],)
    return Fault(error.what, front.line(*place))


def _others(fields: dict[str, Any]) -> dict[str, Any]:
    known = (*_OF_PROMPT, *_OF_VERSION, "variables")
    return {key: value for key, value in fields.items() if key not in known}


def _messages(front: FrontMatter) -> tuple[list[Message], list[int]]:
    """The messages, and the line of the file on which each begins."""
    body = front.body
    heads = [head for head in _HEAD.finditer(body) if not head[1]]
    if not heads or body[: heads[0].start()].strip():
        text = _bare(body)
        return [Message("user", text)], [front.body_line + _blank_lines(body)]
    messages: list[Message] = []
    starts: list[int] = []
    line, counted = front.body_line, 0
    for index, head in enumerate(heads):
        is_last = index + 1 == len(heads)
        end = len(body) if is_last else heads[index + 1].start()
        section = body[head.end() : end].removeprefix("\n")
        line += body.count("\n", counted, head.end()) + 1
        counted = head.end()
        messages.append(Message(head[2] or head[3], _unescaped(_bare(section, last=is_last))))
        line += _blank_lines(section)
        starts.append(line)
        line -= _blank_lines(section) + 1
    return messages, starts


def _bare(text: str, *, last: bool = True) -> str:
    """Without the empty lines that set a text off: one in front, one behind but at the end."""
    text = text.removeprefix("\n")
    return text.removesuffix("\n") if last else text.removesuffix("\n").removesuffix("\n")


def _blank_lines(text: str) -> int:
    return 1 if text.startswith("\n") else 0


def _unescaped(text: str) -> str:
    return _HEAD.sub(lambda head: head[0].removeprefix("\\"), text)


def _escaped(text: str) -> str:
    return _HEAD.sub(lambda head: f"\\{head[0]}", text)


def _text(each: PromptFile) -> str:
    version = each.latest
    facts = plain_facts(each)
    labels = [label for label, place in each.labels.items() if place == len(each.versions)]
    if labels:
        facts["labels"] = labels
    said = plain_version(version)
    variables = {variable.pop("name"): variable for variable in said.pop("variables", [])}
    del said["messages"]
    if variables:
        facts["variables"] = variables
    facts |= said
    if each.examples:
        facts["examples"] = [plain_example(example) for example in each.examples]
    return f"---\n{write_yaml(facts)}---\n{_body(version.messages)}"


def _body(messages: Sequence[Message]) -> str:
    if len(messages) == 1 and messages[0].role == "user":
        text = messages[0].content
        first = _HEAD.search(text)
        if first is None or first[1] or text[: first.start()].strip():
            return f"\n{text}\n"
    return "".join(
        f"\n# {_head(message.role)}\n\n{_escaped(message.content)}\n" for message in messages
    )


def _head(role: str) -> str:
    return role if role in _ROLES else f"message: {role}"
