"""One prompt of a file, brought into a library that may have it already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from burnish.errors import NotFound
from burnish.library.files.histories import draft_fields
from burnish.library.template_files.bring import Conflicts, Outcome
from burnish.prompts.formats import PromptFile
from burnish.prompts.prompt import MAIN, PromptVersion, content_hash

if TYPE_CHECKING:
    from burnish.library.prompts import AsyncPrompts
    from burnish.library.values import HistoryEntry

_PAGE = 1000


class Brought(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a prompt, and its newest revision."""

    outcome: Outcome
    revision: int | None = None
    notes: tuple[str, ...] = ()


class _Made(msgspec.Struct, frozen=True, kw_only=True):
    """What a version is made of. `place` is that in the file, from 1; 0 for none."""

    fields: dict[str, Any]
    hash: str
    place: int = 0


class OnePrompt:
    def __init__(
        self, prompts: AsyncPrompts, file: PromptFile, conflict: Conflicts, *, dry_run: bool
    ) -> None:
        self._prompts = prompts
        self._file = file
        self._overwrite = conflict == "overwrite"
        self._skip = conflict == "skip"
        self._dry_run = dry_run

    async def bring(self) -> Brought:
        try:
            history = await self._history()
        except NotFound:
            return await self._new()
        revisions = {e.version.content_hash: e.version.revision for e in history}
        newest = next(e.version for e in reversed(history) if e.version.branch == MAIN)
        missing = self._missing(revisions, newest)
        if self._skip:
            return Brought(outcome="skipped" if missing else "unchanged", revision=newest.revision)
        revision = newest.revision
        for each in missing:
            if not self._dry_run:
                saved = await self._prompts.create(
                    self._file.name, always=True, check_includes=False, **_arguments(each.fields)
                )
                revision = saved.version.revision
            revisions[each.hash] = revision
        edited = await self._edited()
        moved = await self._labelled(history, revisions)
        notes = self._left_out(revisions)
        if missing:
            return Brought(
                outcome="revised", revision=None if self._dry_run else revision, notes=notes
            )
        outcome = "edited" if edited or moved else "unchanged"
        return Brought(outcome=outcome, revision=revision, notes=notes)

    async def _history(self) -> list[HistoryEntry]:
        """All versions, oldest first."""
        found: list[HistoryEntry] = []
        before: int | None = None
        while True:
            page = await self._prompts.history(self._file.name, limit=_PAGE, before=before)
            found += page
            if len(page) < _PAGE:
                return found[::-1]
            before = page[-1].version.revision

    async def _new(self) -> Brought:
        if self._dry_run:
            await self._prompts.check_history(self._file)
            return Brought(outcome="new")
        prompt = await self._prompts.add_history(self._file)
        return Brought(outcome="new", revision=prompt.last_revision)

    def _missing(self, known: dict[str, int], newest: PromptVersion) -> list[_Made]:
        """What the library's main line is to get, oldest first."""
        made = self._versions()
        missing = [each for each in made if each.hash not in known]
        wanted = made[-1]
        if self._overwrite and not missing and newest.content_hash != wanted.hash:
            return [wanted]
        if missing and missing[-1] is not wanted:
            # Texts that both sides have outgrown join the history; what holds now holds on.
            missing.append(wanted if self._overwrite else _as_it_is(newest))
        return missing

    def _versions(self) -> list[_Made]:
        """Those of the file's main line."""
        found: list[_Made] = []
        for place, version in enumerate(self._file.versions, 1):
            if version.branch == MAIN:
                last = version is self._file.versions[-1]
                fields = draft_fields(version, self._file if last else None)
                fields["author"] = version.author
                found.append(_Made(fields=fields, hash=_hash(fields), place=place))
        return found

    async def _edited(self) -> bool:
        page = await self._prompts.list(prefix=self._file.name, sort="name", limit=1)
        prompt = next(each for each in page.items if each.name == self._file.name)
        said: dict[str, Any] = {
            "category": self._file.category,
            "tags": self._file.tags,
            "description": self._file.description,
        }
        if self._overwrite:
            nothing: dict[str, Any] = {"category": "", "tags": (), "description": ""}
            said = {key: nothing[key] if value is None else value for key, value in said.items()}
        changes = {
            key: value
            for key, value in said.items()
            if value is not None and value != getattr(prompt, key)
        }
        if changes and not self._dry_run:
            await self._prompts.edit(self._file.name, **changes)
        return bool(changes)

    async def _labelled(self, history: list[HistoryEntry], revisions: dict[str, int]) -> bool:
        """Labels of the file that the prompt has not; with `overwrite` all of them. They stand
        at the revision that says what the file's version says."""
        held = {label: entry.version.revision for entry in history for label in entry.labels}
        moved = False
        for label, place in self._file.labels.items():
            revision = revisions.get(self._hash_at(place))
            if revision is None or (label in held and not self._overwrite):
                continue
            if held.get(label) == revision:
                continue
            moved = True
            if not self._dry_run:
                put = self._prompts.tag if label in self._file.fixed else self._prompts.set_label
                await put(self._file.name, label, revision, why="Import")
        return moved

    def _hash_at(self, place: int) -> str:
        return _hash(draft_fields(self._file.versions[place - 1], None))

    def _left_out(self, revisions: dict[str, int]) -> tuple[str, ...]:
        """Versions beside the main line have no place in a history that went its own way."""
        gone = {
            version.branch
            for place, version in enumerate(self._file.versions, 1)
            if version.branch != MAIN and self._hash_at(place) not in revisions
        }
        return tuple(
            f"versions of the branch {branch!r} are left out, as the prompt was there already"
            for branch in sorted(gone)
        )


def _as_it_is(version: PromptVersion) -> _Made:
    fields = {
        "messages": version.messages,
        "variables": version.variables,
        "config": version.config,
        "metadata": version.metadata,
        "author": version.author,
        "message": f"Keep revision {version.revision} as the newest",
    }
    return _Made(fields=fields, hash=version.content_hash)


def _arguments(fields: dict[str, Any]) -> dict[str, Any]:
    """As `create` takes them."""
    return {"content": fields["messages"]} | {
        key: value for key, value in fields.items() if key not in ("messages", "branch")
    }


def _hash(fields: dict[str, Any]) -> str:
    return content_hash(fields["messages"], fields["variables"], fields["config"])
