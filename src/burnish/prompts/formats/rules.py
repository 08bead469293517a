"""Markdown that assistants for programmers read: rules, commands, agents.

Their front matter is often no YAML, as in `globs: **/*.ts`, and their texts are no templates, but
for a place or two where what somebody typed stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from burnish.prompts.formats.document import Fault
from burnish.prompts.formats.front_matter import FrontMatter, split_front_matter
from burnish.prompts.formats.models import model_name, split_parameters
from burnish.prompts.formats.pieces import as_variable, literal
from burnish.prompts.formats.source import Source
from burnish.prompts.formats.templates import check_template

# Keys that no other Markdown has.
_TOLD = frozenset(
    (
        *("globs", "alwaysApply", "applyTo", "argument-hint", "allowed-tools", "mode", "agent"),
        *("tools", "color", "disable-model-invocation", "user-invocable", "trigger"),
    )
)
_KEYS = _TOLD | {
    *("name", "description", "title", "model", "version", "author", "tags", "license"),
    *("category", "priority", "metadata", "compatibility", "paths", "type"),
}
_LINE = re.compile(r"([A-Za-z][\w-]{0,40}):[ \t]*(.*)")
_BLOCK = re.compile(r"---[ \t]*\r?\n(.*?)^---[ \t]*\r?(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_ARGUMENTS = re.compile(r"\$ARGUMENTS\b")
_INPUT = re.compile(r"\$\{input:([A-Za-z][\w-]{0,80})(?::[^{}\n]{0,300})?\}")
_WORDS = {"true": True, "false": False}
_FAMILIES = {"gpt-": "openai", "claude-": "anthropic", "gemini-": "gemini"}


def rules_front(source: Source, notes: dict[str, None]) -> FrontMatter:
    """The front matter, line by line where it is no YAML and is one of these. Raises Fault."""
    text = source.text
    try:
        return split_front_matter(text)
    except Fault as fault:
        block = _BLOCK.match(text)
        fields = _loose(block[1]) if block else {}
        if block is None or not (source.suffix == ".mdc" or _TOLD & set(fields)):
            raise
        where = f" in line {fault.line}" if fault.line else ""
        notes.setdefault(f"the front matter is read line by line, since it is no YAML{where}")
        return FrontMatter(
            fields=fields,
            lines={},
            body=text[block.end() :],
            body_line=text.count("\n", 0, block.end()) + 1,
        )


def rules_text(source: Source, front: FrontMatter, notes: dict[str, None]) -> FrontMatter:
    """The same with a body that is a template, if it is of one of these."""
    fields = front.fields or {}
    if source.suffix != ".mdc" and not _TOLD & set(fields):
        return front
    body = front.body
    try:
        check_template(body)
    except Fault as fault:
        where = front.body_line + max(fault.line, 1) - 1
        notes.setdefault(f"the text stands as it is, for line {where} is no template of ours")
        body = literal(body)
    body = _ARGUMENTS.sub("{{ arguments }}", body)
    body = _INPUT.sub(lambda found: f"{{{{ {as_variable(found[1])} }}}}", body)
    return msgspec.structs.replace(front, body=body)


def settings_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The config that stands among other keys."""
    found, _ = split_parameters(
        {key: fields[key] for key in ("temperature", "max_tokens") if key in fields}
    )
    model = fields.get("model")
    if isinstance(model, str):
        family = next((f for start, f in _FAMILIES.items() if model.startswith(start)), "")
        provider, sign, name = model.partition("/" if "/" in model else ":")
        known = model_name(provider, name) if sign else model_name(family, model)
        found |= {"model": known} if known else {}
    return found


def _loose(block: str) -> dict[str, Any]:
    """A line that begins with no known key goes on with the value above."""
    fields: dict[str, Any] = {}
    last = ""
    for line in block.splitlines():
        found = _LINE.fullmatch(line.rstrip())
        if found and found[1] in _KEYS and found[1] not in fields:
            last, value = found[1], found[2].strip()
            fields[last] = _WORDS.get(value, value.strip("\"'"))
        elif last and isinstance(fields[last], str):
            fields[last] = f"{fields[last]}\n{line}"
    return {k: v.strip() if isinstance(v, str) else v for k, v in fields.items() if v != ""}
