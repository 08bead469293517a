"""Prompts as LangChain serialises them: its hub's JSON, and the older files with `_type`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from burnish.prompts.formats.assemble import as_name
from burnish.prompts.formats.document import PromptFile, Reading
from burnish.prompts.formats.gather import Gathered, items, mapping
from burnish.prompts.formats.langchain_prompt import WRAPS, read_langchain
from burnish.prompts.formats.source import Source
from burnish.prompts.prompt import Message
from burnish.prompts.template import read

_IDS = ("langchain_core", "prompts")
_CLASSES = {
    "system": "SystemMessagePromptTemplate",
    "user": "HumanMessagePromptTemplate",
    "assistant": "AIMessagePromptTemplate",
}
_TYPES = ("prompt", "few_shot", "chat")


class LangChain:
    name = "langchain"
    suffixes = (".json", ".yaml", ".yml")
    describes = "LangChain: the hub's serialised JSON, and older prompt files in JSON or YAML"
    loses = (
        "categories, owners, labels and earlier versions",
        "types of variables, and defaults that are no text",
    )

    def claims(self, source: Source) -> bool:
        value = source.peek()
        several = items(value)
        return is_langchain(several[0] if several else value)

    def read(self, source: Source) -> Reading:
        found = Gathered(source)
        value = source.value()
        several = items(value)
        if not several:
            found.try_(lambda: read_langchain(source, mapping(value), (), as_name(source.name)))
        for index, item in enumerate(several):
            name = f"{as_name(source.name)}-{index + 1}"
            found.try_(
                lambda item=item, index=index, name=name: read_langchain(
                    source, mapping(item), (index,), name
                ),
                index,
            )
        return found.reading()

    def write(self, prompts: Sequence[PromptFile]) -> dict[str, str]:
        listed = [_manifest(each) for each in prompts]
        content = msgspec.json.encode(listed[0] if len(listed) == 1 else listed)
        return {"prompts.json": msgspec.json.format(content).decode() + "\n"}


def is_langchain(value: object) -> bool:
    fields = mapping(value)
    return fields.get("_type") in _TYPES or any(
        _is_constructor(each) for each in (fields, *(mapping(fields.get(key)) for key in WRAPS))
    )


def _is_constructor(fields: dict[str, Any]) -> bool:
    """A few writers leave out `lc`."""
    ids = items(fields.get("id"))
    named = bool(ids) and str(ids[0]) in ("langchain", "langchain_core", "langsmith")
    return fields.get("lc") == 1 or (named and bool(mapping(fields.get("kwargs"))))


def _manifest(each: PromptFile) -> dict[str, Any]:
    latest = each.latest
    hub: dict[str, Any] = {"lc_hub_repo": each.name}
    if each.description is not None:
        hub["description"] = each.description
    if each.tags is not None:
        hub["tags"] = list(each.tags)
    kept = {"metadata": latest.metadata, "config": latest.config}
    hub |= {key: value for key, value in kept.items() if value}
    return _constructor(
        (*_IDS, "chat", "ChatPromptTemplate"),
        {
            "input_variables": [v.name for v in latest.variables if v.default is None],
            "partial_variables": {
                v.name: v.default for v in latest.variables if isinstance(v.default, str)
            },
            "messages": [_message(message) for message in latest.messages],
            "metadata": hub,
        },
    )


def _message(message: Message) -> dict[str, Any]:
    if message.role == "placeholder":
        return _constructor(
            (*_IDS, "chat", "MessagesPlaceholder"),
            {"variable_name": message.content, "optional": False},
        )
    kwargs: dict[str, Any] = {"prompt": _template(message)}
    kind = _CLASSES.get(message.role)
    if kind is None:
        kwargs["role"] = message.role
        kind = "ChatMessagePromptTemplate"
    return _constructor((*_IDS, "chat", kind), kwargs)


def _template(message: Message) -> dict[str, Any]:
    fields = _as_fields(message.content)
    return _constructor(
        (*_IDS, "prompt", "PromptTemplate"),
        {
            "template": message.content if fields is None else fields,
            "template_format": "jinja2" if fields is None else "f-string",
        },
    )


def _as_fields(text: str) -> str | None:
    """The text for Python's `str.format`; None where that would not come back the same."""
    template = read(text)
    pieces = template.pieces
    if template.kind != "plain" or any("{" in piece or "}" in piece for piece in pieces[0::2]):
        return None
    same = "".join(f"{{{{ {p} }}}}" if i % 2 else p for i, p in enumerate(pieces)) == text
    return "".join(f"{{{p}}}" if i % 2 else p for i, p in enumerate(pieces)) if same else None


def _constructor(id_: Sequence[str], kwargs: dict[str, Any]) -> dict[str, Any]:
    return {"lc": 1, "type": "constructor", "id": list(id_), "kwargs": kwargs}
