"""What installing a pack would do to the library, prompt by prompt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from burnish.library import drafts
from burnish.library.files.histories import draft_fields
from burnish.library.labels import Labels
from burnish.library.listing import clean_tags
from burnish.library.packs.contents import Contents
from burnish.library.packs.report import PackConflict, PlannedPrompt
from burnish.library.shelf import Shelf
from burnish.library.values import NewPrompt
from burnish.library.versions import Versions
from burnish.prompts.formats import PromptFile
from burnish.prompts.prompt import MAIN
from burnish.prompts.refs import LATEST, check_name
from burnish.storage.packs import Pack, PackPrompt, PackRevision
from burnish.storage.store import Edit, Entry, Fetched


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One prompt: `entry` for a new one, `change` for one that is there. `brought` is None for
    one that the pack has no part in."""

    plan: PlannedPrompt
    brought: PackPrompt | None
    entry: Entry | None = None
    change: PackRevision | None = None


class Planner:
    """`before` are the prompts that the pack brought already, by their names in the pack. With
    `update`, those among them that were deleted stay so."""

    def __init__(
        self,
        shelf: Shelf,
        contents: Contents,
        pack: Pack,
        before: Mapping[str, PackPrompt],
        *,
        conflict: PackConflict,
        update: bool,
    ) -> None:
        self._shelf = shelf
        self._contents = contents
        self._pack = pack
        self._before = before
        self._conflict: PackConflict = conflict
        self._update = update
        self._versions = Versions(shelf, Labels(shelf))

    async def steps(self) -> tuple[Step, ...]:
        return tuple([await self._step(prompt) for prompt in self._contents.prompts])

    async def _step(self, file: PromptFile) -> Step:
        name = library_name(self._pack.prefix, file.name)
        fields = self._fields(file)
        held = await self._shelf.store.versions.find(name, label=LATEST)
        before = self._before.get(file.name)
        if held is None:
            if self._update and before is not None:
                return self._skipped(name, file, before, "you deleted it")
            return self._new(name, file, fields)
        if before is not None and before.prompt_id != held.prompt.id:
            before = None
        draft = drafts.after(held.version, self._shelf.ids, self._pack.installed_at, fields)
        if draft.content_hash == held.version.content_hash:
            return self._same(name, file, held, before)
        untouched = before is not None and held.version.content_hash == before.content_hash
        if not untouched and self._conflict == "skip":
            why = "you changed it" if before is not None else "your prompt of that name differs"
            return self._skipped(name, file, before, why)
        change = PackRevision(
            prompt_id=held.prompt.id,
            expected_revision=held.version.revision,
            draft=draft,
            edit=self._edit(file, held),
        )
        revision = held.prompt.last_revision + 1
        return Step(
            plan=PlannedPrompt(name=name, packed=file.name, outcome="revised", revision=revision),
            brought=self._brought(file, held.prompt.id, revision, draft.content_hash, before),
            change=change,
        )

    def _fields(self, file: PromptFile) -> drafts.Fields:
        fields = draft_fields(file.latest, file)
        manifest = self._contents.manifest
        fields["metadata"] |= {
            "pack": {
                "name": manifest.name,
                "version": manifest.version,
                "checksum": self._contents.checksum,
            }
        }
        fields["message"] = f"Install the pack {manifest.name}, version {manifest.version}"
        return fields | {"author": self._pack.installed_by, "branch": MAIN}

    def _new(self, name: str, file: PromptFile, fields: drafts.Fields) -> Step:
        given = {key: fields[key] for key in ("variables", "config", "metadata", "message")}
        new = NewPrompt(
            name=name,
            content=fields["messages"],
            category=file.category,
            tags=file.tags or (),
            description=file.description or "",
            **given,
        )
        entry = self._versions.entry(new, self._pack.installed_by)
        said = entry.versions[0].content_hash
        brought = self._brought(file, entry.prompt.id, 1, said, None)
        return Step(
            plan=PlannedPrompt(name=name, packed=file.name, outcome="new", revision=1),
            brought=msgspec.structs.replace(brought, created=True),
            entry=entry,
        )

    def _same(self, name: str, file: PromptFile, held: Fetched, before: PackPrompt | None) -> Step:
        version = held.version
        edit = self._edit(file, held)
        change = None
        if edit:
            change = PackRevision(
                prompt_id=held.prompt.id,
                expected_revision=version.revision,
                draft=None,
                edit=edit,
            )
        return Step(
            plan=PlannedPrompt(
                name=name,
                packed=file.name,
                outcome="edited" if edit else "unchanged",
                revision=version.revision,
            ),
            brought=self._brought(
                file, held.prompt.id, version.revision, version.content_hash, before
            ),
            change=change,
        )

    def _skipped(self, name: str, file: PromptFile, before: PackPrompt | None, why: str) -> Step:
        plan = PlannedPrompt(name=name, packed=file.name, outcome="skipped", why=why)
        return Step(plan=plan, brought=before)

    def _edit(self, file: PromptFile, held: Fetched) -> Edit:
        """Nothing, unless what is there is to be overwritten."""
        if self._conflict != "overwrite":
            return Edit()
        said: dict[str, Any] = {
            "category": file.category,
            "tags": None if file.tags is None else clean_tags(file.tags),
            "description": file.description,
        }
        changed = {
            key: value
            for key, value in said.items()
            if value is not None and value != getattr(held.prompt, key)
        }
        return Edit(**changed)

    def _brought(
        self,
        file: PromptFile,
        prompt_id: str,
        revision: int,
        said: str,
        before: PackPrompt | None,
    ) -> PackPrompt:
        return PackPrompt(
            pack=self._pack.name,
            name=file.name,
            prompt_id=prompt_id,
            revision=revision,
            content_hash=said,
            created=before is not None and before.created,
        )


def library_name(prefix: str, name: str) -> str:
    return check_name(f"{prefix}/{name}" if prefix else name)
