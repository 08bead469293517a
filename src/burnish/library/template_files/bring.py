"""Template files into the library, each as the version that it says it is."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import msgspec

from burnish.errors import Conflict, NotFound, UsageError
from burnish.library.template_files.folder import Folder, read_folder
from burnish.library.template_files.read import TemplateFile
from burnish.library.values import HistoryEntry
from burnish.prompts.prompt import Prompt, PromptVersion

if TYPE_CHECKING:
    from burnish.library.prompts import AsyncPrompts

Conflicts = Literal["skip", "new-revision", "overwrite"]
Outcome = Literal["new", "revised", "edited", "unchanged", "skipped", "bad"]
_SOURCE = "source"
_HISTORY = 1000


class ImportedFile(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one file. `revised` is a new revision, `edited` a new category, tags or
    description alone, `skipped` a prompt that was there and was to stay as it is. A `bad` file
    has a `problem`, and its line where one is to blame (else 0)."""

    file: str
    outcome: Outcome
    name: str = ""
    revision: int | None = None
    label: str = ""
    problem: str = ""
    line: int = 0
    notes: tuple[str, ...] = ()


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """The files in the order of their names, and how many had each outcome."""

    files: tuple[ImportedFile, ...] = ()
    dry_run: bool = False
    new: int = 0
    revised: int = 0
    edited: int = 0
    unchanged: int = 0
    skipped: int = 0
    bad: int = 0


async def import_templates(
    prompts: AsyncPrompts,
    path: str | Path,
    *,
    dry_run: bool = False,
    conflict: Conflicts = "new-revision",
    only: frozenset[str] | None = None,
) -> ImportReport:
    """Brings in a template file, or all of a folder and its folders (`*.yaml`, `*.yml`); with
    `only` those named so in the folder.

    A prompt is named `agent/task`, as the file says or as its folder and name do; versions
    (`task_v2.yaml`, or `version: 2`) become revisions in their order, each with a label such as
    `v2`. What the library has already is left alone, so the same folder twice changes nothing.

    A changed file becomes a new revision, and what it says of category, tags and description
    holds. With `conflict="skip"` prompts that exist stay as they are; with `"overwrite"` also
    what the file leaves out (tags, description, category) is taken away. Labels other than those
    of versions stay where they are. `dry_run` tells what would happen.

    A bad file is in the report and stops no other. Raises NotFound for a path that is not there
    and UsageError for a folder without templates, or with more than 10,000.
    """
    folder = await asyncio.to_thread(read_folder, Path(path), only)
    found = [
        ImportedFile(file=bad.file, outcome="bad", problem=bad.problem, line=bad.line)
        for bad in folder.bad
    ]
    in_order = sorted(folder.templates, key=lambda each: (each.name, each.number, each.file))
    for _, versions in groupby(in_order, key=lambda each: each.name):
        one = _OnePrompt(prompts, folder, tuple(versions), conflict, dry_run)
        found += await one.bring()
    if only is None and not dry_run:
        prompts.imported[folder.path] = conflict
    return report_of(found, dry_run=dry_run)


def report_of(found: list[ImportedFile], *, dry_run: bool) -> ImportReport:
    files = tuple(sorted(found, key=lambda each: each.file))
    outcomes = [each.outcome for each in files]
    kinds: tuple[Outcome, ...] = ("new", "revised", "edited", "unchanged", "skipped", "bad")
    return ImportReport(
        files=files, dry_run=dry_run, **{kind: outcomes.count(kind) for kind in kinds}
    )


class _OnePrompt:
    """All files of one prompt, lowest version first."""

    def __init__(
        self,
        prompts: AsyncPrompts,
        folder: Folder,
        files: tuple[TemplateFile, ...],
        conflict: Conflicts,
        dry_run: bool,
    ) -> None:
        self._prompts = prompts
        self._root = str(folder.root)
        self._files = files
        self._name = files[0].name
        self._conflict: Conflicts = conflict
        self._dry_run = dry_run

    async def bring(self) -> list[ImportedFile]:
        prompt = await self._prompt()
        history = await self._history() if prompt else ()
        pairs = [(file, _held(file, history)) for file in self._files]
        changed = [held is None or not _same(file, held.version) for file, held in pairs]
        if history and self._conflict == "skip":
            outcomes: list[Outcome] = ["skipped" if new else "unchanged" for new in changed]
            return [_told(*each) for each in zip(self._files, outcomes, strict=True)]
        found: list[ImportedFile] = []
        for (file, held), new in zip(pairs, changed, strict=True):
            first = not history and all(each.outcome == "bad" for each in found)
            found.append(await self._one(file, held, new=new, first=first))
        stored = [each.outcome in ("new", "revised") for each in found]
        if history and any(stored) and not stored[-1]:
            await self._keep_latest(history[0].version.revision)
        return await self._edited(found, prompt) if prompt else found

    async def _one(
        self, file: TemplateFile, held: HistoryEntry | None, *, new: bool, first: bool
    ) -> ImportedFile:
        """Stored where it is new; labelled in any case, as a label may have been lost."""
        outcome: Outcome = "unchanged" if not new else "new" if first else "revised"
        kept = None if new or held is None else held
        if self._dry_run:
            return _told(file, outcome, kept.version.revision if kept else None)
        try:
            revision = kept.version.revision if kept else await self._store(file, first=first)
            if file.label and file.label not in (kept.labels if kept else ()):
                why = f"Import {file.file}"
                await self._prompts.set_label(self._name, file.label, revision, why=why)
        except (UsageError, Conflict) as error:
            # The library refuses what it must; the other files go on.
            return _told(file, "bad", problem=str(error))
        return _told(file, outcome, revision)

    async def _store(self, file: TemplateFile, *, first: bool) -> int:
        about = self._about() if first else {}
        saved = await self._prompts.create(
            self._name,
            file.messages,
            variables=file.variables,
            config=file.config,
            metadata={**file.metadata, _SOURCE: {"root": self._root, "file": file.file}},
            message=f"Import {file.file}",
            always=True,
            # What it includes may be in a file that comes later.
            check_includes=False,
            **about,
        )
        return saved.version.revision

    async def _keep_latest(self, revision: int) -> None:
        """An older version changed: what was the latest stays what a bare name gives."""
        if not self._dry_run:
            await self._prompts.rollback(
                self._name, revision, label=None, message="Stay the latest after an import"
            )

    async def _edited(self, found: list[ImportedFile], prompt: Prompt) -> list[ImportedFile]:
        given = {
            key: value
            for key, value in self._about().items()
            if value is not None and value != getattr(prompt, key)
        }
        if not given:
            return found
        if not self._dry_run:
            await self._prompts.edit(self._name, **given)
        if found[-1].outcome == "unchanged":
            found[-1] = msgspec.structs.replace(found[-1], outcome="edited")
        return found

    def _about(self) -> dict[str, Any]:
        """What the newest file says of the prompt itself; None leaves it as it is."""
        top = self._files[-1]
        said = {"category": top.category, "tags": top.tags, "description": top.description}
        if self._conflict != "overwrite":
            return said
        folder = self._name.rpartition("/")[0].partition("/")[0]
        nothing = {"category": folder, "tags": (), "description": ""}
        return {key: nothing[key] if value is None else value for key, value in said.items()}

    async def _history(self) -> Sequence[HistoryEntry]:
        """Newest first; read from the store, so that what others did meanwhile counts."""
        try:
            return await self._prompts.history(self._name, limit=_HISTORY)
        except NotFound:
            return ()

    async def _prompt(self) -> Prompt | None:
        page = await self._prompts.list(prefix=self._name, sort="name", limit=1)
        return next((each for each in page.items if each.name == self._name), None)


def _held(file: TemplateFile, history: Sequence[HistoryEntry]) -> HistoryEntry | None:
    """The revision that stands for the file now: the one with its label, else the newest that
    came from it, else the latest where it says the same."""
    for entry in history:
        if file.label and file.label in entry.labels:
            return entry
    for entry in history:
        source = entry.version.metadata.get(_SOURCE)
        if isinstance(source, dict) and cast("dict[str, Any]", source).get("file") == file.file:
            return entry
    latest = history[0] if history else None
    return latest if latest and latest.version.content_hash == file.content_hash else None


def _same(file: TemplateFile, version: PromptVersion) -> bool:
    if version.content_hash != file.content_hash:
        return False
    kept = {key: value for key, value in version.metadata.items() if key != _SOURCE}
    return kept == file.metadata or _SOURCE not in version.metadata


def _told(
    file: TemplateFile, outcome: Outcome, revision: int | None = None, *, problem: str = ""
) -> ImportedFile:
    return ImportedFile(
        file=file.file,
        outcome=outcome,
        name=file.name,
        revision=revision,
        label=file.label,
        problem=problem,
        notes=file.notes,
    )
