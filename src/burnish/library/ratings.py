"""How good somebody says that a prompt is."""

from __future__ import annotations

import re

from burnish.errors import NotFound, UsageError
from burnish.library.shelf import Shelf
from burnish.prompts import refs
from burnish.prompts.prompt import Prompt, PromptVersion
from burnish.storage.feedback import FeedbackEvent

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


async def rate(shelf: Shelf, given: str, value: object, *, who: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise UsageError(f"{value!r} is no rating", hint="ratings are numbers between 0 and 1")
    prompt, version = await _rated(shelf, given)
    event = FeedbackEvent(
        id=shelf.ids(),
        kind="score",
        value=value,
        rating=value,
        prompt_id=prompt.id,
        prompt=prompt.name,
        version_id=version and version.id,
        revision=version and version.revision,
        who=who,
        created_at=shelf.now(),
    )
    await shelf.store.feedback.add(event)


async def _rated(shelf: Shelf, given: str) -> tuple[Prompt, PromptVersion | None]:
    if not _ID.fullmatch(given):
        found = await shelf.fetch_reference(refs.parse(given))
        return found.prompt, found.version
    version = await shelf.store.versions.by_id(given)
    prompt = await shelf.store.prompts.by_id(given if version is None else version.prompt_id)
    if prompt is None:
        raise NotFound(
            f"no prompt has the id {given!r}",
            hint="list prompts to see what there is",
            subject=given,
        )
    return prompt, version
