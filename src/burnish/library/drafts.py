"""From what a caller gives to a version that can be stored: checked, hashed, with its parents."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

from burnish.errors import UsageError
from burnish.library.values import Content
from burnish.prompts.config import check_config
from burnish.prompts.prompt import Message, PromptVersion, Variable, content_hash
from burnish.prompts.template import find_variables
from burnish.prompts.variables import HALF_PAIR, check_definition, is_plain
from burnish.storage.store import Draft

Fields = dict[str, Any]
_ROLE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")


def messages_of(content: Content) -> tuple[Message, ...]:
    """A text is one user message. Raises UsageError for one that says nothing."""
    messages = (Message("user", content),) if isinstance(content, str) else tuple(content)
    if not any(message.content.strip() for message in messages):
        raise UsageError("the prompt is empty", hint="give it a text, or a file with one")
    for message in messages:
        if not _ROLE.fullmatch(message.role):
            raise UsageError(
                f"{message.role[:40]!r} is no role", hint="use system, user or assistant"
            )
        if message.role == "placeholder":
            check_definition(Variable(name=message.content, type="list"))
        if "\0" in message.content or HALF_PAIR.search(message.content):
            raise UsageError(
                "a text holds NUL or half of a character", hint="save it as UTF-8 and try again"
            )
    return messages


def variables_of(variables: Sequence[Variable]) -> tuple[Variable, ...]:
    seen: set[str] = set()
    for variable in variables:
        check_definition(variable)
        if variable.name in seen:
            raise UsageError(
                f"variable {variable.name!r} is there twice",
                hint="keep one of the two",
                subject=variable.name,
            )
        seen.add(variable.name)
    return tuple(variables)


def plain(what: str, value: dict[str, Any]) -> dict[str, Any]:
    """A copy, so that the caller's later changes do not reach a version."""
    if not is_plain(value):
        raise UsageError(
            f"the {what} holds something other than plain JSON values",
            hint="use strings, finite numbers, true, false, null, lists and objects",
        )
    return dict(value)


def config_of(config: dict[str, Any]) -> dict[str, Any]:
    """Raises UsageError for a value that could never be used, or a key misspelt."""
    checked = plain("config", config)
    check_config(checked)
    return checked


def given(
    content: Content | None,
    variables: Sequence[Variable] | None,
    config: dict[str, Any] | None,
    metadata: dict[str, Any] | None,
) -> Fields:
    """What is given, checked."""
    fields: Fields = {}
    if content is not None:
        fields["messages"] = messages_of(content)
    if variables is not None:
        fields["variables"] = variables_of(variables)
    if config is not None:
        fields["config"] = config_of(config)
    if metadata is not None:
        fields["metadata"] = plain("metadata", metadata)
    return fields


def first(ids: Callable[[], str], at: datetime, fields: Fields) -> Draft:
    """Raises TemplateRefused for a template that could never render."""
    variables = _with_found(fields["messages"], fields.get("variables", ()))
    whole: Fields = fields | {"variables": variables}
    return Draft(id=ids(), created_at=at, content_hash=_hash(whole), **whole)


def after(
    latest: PromptVersion,
    ids: Callable[[], str],
    at: datetime,
    fields: Fields,
    included: Collection[str] = (),
) -> Draft:
    """What follows `latest`: its own content, but for the fields that change. Where they name no
    variables, those of `latest` that the messages still use keep their types and defaults, and
    so do those that `included` texts use.

    Raises TemplateRefused for a template that could never render.
    """
    kept: Fields = {
        "messages": latest.messages,
        "variables": latest.variables,
        "config": latest.config,
        "metadata": latest.metadata,
    }
    whole = kept | fields
    if whole["messages"] != latest.messages and "metadata" not in fields:
        whole["metadata"] = {}
    if "messages" in fields or "variables" in fields:
        whole["variables"] = _with_found(whole["messages"], whole["variables"])
        if "variables" not in fields:
            whole["variables"] = _still_used(whole["messages"], whole["variables"], included)
    parents = dict.fromkeys((latest.id, *whole.pop("parents", ())))
    return Draft(
        id=ids(), created_at=at, content_hash=_hash(whole), parents=tuple(parents), **whole
    )


def says_the_same(draft: Draft, latest: PromptVersion) -> bool:
    return draft.content_hash == latest.content_hash and draft.metadata == latest.metadata


def _with_found(messages: Sequence[Message], declared: Sequence[Variable]) -> tuple[Variable, ...]:
    known = {variable.name for variable in declared}
    names = dict.fromkeys(m.content for m in messages if m.role == "placeholder")
    placeholders = [
        Variable(name=name, type="list", description="Messages that stand here")
        for name in names
        if name not in known
    ]
    texts = [message.content for message in messages if message.role != "placeholder"]
    return find_variables(texts, (*declared, *placeholders))


def _still_used(
    messages: Sequence[Message], variables: Sequence[Variable], included: Collection[str]
) -> tuple[Variable, ...]:
    used = {variable.name for variable in _with_found(messages, ())} | set(included)
    return tuple(variable for variable in variables if variable.name in used)


def _hash(fields: Fields) -> str:
    return content_hash(fields["messages"], fields.get("variables", ()), fields.get("config", {}))
