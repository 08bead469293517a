"""Between rows and values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from burnish.errors import UsageError
from burnish.prompts.prompt import MAIN, Prompt, PromptVersion
from burnish.storage.store import Entry
from burnish.storage.tables import prompt_versions, prompts

_p, _v = prompts.c, prompt_versions.c


def prompt_of(row: Mapping[Any, Any]) -> Prompt:
    rated = row[_p.rating_count] > 0
    return Prompt(
        id=row[_p.id],
        name=row[_p.name],
        category=row[_p.category],
        tags=row[_p.tags],
        description=row[_p.description],
        owner=row[_p.owner],
        rating=row[_p.rating_order] if rated else None,
        usage_count=row[_p.usage_count],
        latest_revision=row[_p.latest_revision],
        last_revision=row[_p.last_revision],
        last_used_at=row[_p.last_used_at],
        created_at=row[_p.created_at],
        updated_at=row[_p.updated_at],
        deleted_at=row[_p.deleted_at],
    )


def prompt_row(entry: Entry) -> dict[str, Any]:
    prompt = entry.prompt
    if not entry.versions:
        raise UsageError(f"prompt {prompt.name!r} has no version", hint="give it a text")
    rating = prompt.rating
    return {
        "id": prompt.id,
        "name": prompt.name,
        "category": prompt.category,
        "tags": prompt.tags,
        "description": prompt.description,
        "owner": prompt.owner,
        "usage_count": prompt.usage_count,
        # A rating that comes from elsewhere counts as one.
        "rating_sum": rating or 0.0,
        "rating_count": 0 if rating is None else 1,
        "rating_order": -1.0 if rating is None else rating,
        "latest_revision": _latest(entry),
        "last_revision": len(entry.versions),
        "created_at": prompt.created_at,
        "updated_at": prompt.updated_at,
        "deleted_at": prompt.deleted_at,
        "last_used_at": prompt.last_used_at,
    }


def version_of(row: Mapping[Any, Any]) -> PromptVersion:
    return PromptVersion(
        id=row[_v.id],
        prompt_id=row[_v.prompt_id],
        revision=row[_v.revision],
        messages=row[_v.messages],
        variables=row[_v.variables],
        config=row[_v.config],
        author=row[_v.author],
        message=row[_v.message],
        parents=row[_v.parents],
        content_hash=row[_v.content_hash],
        created_at=row[_v.created_at],
        metadata=row[_v.version_metadata],
        branch=row[_v.branch],
        archived_at=row[_v.archived_at],
    )


def version_row(version: PromptVersion) -> dict[str, Any]:
    return {
        "id": version.id,
        "prompt_id": version.prompt_id,
        "revision": version.revision,
        "messages": version.messages,
        "variables": version.variables,
        "config": version.config,
        "author": version.author,
        "message": version.message,
        "parents": version.parents,
        "content_hash": version.content_hash,
        "created_at": version.created_at,
        "version_metadata": version.metadata,
        "branch": version.branch,
        "archived_at": version.archived_at,
    }


def _latest(entry: Entry) -> int:
    """The newest on the main branch; one of the versions must be on it."""
    on_main = (n for n, draft in enumerate(entry.versions, 1) if draft.branch == MAIN)
    latest = max(on_main, default=0)
    if not latest:
        raise UsageError(
            f"prompt {entry.prompt.name!r} has no version on its main branch",
            hint="give it one",
        )
    return latest
