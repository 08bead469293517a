"""Pages of prompts, and the opaque text that continues one."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

import msgspec

from burnish.errors import UsageError
from burnish.library.values import Page
from burnish.prompts.prompt import Prompt
from burnish.shapes import decoder
from burnish.storage.store import PromptCursor, PromptFilter, Prompts, Sort

MAX_PAGE = 1000
MAX_TAGS, MAX_TAG = 100, 255


class _Place(msgspec.Struct, frozen=True, array_like=True):
    sort: Sort
    last: PromptCursor


_DECODER = decoder(_Place)


def check_limit(limit: int) -> None:
    if not 1 <= limit <= MAX_PAGE:
        raise UsageError(f"a page of {limit} is not possible", hint=f"ask for 1 to {MAX_PAGE}")


async def page_of(
    prompts: Prompts, where: PromptFilter, sort: Sort, limit: int, cursor: str | None
) -> Page:
    check_limit(limit)
    after = None if cursor is None else _read(cursor, sort)
    # One more than asked for tells whether the list goes on.
    items = await prompts.page(where, sort, limit + 1, after)
    goes_on = len(items) > limit
    del items[limit:]
    return Page(
        items=tuple(items),
        total=await prompts.count(where),
        next=_write(sort, items[-1]) if goes_on else None,
    )


def clean_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """Trimmed, each once, in the order given."""
    found = tuple(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))
    if len(found) > MAX_TAGS:
        hint = f"give {MAX_TAGS} at most; what holds more is a category or a folder"
        raise UsageError(f"{len(found):,} tags are too many", hint=hint, subject="tags")
    if any(len(tag) > MAX_TAG for tag in found):
        hint = f"give tags of {MAX_TAG} characters at most"
        raise UsageError("a tag is too long", hint=hint, subject="tags")
    return found


def _write(sort: Sort, last: Prompt) -> str:
    cursor = PromptCursor(
        rating=last.rating,
        usage_count=last.usage_count,
        updated_at=last.updated_at,
        name=last.name,
        id=last.id,
    )
    return base64.urlsafe_b64encode(msgspec.json.encode(_Place(sort, cursor))).decode()


def _read(text: str, sort: Sort) -> PromptCursor:
    try:
        place = _DECODER.decode(base64.urlsafe_b64decode(text.encode()))
    except (binascii.Error, msgspec.DecodeError, UnicodeError) as error:
        raise UsageError(
            f"{text[:40]!r} continues no list", hint="take it from the page before"
        ) from error
    if place.sort != sort:
        raise UsageError(
            f"the list was sorted by {place.sort}, not by {sort}",
            hint="keep the order while paging",
        )
    return place.last
