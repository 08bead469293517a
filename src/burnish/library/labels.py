"""Movable pointers to versions, and the log of their moves."""

from __future__ import annotations

from msgspec import structs

from burnish.library.composition import Coming
from burnish.library.dependants import Dependants
from burnish.library.missing import check_in_use
from burnish.library.shelf import Shelf
from burnish.prompts import refs
from burnish.prompts.prompt import Label, Prompt
from burnish.prompts.refs import LATEST
from burnish.storage.store import LabelChange, LabelMove


class Labels:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._dependants = Dependants(shelf)

    async def set(
        self, name: str, label: str, revision: int, by: str, why: str, *, tag: bool = False
    ) -> LabelMove:
        label = refs.check_label(label)
        found = await self._shelf.fetch(name, revision=revision)
        check_in_use(found.version)
        return await self.move(found.prompt, label, revision, by=by, why=why, tag=tag)

    async def remove(self, name: str, label: str, by: str, why: str) -> LabelMove:
        label = refs.check_label(label)
        return await self.move(await self._shelf.prompt(name), label, None, by=by, why=why)

    async def move(
        self,
        prompt: Prompt,
        label: str,
        revision: int | None,
        *,
        by: str,
        why: str,
        tag: bool = False,
        request: str = "",
    ) -> LabelMove:
        """Raises Conflict where that would break what includes the prompt by the label."""
        await self._check(prompt, label, revision)
        change = structs.replace(
            self.change(label, revision, by=by, why=why), tag=tag, request=request
        )
        move = await self._shelf.store.labels.change(prompt.id, change)
        self._shelf.cache.drop(prompt.name)
        return move

    async def _check(self, prompt: Prompt, label: str, revision: int | None) -> None:
        if revision is None:
            await self._dependants.check_removed(prompt.name, label)
            return
        version = (await self._shelf.fetch(prompt.name, revision=revision)).version
        coming = Coming(
            name=prompt.name,
            revision=revision,
            messages=version.messages,
            variables=version.variables,
            labels=(label,),
        )
        await self._dependants.check_moved(coming, label)

    def change(self, label: str, revision: int | None, *, by: str, why: str) -> LabelChange:
        shelf = self._shelf
        return LabelChange(
            id=shelf.ids(), label=label, revision=revision, by=by, why=why, at=shelf.now()
        )

    async def of(self, name: str) -> tuple[Label, ...]:
        found = await self._shelf.fetch(name, label=LATEST)
        version = found.version
        latest = Label(
            name=LATEST,
            revision=version.revision,
            moved_by=version.author,
            moved_at=version.created_at,
        )
        return (*await self._shelf.store.labels.of(found.prompt.id), latest)

    async def log(self, name: str, label: str | None, limit: int) -> tuple[LabelMove, ...]:
        prompt = await self._shelf.prompt(name)
        return tuple(await self._shelf.store.labels.log(prompt.id, label, limit))
