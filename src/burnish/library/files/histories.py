"""Between a prompt as files know it and as the library keeps it, with its whole history."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
from msgspec import structs

from burnish.errors import UsageError
from burnish.library import drafts
from burnish.library.approvals import Approvals
from burnish.library.listing import clean_tags
from burnish.library.shelf import Shelf
from burnish.library.values import category_of
from burnish.prompts import refs
from burnish.prompts.formats import ExampleFile, PromptFile, VersionFile
from burnish.prompts.prompt import MAIN, Branch, Label, Prompt, PromptVersion
from burnish.shapes import convert
from burnish.storage.store import Draft, Entry, Fetched

_MOST = 1000
Expand = Callable[[Fetched], Awaitable[PromptVersion]]
# Where a version keeps what its file gave to try it with.
TESTS = "tests"


class Histories:
    def __init__(self, shelf: Shelf, approvals: Approvals) -> None:
        self._shelf = shelf
        self._approvals = approvals

    async def add(self, file: PromptFile, author: str) -> Prompt:
        """A new prompt with all the versions of the file. Raises Conflict for a name that is
        taken, and like `create` for what the library cannot keep."""
        entry = self.entry(file, author)
        await self._shelf.store.prompts.add_many([entry])
        self._shelf.cache.drop(entry.prompt.name)
        return entry.prompt

    def entry(self, file: PromptFile, author: str) -> Entry:
        now = self._shelf.now()
        name = refs.check_name(file.name)
        versions: list[Draft] = []
        for place, version in enumerate(file.versions, 1):
            fields = draft_fields(version, file if place == len(file.versions) else None)
            fields["author"] = version.author or author
            fields |= {"branch": version.branch, "archived_at": version.archived_at}
            at = version.created_at or now
            made = drafts.first(self._shelf.ids, at, fields)
            parents = tuple(
                versions[int(parent) - 1].id
                for parent in _parents(version, place)
                if parent.isdigit() and 0 < int(parent) < place
            )
            versions.append(structs.replace(made, parents=parents))
        latest = max(n for n, v in enumerate(file.versions, 1) if v.branch == MAIN)
        _check_in_use(file, latest)
        prompt = Prompt(
            id=self._shelf.ids(),
            name=name,
            category=category_of(name, file.category),
            tags=clean_tags(file.tags or ()),
            description=file.description or "",
            owner=file.owner or author,
            latest_revision=latest,
            last_revision=len(versions),
            created_at=versions[0].created_at,
            updated_at=versions[-1].created_at,
        )
        return Entry(
            prompt, tuple(versions), self._labels(file, author), self._branches(file, author)
        )

    def _labels(self, file: PromptFile, author: str) -> tuple[Label, ...]:
        """Without those that need an approval."""
        now = self._shelf.now()
        return tuple(
            Label(
                name=refs.check_label(label),
                revision=place,
                moved_by=author,
                moved_at=now,
                tag=label in file.fixed,
            )
            for label, place in file.labels.items()
            if self._approvals.is_free(label)
        )

    def _branches(self, file: PromptFile, author: str) -> tuple[Branch, ...]:
        now = self._shelf.now()
        return tuple(
            Branch(
                name=refs.check_branch(branch),
                revision=place,
                from_revision=place,
                made_by=author,
                made_at=now,
            )
            for branch, place in file.branches.items()
        )

    async def read(self, prompt: Prompt, *, whole: bool, expand: Expand | None) -> PromptFile:
        """The prompt as files know it: all versions, or the newest of the main branch. With
        `expand` texts that are included stand in it."""
        store = self._shelf.store
        versions = await self._versions(prompt, whole=whole)
        if expand is not None:
            versions = [await expand(Fetched(prompt, each, "revision")) for each in versions]
        place = {version.revision: n for n, version in enumerate(versions, 1)}
        by_id = {version.id: n for n, version in enumerate(versions, 1)}
        labels = [each for each in await store.labels.of(prompt.id) if each.revision in place]
        branches = await store.branches.of(prompt.id) if whole else []
        tests = versions[-1].metadata.get(TESTS, [])
        return PromptFile(
            name=prompt.name,
            versions=tuple(_version_file(version, by_id) for version in versions),
            category=prompt.category,
            tags=prompt.tags,
            description=prompt.description,
            owner=prompt.owner,
            labels={each.name: place[each.revision] for each in labels},
            fixed=tuple(each.name for each in labels if each.tag),
            branches={each.name: place[each.revision] for each in branches},
            examples=tuple(convert(tests, list[ExampleFile])),
        )

    async def _versions(self, prompt: Prompt, *, whole: bool) -> list[PromptVersion]:
        store = self._shelf.store.versions
        if not whole:
            return [(await self._shelf.fetch(prompt.name, label=refs.LATEST)).version]
        found: list[PromptVersion] = []
        before = None
        while page := await store.history(prompt.id, _MOST, before):
            found += page
            before = page[-1].revision
        return found[::-1]


def draft_fields(version: VersionFile, file: PromptFile | None) -> dict[str, Any]:
    """What a version is made of; with the file, what it gives to try the prompt with."""
    metadata = dict(version.metadata)
    if file is not None and file.examples:
        metadata[TESTS] = msgspec.json.decode(msgspec.json.encode(file.examples))
    if version.number and "version" not in metadata:
        metadata["version"] = version.number
    return {
        "messages": drafts.messages_of(version.messages),
        "variables": drafts.variables_of(version.variables),
        "config": drafts.config_of(version.config),
        "metadata": drafts.plain("metadata", metadata),
        "message": version.message,
    }


def _check_in_use(file: PromptFile, latest: int) -> None:
    for place in (latest, *file.labels.values(), *file.branches.values()):
        if file.versions[place - 1].archived_at is not None:
            raise UsageError(
                f"version {place} of the file is archived, and in use",
                hint="take its archived_at away, or what points at it",
            )


def _parents(version: VersionFile, place: int) -> Sequence[str]:
    return version.parents or ((str(place - 1),) if place > 1 else ())


def _version_file(version: PromptVersion, by_id: dict[str, int]) -> VersionFile:
    metadata = {key: value for key, value in version.metadata.items() if key != TESTS}
    return VersionFile(
        messages=version.messages,
        variables=version.variables,
        config=version.config,
        author=version.author,
        message=version.message,
        created_at=version.created_at,
        revision=version.revision,
        parents=tuple(str(by_id[each]) for each in version.parents if each in by_id),
        metadata=metadata,
        branch=version.branch,
        archived_at=version.archived_at,
    )
