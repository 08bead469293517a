"""Messages as chat models take them: roles and contents, which may come in parts."""

from __future__ import annotations

from typing import Any

import msgspec

from burnish.prompts.formats.document import Fault
from burnish.prompts.formats.gather import is_list, is_mapping, items, mapping

# Roles under the names that other tools have for them.
_ROLES = {"human": "user", "ai": "assistant", "model": "assistant", "bot": "assistant"}


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """`extra` is what a message says beside its text, such as a tool's name."""

    role: str
    content: str
    extra: dict[str, Any] = {}


def is_chat(value: object) -> bool:
    """Whether a value is a list of messages."""
    messages = items(value)
    return bool(messages) and all(
        isinstance(mapping(message).get("role"), str)
        and ("content" in mapping(message) or "tool_calls" in mapping(message))
        for message in messages
    )


def read_part(value: Any, notes: dict[str, None]) -> Part:
    """Raises Fault."""
    fields = mapping(value)
    role = fields.get("role")
    if not isinstance(role, str) or not role:
        raise Fault("a message has no role")
    content = text_of(fields.get("content"), notes)
    extra = {k: v for k, v in fields.items() if k not in ("role", "content") and v is not None}
    if "tool_calls" in extra or "function_call" in extra:
        notes.setdefault("calls of tools are no text; a prompt does not repeat them")
    return Part(role=_ROLES.get(role.lower(), role.lower()), content=content, extra=extra)


def text_of(content: Any, notes: dict[str, None]) -> str:
    """The text of a content, its parts joined. What is no text is named in the notes."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if is_mapping(content):
        content = [content]
    if not is_list(content):
        raise Fault("the content of a message is neither text nor parts of one")
    texts: list[str] = []
    for part in items(content):
        fields = mapping(part)
        text = part if isinstance(part, str) else fields.get("text")
        if is_mapping(text):
            text = mapping(text).get("value")
        if isinstance(text, str):
            texts.append(text)
        else:
            kind = str(fields.get("type") or "unknown kind")[:40]
            notes.setdefault(f"a part of a message is no text ({kind}) and is left out")
    return "\n".join(texts)
