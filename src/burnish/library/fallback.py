"""What a program brings along for when there is no prompt to be had."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from burnish.errors import UsageError
from burnish.library import drafts
from burnish.library.values import Content
from burnish.prompts.prompt import Message, Prompt
from burnish.prompts.refs import Reference
from burnish.storage.store import Fetched

Fallback = Content | Callable[[], Content | Awaitable[Content]]


async def fetched_from(fallback: Fallback, wanted: Reference) -> Fetched:
    """As if it had been fetched, with revision 0 and no id. Raises UsageError and TemplateRefused
    like saving it would, and whatever the callable raises."""
    messages = drafts.messages_of(_checked(await _content(fallback), wanted))
    at = datetime.now(UTC)
    draft = drafts.first(lambda: "", at, {"messages": messages})
    prompt = Prompt(id="", name=wanted.name, created_at=at, updated_at=at)
    return Fetched(prompt, draft.at("", 0), "fallback")


async def _content(fallback: Fallback) -> Content:
    if not callable(fallback):
        return fallback
    if inspect.iscoroutinefunction(fallback):
        return await fallback()
    # It may read a file or ask a server, and here is an event loop.
    made: Any = await asyncio.to_thread(fallback)
    return await made if inspect.isawaitable(made) else made


def _checked(content: Any, wanted: Reference) -> Content:
    """What a program gives, as it gives it only when nothing else is there."""
    kind = type(content).__name__
    if isinstance(content, str):
        return content
    if isinstance(content, Sequence) and all(
        isinstance(each, Message) for each in cast(Sequence[object], content)
    ):
        return cast(Content, content)
    raise UsageError(
        f"the fallback for {wanted} is {kind}, and no text or messages",
        hint="give a text, messages (burnish.Message), or a function that gives one of them",
        subject=str(wanted),
    )
