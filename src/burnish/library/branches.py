"""Lines of versions beside the main one, and how they come together again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from burnish.errors import Conflict, UsageError
from burnish.library import drafts
from burnish.library.ancestry import ancestors, merge_base
from burnish.library.missing import check_in_use
from burnish.library.shelf import Shelf
from burnish.library.values import Saved
from burnish.library.versions import Versions
from burnish.prompts import refs
from burnish.prompts.merge import Content, Merge, MergeConflict, Own, Side, merge
from burnish.prompts.prompt import MAIN, Branch, PromptVersion, join_messages
from burnish.storage.store import Fetched

Choices = Mapping[int, Side | Own]
_ATTEMPTS = 100


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What a merge or a revert would do. `base` is the version that both sides grew from;
    `nothing` tells that there is nothing to bring over. Conflicts are those of `merged`."""

    into: str
    base: PromptVersion
    ours: PromptVersion
    theirs: PromptVersion
    merged: Merge
    nothing: bool = False


class MergePlan(msgspec.Struct, frozen=True, kw_only=True):
    """A preview in short: the revisions of the three sides, and the text that a merge would give,
    None as long as there are conflicts."""

    base: int
    ours: int
    theirs: int
    nothing: bool
    text: str | None
    conflicts: tuple[MergeConflict, ...] = ()

    @classmethod
    def of(cls, seen: Preview) -> MergePlan:
        conflicts = seen.merged.conflicts
        whole = None if conflicts else seen.merged.resolved()
        return cls(
            base=seen.base.revision,
            ours=seen.ours.revision,
            theirs=seen.theirs.revision,
            nothing=seen.nothing,
            text=None if whole is None else join_messages(whole.messages),
            conflicts=conflicts,
        )


class Branches:
    def __init__(self, shelf: Shelf, versions: Versions) -> None:
        self._shelf = shelf
        self._versions = versions

    async def make(self, name: str, branch: str, at: str | None, by: str) -> Branch:
        branch = refs.check_branch(branch)
        found = await self.pointed(name, at or MAIN)
        check_in_use(found.version)
        made = Branch(
            name=branch,
            revision=found.version.revision,
            from_revision=found.version.revision,
            made_by=by,
            made_at=self._shelf.now(),
        )
        await self._shelf.store.branches.add(found.prompt.id, made)
        return made

    async def of(self, name: str) -> tuple[Branch, ...]:
        latest = await self._shelf.fetch(name, branch=MAIN)
        main = Branch(
            name=MAIN,
            revision=latest.version.revision,
            from_revision=1,
            made_by=latest.prompt.owner,
            made_at=latest.prompt.created_at,
        )
        return (main, *await self._shelf.store.branches.of(latest.prompt.id))

    async def delete(self, name: str, branch: str) -> Branch:
        branch = refs.check_branch(branch)
        prompt = await self._shelf.prompt(name)
        gone = await self._shelf.store.branches.delete(prompt.id, branch)
        self._shelf.cache.drop(prompt.name)
        return gone

    async def preview(self, name: str, source: str, into: str) -> Preview:
        ours = await self._shelf.fetch(name, branch=into)
        theirs = await self.pointed(name, source)
        places = await self._shelf.store.versions.places(ours.prompt.id)
        base_id = merge_base(places, ours.version.id, theirs.version.id)
        base = None if base_id is None else await self._shelf.store.versions.by_id(base_id)
        if base is None:
            raise UsageError(
                f"{source!r} and {into!r} have no version in common",
                hint="compare them with diff, and edit one of them",
                subject=name,
            )
        sides = (base, ours.version, theirs.version)
        known = ancestors({place.id: place for place in places}, ours.version.id)
        return Preview(
            into=into,
            base=base,
            ours=ours.version,
            theirs=theirs.version,
            merged=merge(*map(Content.of, sides)),
            nothing=theirs.version.id in known,
        )

    async def merge(
        self,
        name: str,
        source: str,
        into: str,
        *,
        choices: Choices | None,
        fields: dict[str, Any],
        expected: int | None,
        preview: Preview | None,
    ) -> Saved:
        """Looks again when somebody saves on the target meanwhile; with choices that is an error,
        as they were made for other conflicts."""
        for _ in range(_ATTEMPTS):
            seen = await self.preview(name, source, into)
            _check_same(preview, seen)
            if seen.nothing:
                prompt = (await self._shelf.fetch(name, branch=into)).prompt
                return Saved(prompt=prompt, version=seen.ours, change="unchanged")
            try:
                return await self._store(name, seen, choices, fields, expected)
            except Conflict:
                now = await self._shelf.fetch(name, branch=into)
                moved = now.version.revision != seen.ours.revision
                if not moved or expected is not None or choices:
                    raise
        raise Conflict(
            f"others kept changing {name!r} for {_ATTEMPTS} attempts",
            hint="try again when they are done",
            subject=name,
        )

    async def revert(
        self,
        name: str,
        revision: int,
        branch: str,
        *,
        choices: Choices | None,
        fields: dict[str, Any],
        preview: Preview | None,
    ) -> Saved:
        """What `revision` changed is changed back; what came after it stays."""
        seen = await self.preview_revert(name, revision, branch)
        _check_same(preview, seen)
        given = _contents(seen.merged.resolved(choices)) | fields | {"branch": branch}
        given["message"] = fields.get("message") or f"Revert revision {revision}"
        return await self._versions.revise(
            name, given, seen.ours.revision, related=((seen.base.id, "reverted"),)
        )

    async def preview_revert(self, name: str, revision: int, branch: str) -> Preview:
        undone = (await self._shelf.fetch(name, revision=revision)).version
        ours = (await self._shelf.fetch(name, branch=branch)).version
        before = undone.parents[0] if undone.parents else ""
        parent = await self._shelf.store.versions.by_id(before) if before else None
        if parent is None:
            raise UsageError(
                f"revision {revision} is the first, and there is nothing before it",
                hint="delete the prompt, or save another text",
                subject=name,
            )
        sides = (undone, ours, parent)
        merged = merge(*map(Content.of, sides))
        return Preview(into=branch, base=undone, ours=ours, theirs=parent, merged=merged)

    async def pointed(self, name: str, pointer: str) -> Fetched:
        """By the name of a branch, a revision, a label, or a whole reference to the prompt."""
        if "@" in pointer:
            parsed = refs.parse(pointer)
            if parsed.name != refs.check_name(name):
                raise UsageError(
                    f"{pointer!r} is another prompt than {name!r}",
                    hint="branches belong to one prompt; copy the other one's text by hand",
                    subject=pointer,
                )
            return await self._shelf.fetch_reference(parsed)
        if pointer.isascii() and pointer.isdigit():
            return await self._shelf.fetch(name, revision=int(pointer[:10]))
        prompt = await self._shelf.prompt(name)
        names = {branch.name for branch in await self._shelf.store.branches.of(prompt.id)}
        if pointer == MAIN or pointer in names:
            return await self._shelf.fetch(name, branch=pointer)
        held = {label.name for label in await self._shelf.store.labels.of(prompt.id)}
        if pointer in held or pointer == refs.LATEST:
            return await self._shelf.fetch(name, label=pointer)
        return await self._shelf.fetch(name, branch=pointer)

    async def _store(
        self,
        name: str,
        seen: Preview,
        choices: Choices | None,
        fields: dict[str, Any],
        expected: int | None,
    ) -> Saved:
        given = _contents(seen.merged.resolved(choices)) | fields
        given |= {
            "branch": seen.into,
            "parents": (seen.theirs.id,),
            "message": fields.get("message") or f"Merge {_told(seen.theirs)} into {seen.into}",
        }
        base = seen.ours.revision if expected is None else expected
        return await self._versions.revise(name, given, base, always=True)


def _contents(content: Content) -> dict[str, Any]:
    """Checked like everything that is stored: choices may bring in what no version may hold."""
    return {
        "messages": drafts.messages_of(content.messages),
        "variables": drafts.variables_of(content.variables),
        "config": drafts.config_of(content.config),
    }


def _check_same(preview: Preview | None, seen: Preview) -> None:
    """Raises Conflict where a side has moved since the preview."""
    if preview is None:
        return
    for side in ("base", "ours", "theirs"):
        if getattr(preview, side).id != getattr(seen, side).id:
            raise Conflict(
                "a side has changed since you looked, and the conflicts may be others",
                hint="look again, and decide again",
            )


def _told(version: PromptVersion) -> str:
    line = "" if version.branch == MAIN else f"{version.branch} at "
    return f"{line}revision {version.revision}"
