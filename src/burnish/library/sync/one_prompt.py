"""One prompt and its file, brought together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from burnish.errors import NotPermitted, UsageError
from burnish.library.sync.file_form import Form, form_of, write_form
from burnish.library.sync.pairs import Forms, Pair, bad_file
from burnish.library.sync.reconcile import Outcome, Step, reconcile
from burnish.library.sync.report import Outcome as Told
from burnish.library.sync.report import SyncedPrompt
from burnish.library.sync.repository import NewCommit
from burnish.library.sync.scope import Scope
from burnish.library.sync.stock import Stock
from burnish.library.values import category_of
from burnish.prompts.prompt import Prompt, PromptVersion


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What one side did; `form` is None where the prompt or file went."""

    form: Form | None
    author: str
    message: str
    at: datetime


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """`told` is None where nothing happened. `prompt` and `version` are what the file at `path`
    says from now on; without them there is no such prompt any more, or (`open`) it is not yet
    decided what it says."""

    name: str
    path: str
    told: SyncedPrompt | None = None
    commits: tuple[NewCommit, ...] = ()
    prompt: Prompt | None = None
    version: PromptVersion | None = None
    open: bool = False


@dataclass(kw_only=True)
class _Sides:
    base: Form | None
    ours: list[Change]
    theirs: list[Change]
    latest: PromptVersion | None = None
    applied: int = 0
    current: Form | None = None


class OnePrompt:
    def __init__(self, pair: Pair, forms: Forms, stock: Stock, scope: Scope) -> None:
        self._pair = pair
        self._forms = forms
        self._stock = stock
        self._scope = scope
        self._prompt = pair.prompt
        self._name = pair.to_name or pair.name
        if pair.to_path and pair.prompt:
            self._name = pair.prompt.name
        self._was = pair.name if self._name != pair.name else ""
        self._path = pair.to_path or pair.path

    @property
    def is_settled(self) -> bool:
        """Whether nothing happened since the last sync, on no side."""
        pair, entry, prompt = self._pair, self._pair.entry, self._pair.prompt
        moved = pair.to_name or pair.to_path or pair.touches
        if moved or entry is None or prompt is None or entry.path != pair.path:
            return False
        held = (entry.prompt_id, entry.revision, entry.updated_at)
        here = (prompt.id, prompt.latest_revision, prompt.updated_at)
        return prompt.deleted_at is None and held == here and pair.blob == entry.blob

    async def settle(self) -> Settled:
        """Raises Conflict where the library changed meanwhile."""
        try:
            sides = await self._sides()
            await self._check_name()
            outcome = reconcile(
                sides.base,
                [change.form for change in sides.ours],
                [change.form for change in sides.theirs],
                self._scope.take,
                applied=sides.applied,
                current=sides.current,
            )
            if outcome.conflicts:
                return self._open(
                    SyncedPrompt(
                        name=self._name,
                        file=self._path,
                        outcome="conflict",
                        conflicts=outcome.conflicts,
                    )
                )
            await self._check_unheld(gone=outcome.final is None)
            commits = self._commits(sides, outcome)
            version = await self._import(sides, outcome)
        except (UsageError, NotPermitted) as error:
            return self._open(bad_file(self._name, self._path, error))
        told = self._told(outcome, commits, version)
        gone = outcome.final is None
        return Settled(
            name=self._name,
            path=self._path,
            told=told,
            commits=commits,
            prompt=None if gone else self._prompt,
            version=None if gone else version,
        )

    def _open(self, told: SyncedPrompt) -> Settled:
        return Settled(name=self._name, path=self._path, told=told, open=True)

    async def _sides(self) -> _Sides:
        """Raises UsageError where the file as it is now cannot be read."""
        pair, prompt = self._pair, self._renamed()
        blob = pair.entry.blob if pair.entry else ""
        base = self._forms.form(pair.path, blob)
        theirs = self._theirs()
        if prompt is None:
            return _Sides(base=base, ours=[], theirs=theirs)
        if prompt.deleted_at is not None and pair.entry is not None:
            gone = Change(form=None, author=self._stock.author, message="", at=prompt.deleted_at)
            return _Sides(
                base=base, ours=[gone], theirs=theirs, latest=await self._stock.latest(prompt.id)
            )
        known = pair.entry is not None and pair.entry.prompt_id == prompt.id and base is not None
        since = pair.entry.version_id if known and pair.entry else ""
        versions = await self._stock.since(prompt.id, since)
        latest = versions[-1] if versions else await self._stock.latest(prompt.id)
        sides = _Sides(base=base, ours=[], theirs=theirs, latest=latest)
        if latest is not None:
            sides.ours = self._ours(versions, form_of(latest, prompt), base, prompt)
            described = self._described(prompt, form_of(latest, prompt))
            _start_at_common(sides, described, by_text=pair.entry is None)
            _note_applied(sides, described.form)
        return sides

    def _ours(
        self,
        versions: Sequence[PromptVersion],
        current: Form,
        base: Form | None,
        prompt: Prompt,
    ) -> list[Change]:
        about = base or current
        forms = [form_of(version, about) for version in versions[:-1]]
        if versions:
            forms.append(current)
        elif base is None or current.key != base.key:
            return [self._described(prompt, current)]
        return [
            Change(
                form=form,
                author=version.author,
                message=version.message or _default_message(version, self._name),
                at=version.created_at,
            )
            for form, version in zip(forms, versions, strict=True)
        ]

    def _described(self, prompt: Prompt, current: Form) -> Change:
        """A change of category, tags or description, which makes no version."""
        return Change(
            form=current,
            author=self._stock.author,
            message=f"Describe {self._name} anew",
            at=prompt.updated_at,
        )

    def _theirs(self) -> list[Change]:
        """A file that could not be read for a while is passed over; a file that cannot be read
        now is an error."""
        pair = self._pair
        changes: list[Change] = []
        for index, touch in enumerate(pair.touches):
            last = index == len(pair.touches) - 1
            form = self._forms.form(pair.path, touch.blob)
            if form is None and not last:
                continue
            if last and touch.blob:
                form = self._forms.read(pair.path, touch.blob).form
            commit = touch.commit
            changes.append(
                Change(form=form, author=commit.author, message=commit.message, at=commit.at)
            )
        return changes

    def _renamed(self) -> Prompt | None:
        """The prompt with the category that its new folder gives it, where the old one did."""
        prompt, name = self._prompt, self._pair.to_name
        if prompt is None or not name or prompt.category != category_of(prompt.name, None):
            return prompt
        return msgspec.structs.replace(prompt, category=category_of(name, None))

    async def _check_name(self) -> None:
        if self._pair.to_name:
            other = await self._stock.by_name(self._pair.to_name)
            if other is not None and (self._prompt is None or other.id != self._prompt.id):
                raise UsageError(
                    f"its file was renamed, and there is another prompt {self._pair.to_name!r}",
                    hint="give the file another name",
                )

    async def _check_unheld(self, *, gone: bool) -> None:
        """Raises NotPermitted where the file is gone or renamed, and the prompt may not be."""
        prompt, name = self._prompt, self._pair.to_name
        if prompt is None or prompt.deleted_at is not None or not (gone or name):
            return
        try:
            await self._stock.check_unheld(prompt)
        except NotPermitted as error:
            what = "is gone" if gone else f"was renamed from {self._was}"
            raise NotPermitted(f"{what}, but {error}") from error

    def _commits(self, sides: _Sides, outcome: Outcome) -> tuple[NewCommit, ...]:
        """Raises UsageError for what no file can say."""
        pair = self._pair
        now = self._prompt.updated_at if self._prompt else datetime.now(UTC)
        if outcome.final is None:
            gone: dict[str, bytes | None] = {pair.path: None}
            message = f"Delete {pair.name}"
            made = NewCommit(files=gone, author=self._stock.author, message=message, at=now)
            return (made,) if pair.blob else ()
        commits: list[NewCommit] = []
        there = next((c.form for c in reversed(sides.theirs) if c.form), sides.base)
        if pair.to_path and pair.blob and there is not None:
            data = write_form(self._name, self._path, there)
            message = f"Rename {self._was} to {self._name}"
            files: dict[str, bytes | None] = {pair.path: None, self._path: data}
            commits.append(
                NewCommit(files=files, author=self._stock.author, message=message, at=now)
            )
        for step in outcome.exports:
            change = sides.ours[step.change]
            data = write_form(self._name, self._path, step.form)
            commits.append(
                NewCommit(
                    files={self._path: data},
                    author=change.author,
                    message=change.message,
                    at=change.at,
                )
            )
        return tuple(commits)

    async def _import(self, sides: _Sides, outcome: Outcome) -> PromptVersion | None:
        """Raises Conflict where somebody saved meanwhile."""
        if self._scope.dry_run:
            return sides.latest
        if outcome.final is None:
            if self._prompt and self._prompt.deleted_at is None:
                at = sides.theirs[-1].at if sides.theirs else datetime.now(UTC)
                await self._stock.delete(self._prompt, at)
            return None
        await self._set_name(sides)
        version = sides.latest
        for step in outcome.imports:
            version = await self._save(step, sides.theirs[step.change], version)
        return version

    async def _set_name(self, sides: _Sides) -> None:
        prompt = self._prompt
        if prompt is None:
            return
        at = sides.theirs[-1].at if sides.theirs else datetime.now(UTC)
        if self._pair.to_name and prompt.name != self._pair.to_name:
            self._prompt = await self._stock.rename(prompt, self._pair.to_name, at)
        elif prompt.deleted_at is not None:
            self._prompt = await self._stock.restore(prompt, self._name, at)

    async def _save(
        self, step: Step, change: Change, latest: PromptVersion | None
    ) -> PromptVersion:
        saved = await self._stock.save(
            self._name,
            step.form,
            author=change.author,
            message=change.message,
            at=change.at,
            expected=latest.revision if latest else 0,
            metadata=latest.metadata if latest else None,
        )
        self._prompt = await self._stock.by_id(saved.prompt.id) or saved.prompt
        return saved.version

    def _told(
        self,
        outcome: Outcome,
        commits: Sequence[NewCommit],
        version: PromptVersion | None,
    ) -> SyncedPrompt | None:
        prompt, count = self._pair.prompt, len(outcome.imports)
        gone = prompt is None or prompt.deleted_at is not None
        restored = prompt is not None and gone
        what: Told = "merged" if commits and count else "exported" if commits else "imported"
        if outcome.final is None:
            what = "removed" if commits else "deleted"
            if not commits and gone:
                return None
        elif not commits and not count and not self._was and not restored:
            return None
        return SyncedPrompt(
            name=self._name,
            file=self._path,
            outcome=what,
            versions=count,
            commits=len(commits),
            revision=version.revision if version and not self._scope.dry_run else None,
            was=self._was,
        )


def _start_at_common(sides: _Sides, described: Change, *, by_text: bool) -> None:
    """Moves the base to the newest form that both sides had since: a sync that was interrupted
    has left one, and so have two stores that met elsewhere before. With `by_text` it is enough
    that the text was the same: what was said of the prompt in those days is not known."""

    def key_of(form: Form) -> bytes:
        return form.text_key if by_text else form.key

    said = {key_of(change.form): index for index, change in enumerate(sides.ours) if change.form}
    for index in range(len(sides.theirs) - 1, -1, -1):
        form = sides.theirs[index].form
        at = said.get(key_of(form)) if form else None
        if form is None or at is None:
            continue
        sides.base = form
        sides.ours, sides.theirs = sides.ours[at + 1 :], sides.theirs[index + 1 :]
        current = described.form
        if not sides.ours and current is not None and current.key != form.key:
            sides.ours = [described]
        return


def _note_applied(sides: _Sides, current: Form | None) -> None:
    """Versions that a sync which was broken off has made of git's commits are known by who made
    them, when and why."""

    def key_of(change: Change) -> tuple[str, str, datetime]:
        return change.author, change.message, change.at

    applied = 0
    for made in map(key_of, sides.ours):
        # In order and each once: commits of one second may look alike.
        left = range(applied, len(sides.theirs))
        applied = next((at + 1 for at in left if key_of(sides.theirs[at]) == made), applied)
    if not applied:
        return
    sides.applied, sides.current = applied, current
    brought = {key_of(change) for change in sides.theirs}
    sides.ours = [change for change in sides.ours if key_of(change) not in brought]


def _default_message(version: PromptVersion, name: str) -> str:
    return f"{'Add' if version.revision == 1 else 'Change'} {name}"
