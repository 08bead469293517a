"""The library as a sync sees it: what changed since, and changes that were made elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from burnish.errors import Conflict, NotFound
from burnish.library.approvals import Approvals
from burnish.library.cache import Cache
from burnish.library.composition import fault_of
from burnish.library.labels import Labels
from burnish.library.library import Library
from burnish.library.shelf import Shelf
from burnish.library.sync.file_form import Form
from burnish.library.values import Saved, category_of
from burnish.prompts.prompt import MAIN, Prompt, PromptVersion
from burnish.storage.store import Edit, Store

_PAGE = 500


class Stock:
    def __init__(
        self,
        store: Store,
        ids: Callable[[], str],
        author: str,
        cache: Cache | None,
        protected: Sequence[str] = (),
    ) -> None:
        self._store = store
        self._ids = ids
        self.author = author
        self._cache = cache or Cache()
        shelf = Shelf(store, ids, lambda: datetime.now(UTC), self._cache)
        self._approvals = Approvals(shelf, Labels(shelf), protected)

    async def prompts(self, prefix: str, category: str | None) -> dict[str, Prompt]:
        """By their ids."""
        library = self._library(None)
        found: dict[str, Prompt] = {}
        cursor: str | None = None
        while True:
            page = await library.list(
                prefix=prefix, category=category, sort="name", limit=_PAGE, cursor=cursor
            )
            found |= {prompt.id: prompt for prompt in page.items}
            cursor = page.next
            if cursor is None:
                return found

    async def by_id(self, prompt_id: str) -> Prompt | None:
        return await self._store.prompts.by_id(prompt_id)

    async def by_name(self, name: str) -> Prompt | None:
        return await self._store.prompts.by_name(name)

    async def deleted(self, name: str) -> Prompt | None:
        return await self._store.prompts.deleted(name)

    async def latest(self, prompt_id: str) -> PromptVersion | None:
        newest = await self._store.versions.history(prompt_id, 1, None, MAIN)
        return newest[0] if newest else None

    async def since(self, prompt_id: str, version_id: str) -> list[PromptVersion]:
        """The versions of the main branch after that one, oldest first; all where there is no
        such version."""
        found: list[PromptVersion] = []
        before: int | None = None
        while True:
            page = await self._store.versions.history(prompt_id, _PAGE, before, MAIN)
            for version in page:
                if version.id == version_id:
                    return found[::-1]
                found.append(version)
            if len(page) < _PAGE:
                return found[::-1]
            before = page[-1].revision

    async def save(
        self,
        name: str,
        form: Form,
        *,
        author: str,
        message: str,
        at: datetime,
        expected: int,
        metadata: dict[str, Any] | None,
    ) -> Saved:
        """Raises Conflict where somebody saved meanwhile, UsageError for what cannot be saved."""
        return await self._library(at).create(
            name,
            form.content.messages,
            variables=form.content.variables,
            config=form.content.config,
            category=form.category,
            tags=form.tags,
            description=form.description,
            author=author or self.author,
            message=message,
            metadata=metadata,
            expected_revision=expected,
            # Prompts of one sync may include each other, and come one by one.
            check_includes=False,
        )

    async def check_unheld(self, prompt: Prompt) -> None:
        """Raises NotPermitted for one that must not go, or be renamed, without an approval."""
        await self._approvals.check_unheld(prompt)

    async def fault(self, reference: str) -> str:
        """What keeps a version from being rendered that includes others; empty where nothing
        does."""
        return await fault_of(self._library(None).expand, reference)

    async def includers(self, name: str) -> list[str]:
        """Prompts that include the one of that name."""
        found = await self._store.relations.including(name, _PAGE)
        return list(dict.fromkeys(each.name for each in found))

    async def delete(self, prompt: Prompt, at: datetime) -> None:
        try:
            await self._store.prompts.delete(prompt.id, at)
        except NotFound:
            return  # somebody else did
        finally:
            self._cache.drop(prompt.name, gone=True)

    async def restore(self, prompt: Prompt, name: str, at: datetime) -> Prompt:
        """Raises Conflict where another prompt has that name."""
        found = await self._store.prompts.restore(prompt.id, name, at)
        self._cache.drop(name)
        return found

    async def rename(self, prompt: Prompt, name: str, at: datetime) -> Prompt:
        """Raises Conflict where another prompt has that name; it is then as it was."""
        if prompt.deleted_at is None:
            await self.delete(prompt, at)
        try:
            found = await self.restore(prompt, name, at)
        except Conflict:
            await self.restore(prompt, prompt.name, at)
            raise
        if prompt.category != category_of(prompt.name, None):
            return found
        edit = Edit(category=category_of(name, None))
        return await self._store.prompts.edit(prompt.id, edit, at)

    def _library(self, at: datetime | None) -> Library:
        """One whose clock stands at that time."""
        given: dict[str, Any] = {} if at is None else {"now": lambda: at}
        return Library(
            self._store, ids=self._ids, author=lambda: self.author, cache=self._cache, **given
        )
