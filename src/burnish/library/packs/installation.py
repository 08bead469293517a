"""One pack on its way into the library: what it would do, and doing it in one step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from burnish.errors import Conflict, MissingExtra, NotPermitted
from burnish.library.cache import Cache
from burnish.library.packs.contents import Contents
from burnish.library.packs.includes import refusal, refusals
from burnish.library.packs.plan import Planner, Step, library_name
from burnish.library.packs.report import (
    PackConflict,
    PackPreview,
    PackReport,
    PreviewedPrompt,
)
from burnish.library.shelf import Shelf
from burnish.prompts.formats import PromptFile
from burnish.storage.packs import Pack, PackChange, PackPrompt
from burnish.storage.store import Store


class Installation:
    """`held` is the pack as it is installed already."""

    def __init__(
        self, store: Store, contents: Contents, held: Pack | None, prefix: str | None, author: str
    ) -> None:
        """`prefix` None is where the pack is already, else no folder. Raises Conflict for another
        folder than that."""
        self._store = store
        self._contents = contents
        self._held = held
        self._pack = _pack(contents, held, prefix, author)
        self._before: dict[str, PackPrompt] = {}
        self._steps: tuple[Step, ...] = ()
        self._refused: tuple[str, ...] = ()

    async def plan(
        self, ids: Callable[[], str], cache: Cache, conflict: PackConflict, *, update: bool
    ) -> None:
        """Raises UsageError for prompts that the library would refuse."""
        if self._held is not None:
            before = await self._store.packs.prompts(self._pack.name)
            self._before = {each.name: each for each in before}
        at = self._pack.installed_at
        shelf = Shelf(self._store, ids, lambda: at, cache)
        planner = Planner(
            shelf, self._contents, self._pack, self._before, conflict=conflict, update=update
        )
        self._steps = await planner.steps()
        self._refused = await refusals(shelf, self._steps, self._pack.prefix)

    def check_includes(self) -> None:
        """Raises UsageError for a pack whose prompts include what it does not bring."""
        if self._refused:
            raise refusal(self._pack.name, self._refused)

    def check_signature(self, *, required: bool) -> None:
        """Raises NotPermitted for a pack that is not signed as it must be, MissingExtra where that
        cannot be told."""
        signature, name = self._contents.signature, self._pack.name
        was = "" if self._held is None else self._held.key
        if (required or was) and signature.state == "unchecked":
            raise MissingExtra("cryptography", "sign")
        if required and signature.state != "trusted":
            raise NotPermitted(
                f"the pack {name!r} is {signature}, and packs.require_signature is set",
                hint="put its maker's key into trusted_keys of the data folder, or do without it",
                subject=name,
            )
        if was and signature.key != was:
            raise NotPermitted(
                f"the installed pack {name!r} was signed by {was}, this one is {signature}",
                hint="ask its maker; to take it all the same, uninstall the pack first",
                subject=name,
            )

    async def write(self, cache: Cache) -> None:
        """All of it, or nothing; nothing at all where nothing would change. Raises Conflict."""
        prompts = (*(s.brought for s in self._steps if s.brought is not None), *self._left())
        same = {each.name: each for each in prompts} == self._before
        if not prompts or (same and self._unmoved and not any(map(_writes, self._steps))):
            return
        change = PackChange(
            pack=self._pack,
            was="" if self._held is None else self._held.checksum,
            new=tuple(s.entry for s in self._steps if s.entry is not None),
            revisions=tuple(s.change for s in self._steps if s.change is not None),
            prompts=prompts,
        )
        await self._store.packs.install(change)
        for step in self._steps:
            cache.drop(step.plan.name)

    def preview(self, *, required: bool) -> PackPreview:
        contents, manifest = self._contents, self._contents.manifest
        notes = self._notes()
        if required and contents.signature.state != "trusted":
            told = "packs.require_signature is set, so without a trusted signature it cannot be"
            notes = (*notes, f"{told} installed")
        return PackPreview(
            name=manifest.name,
            version=manifest.version,
            title=manifest.title,
            description=manifest.description,
            authors=manifest.authors,
            licence=manifest.licence,
            homepage=manifest.homepage,
            checksum=contents.checksum,
            signature=contents.signature,
            source=contents.where,
            commit=contents.commit,
            installed="" if self._held is None else self._held.version,
            prompts=tuple(map(_previewed, self._steps, contents.prompts)),
            readme=contents.readme,
            notes=notes,
            refused=self._refused,
        )

    def report(self, *, dry_run: bool) -> PackReport:
        contents = self._contents
        prefix = self._pack.prefix
        return PackReport(
            name=self._pack.name,
            version=self._pack.version,
            was="" if self._held is None else self._held.version,
            checksum=contents.checksum,
            signature=contents.signature,
            source=contents.where,
            commit=contents.commit,
            prompts=tuple(step.plan for step in self._steps),
            left=tuple(library_name(prefix, each.name) for each in self._left()),
            notes=self._notes(),
            dry_run=dry_run,
        )

    def _notes(self) -> tuple[str, ...]:
        was, now = self._held, self._contents
        if was is None or was.source == now.where:
            return now.notes
        return (*now.notes, f"the installed {was.name} {was.version} came from {was.source}")

    @property
    def _unmoved(self) -> bool:
        """Whether the pack says the same, from the same place, as it does in the library."""
        if self._held is None:
            return False
        at = {"installed_at": self._held.installed_at, "installed_by": self._held.installed_by}
        return msgspec.structs.replace(self._pack, **at) == self._held

    def _left(self) -> list[PackPrompt]:
        """What the pack had before and has no more."""
        now = {prompt.name for prompt in self._contents.prompts}
        return [
            msgspec.structs.replace(each, listed=False)
            for name, each in self._before.items()
            if name not in now
        ]


def _pack(contents: Contents, held: Pack | None, prefix: str | None, author: str) -> Pack:
    manifest, where = contents.manifest, "" if prefix is None else prefix.strip().strip("/")
    if held is not None:
        if prefix is not None and where != held.prefix:
            place = f"in the folder {held.prefix}" if held.prefix else "without a prefix"
            raise Conflict(
                f"the pack {manifest.name!r} is installed already, {place}",
                hint="leave the prefix out, or uninstall it first",
                subject=manifest.name,
            )
        where = held.prefix
    return Pack(
        name=manifest.name,
        version=manifest.version,
        title=manifest.title,
        description=manifest.description,
        authors=manifest.authors,
        licence=manifest.licence,
        homepage=manifest.homepage,
        checksum=contents.checksum,
        source=contents.where,
        commit=contents.commit,
        key=contents.signature.key,
        prefix=where,
        installed_by=author,
        installed_at=datetime.now(UTC),
    )


def _writes(step: Step) -> bool:
    return step.entry is not None or step.change is not None


def _previewed(step: Step, file: PromptFile) -> PreviewedPrompt:
    newest = file.latest
    # A plan's revision is a guess until it is written.
    plan = msgspec.structs.replace(step.plan, revision=None)
    return PreviewedPrompt(
        plan=plan,
        messages=newest.messages,
        variables=newest.variables,
        description=file.description or "",
        category=file.category or "",
        tags=file.tags or (),
        model=str(newest.config.get("model") or ""),
        tests=len(file.examples),
    )
