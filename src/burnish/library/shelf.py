"""What the parts of the library share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from burnish.library.cache import Cache
from burnish.library.missing import no_prompt, no_such_version
from burnish.prompts import refs
from burnish.prompts.prompt import Prompt
from burnish.prompts.refs import Reference
from burnish.storage.store import Fetched, Store


class Shelf:
    def __init__(
        self, store: Store, ids: Callable[[], str], now: Callable[[], datetime], cache: Cache
    ) -> None:
        self.store = store
        self.ids = ids
        self.now = now
        self.cache = cache

    async def prompt(self, name: str) -> Prompt:
        name = refs.check_name(name)
        prompt = await self.store.prompts.by_name(name)
        if prompt is None:
            raise await no_prompt(self.store.prompts, name)
        return prompt

    async def fetch(
        self,
        name: str,
        *,
        revision: int | None = None,
        label: str | None = None,
        branch: str | None = None,
    ) -> Fetched:
        reference = Reference(
            name=refs.check_name(name), revision=revision, label=label, branch=branch
        )
        return await self.fetch_reference(reference)

    async def fetch_reference(self, reference: Reference) -> Fetched:
        if reference.revision is not None:
            refs.check_revision(reference.revision)
        fetched = await self.store.versions.find(
            reference.name,
            revision=reference.revision,
            label=reference.label,
            branch=reference.branch,
        )
        if fetched is None:
            raise await no_such_version(self.store, reference)
        return fetched
