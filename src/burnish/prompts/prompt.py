"""The nouns of the library. All are immutable; a change makes a new value."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, Literal

import msgspec

VariableType = Literal["string", "number", "boolean", "list", "object"]


class Message(msgspec.Struct, frozen=True):
    """One chat message. `content` is a template. Role `placeholder` stands for a whole list of
    messages that the variable named by `content` brings."""

    role: str
    content: str


class Variable(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    type: VariableType = "string"
    required: bool = True
    default: Any = None
    description: str = ""
    example: Any = None


MAIN = "main"
"""The branch that every prompt has; `latest` is its newest version."""


class PromptVersion(msgspec.Struct, frozen=True, kw_only=True):
    """An immutable text of a prompt. `content_hash` covers messages, variables and config. An
    archived version stays in the history and is left out of everything else."""

    id: str
    prompt_id: str
    revision: int
    messages: tuple[Message, ...]
    variables: tuple[Variable, ...] = ()
    config: dict[str, Any] = {}
    author: str = ""
    message: str = ""
    parents: tuple[str, ...] = ()
    content_hash: str
    created_at: datetime
    metadata: dict[str, Any] = {}
    branch: str = MAIN
    archived_at: datetime | None = None

    @property
    def text(self) -> str:
        """All messages as one text, for reading, searching and diffs."""
        return join_messages(self.messages)


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """A named thing that holds versions. `rating` is 0..1, None without feedback.
    `latest_revision` is the newest on the main branch, `last_revision` the newest on any."""

    id: str
    name: str
    category: str = ""
    tags: tuple[str, ...] = ()
    description: str = ""
    owner: str = ""
    rating: float | None = None
    usage_count: int = 0
    latest_revision: int = 0
    last_revision: int = 0
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None
    last_used_at: datetime | None = None


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """A pointer to a version. A tag is one that never moves."""

    name: str
    revision: int
    moved_by: str = ""
    moved_at: datetime
    tag: bool = False


class Branch(msgspec.Struct, frozen=True, kw_only=True):
    """A line of versions beside the main one. `revision` is its newest version, `from_revision`
    the one that it began at."""

    name: str
    revision: int
    from_revision: int
    made_by: str = ""
    made_at: datetime


def join_messages(messages: tuple[Message, ...]) -> str:
    if len(messages) == 1:
        return messages[0].content
    return "\n\n".join(f"[{m.role}]\n{m.content}" for m in messages)


def content_hash(
    messages: tuple[Message, ...], variables: tuple[Variable, ...], config: dict[str, Any]
) -> str:
    """SHA-256 over the canonical JSON of all that decides what a render gives."""
    canonical = msgspec.json.encode([messages, variables, config], order="deterministic")
    return hashlib.sha256(canonical).hexdigest()
