"""Branches and merges, tags and approvals, the origin of lines, and what is no longer in use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from burnish.errors import UsageError
from burnish.library import drafts
from burnish.library.approvals import Approvals
from burnish.library.branches import Branches, Choices, Preview
from burnish.library.composition import Composition
from burnish.library.labels import Labels
from burnish.library.lineage import BlamedLine, Graph, Lineage
from burnish.library.listing import check_limit
from burnish.library.shelf import Shelf
from burnish.library.values import Saved
from burnish.library.versions import Versions
from burnish.prompts import refs
from burnish.prompts.prompt import MAIN, Branch, Prompt
from burnish.storage.lineage import LabelRequest, RequestState
from burnish.storage.store import LabelMove


class Lines:
    """Raises like the library: NotFound, UsageError, Conflict, StoreError."""

    def __init__(
        self, shelf: Shelf, labels: Labels, approvals: Approvals, author: Callable[[], str]
    ) -> None:
        self._shelf = shelf
        self._labels = labels
        self._approvals = approvals
        self._author = author
        self._versions = Versions(shelf, labels)
        self._branches = Branches(shelf, self._versions)
        self._lineage = Lineage(shelf)
        self._composition = Composition(shelf, shelf.fetch_reference)

    async def branch(
        self, name: str, branch: str, *, at: str | None = None, by: str = ""
    ) -> Branch:
        """Begins a line of versions of its own, at the latest revision of the main one or at `at`:
        a branch, a revision, a label. `update(..., branch=...)` saves on it, `name@branch:...`
        gives its newest version."""
        return await self._branches.make(name, branch, at, by or self._author())

    async def branches(self, name: str) -> tuple[Branch, ...]:
        """The main branch, then the others in the order of their names."""
        return await self._branches.of(name)

    async def delete_branch(self, name: str, branch: str) -> Branch:
        """Takes the name away; its versions stay in the history."""
        return await self._branches.delete(name, branch)

    async def preview_merge(self, name: str, source: str, *, into: str = MAIN) -> Preview:
        """What `merge` would do, with its conflicts."""
        return await self._branches.preview(name, source, into)

    async def merge(
        self,
        name: str,
        source: str,
        *,
        into: str = MAIN,
        choices: Choices | None = None,
        preview: Preview | None = None,
        author: str = "",
        message: str = "",
        expected_revision: int | None = None,
    ) -> Saved:
        """Brings what changed on `source` (a branch, revision or label) since both were one into
        the branch `into`, as a version with two parents.

        Lines that one side alone changed come from it, those that both changed are merged word
        by word where they can be. Else they are conflicts (`preview_merge` shows them), and
        `choices` says which side holds, by number: "ours", "theirs", "base", "both", or
        `Own(text)`. With the `preview` that the choices were made for, a side that has moved since
        is an error. Raises Conflict for conflicts left open, when somebody was faster and there
        are choices, and when `into` is not at the expected revision; UsageError for what no
        version may hold, TemplateRefused where the merged text is no template.
        """
        fields = {"author": author or self._author(), "message": message}
        return await self._branches.merge(
            name,
            source,
            into,
            choices=choices,
            fields=fields,
            expected=expected_revision,
            preview=preview,
        )

    async def preview_revert(self, name: str, revision: int, *, branch: str = MAIN) -> Preview:
        """What `revert` would do, with its conflicts."""
        return await self._branches.preview_revert(name, revision, branch)

    async def revert(
        self,
        name: str,
        revision: int,
        *,
        branch: str = MAIN,
        choices: Choices | None = None,
        preview: Preview | None = None,
        author: str = "",
        message: str = "",
    ) -> Saved:
        """A new version without what `revision` changed; what came after it stays. Conflicts are
        those of a merge in which "theirs" is the text before `revision`."""
        fields = {"author": author or self._author(), "message": message}
        return await self._branches.revert(
            name, revision, branch, choices=choices, fields=fields, preview=preview
        )

    async def blame(self, reference: str) -> tuple[BlamedLine, ...]:
        """Each line with the version that brought it."""
        return await self._lineage.blame(await self._shelf.fetch_reference(refs.parse(reference)))

    async def graph(self, name: str) -> Graph:
        """How the versions of a prompt came from one another, and from and into others."""
        return await self._lineage.graph(name)

    async def copy(
        self, reference: str, name: str, *, author: str = "", message: str = ""
    ) -> Saved:
        """A new prompt that says what the version says, and is known to come from it."""
        found = await self._shelf.fetch_reference(refs.parse(reference))
        version, prompt = found.version, found.prompt
        fields: dict[str, Any] = {
            "messages": version.messages,
            "variables": version.variables,
            "config": version.config,
            "metadata": version.metadata,
            "author": author or self._author(),
            "message": message or f"Copy {prompt.name}@{version.revision}",
        }
        return await self._versions.derive(refs.check_name(name), fields, found)

    async def improve_with(
        self,
        name: str,
        content: drafts.Content,
        *,
        over: int,
        branch: str = MAIN,
        author: str = "",
        message: str = "",
        metadata: dict[str, Any] | None = None,
        config: dict[str, Any] | None = None,
    ) -> Saved:
        """The next revision of the main line has this text, which is known to improve on the
        revision `over`, and its config with what `config` says otherwise. Raises Conflict where
        that is no longer the latest. On another `branch`, which begins at `over` unless it is
        there, it is the next revision in any case."""
        before = await self._shelf.fetch(name, revision=over)
        if branch not in {each.name for each in await self.branches(name)}:
            await self.branch(name, branch, at=str(over))
        fields = drafts.given(content, None, None, metadata) | {"branch": branch}
        whole = drafts.config_of({**before.version.config, **(config or {})})
        fields |= {"config": whole, "author": author or self._author()}
        fields["message"] = message or f"Improve on revision {over}"
        return await self._versions.revise(
            name,
            fields,
            over if branch == MAIN else None,
            always=True,
            related=((before.version.id, "optimised"),),
        )

    async def tag(
        self, name: str, tag: str, revision: int, *, by: str = "", why: str = ""
    ) -> LabelMove:
        """A label that never moves, such as v1.2.0. Raises Conflict where it stands elsewhere."""
        self._approvals.check_free(tag, tag=True)
        return await self._labels.set(name, tag, revision, by or self._author(), why, tag=True)

    async def ask_label(
        self,
        name: str,
        label: str,
        revision: int | None,
        *,
        tag: bool = False,
        by: str = "",
        why: str = "",
    ) -> LabelRequest:
        """Asks another person to move the label, or to make it a tag; None asks to remove it."""
        return await self._approvals.ask(
            name, label, revision, tag=tag, by=by or self._author(), why=why
        )

    async def approve(self, request_id: str, *, by: str = "", why: str = "") -> LabelMove:
        """Moves the label as it was asked. Raises NotPermitted for the person who asked, Conflict
        when the label has moved since, or the request was decided already."""
        return await self._approvals.approve(request_id, by or self._author(), why)

    async def refuse(self, request_id: str, *, by: str = "", because: str = "") -> LabelRequest:
        """Leaves the label where it is, and says why."""
        return await self._approvals.refuse(request_id, by or self._author(), because)

    async def label_requests(
        self,
        name: str | None = None,
        *,
        state: RequestState | None = "open",
        limit: int = 100,
    ) -> tuple[LabelRequest, ...]:
        """Newest first, at most `limit` (1 to 1,000); `state=None` for decided ones too."""
        return await self._approvals.requests(name, state, limit)

    async def archive(self, name: str, revisions: Sequence[int]) -> tuple[int, ...]:
        """Puts old versions away: they stay in the history and can be fetched by number, and are
        left out of everything else. Raises Conflict for one that a label or a branch points at, or
        that another prompt includes. Tells which were not archived before."""
        wanted = [refs.check_revision(revision) for revision in revisions]
        return await self._archived(await self._shelf.prompt(name), wanted, undo=False)

    async def unarchive(self, name: str, revisions: Sequence[int]) -> tuple[int, ...]:
        """Takes versions out of the archive. Tells which were in it."""
        wanted = [refs.check_revision(revision) for revision in revisions]
        return await self._archived(await self._shelf.prompt(name), wanted, undo=True)

    async def unused(self, days: float, *, limit: int = 100) -> tuple[Prompt, ...]:
        """Prompts that nobody rendered, ran or changed for so many days, the one that rests
        longest first, at most `limit` (1 to 1,000)."""
        check_limit(limit)
        if not 0 < days < 100_000:
            raise UsageError(f"{days} is no number of days", hint="give 1 or more days")
        since = self._shelf.now() - timedelta(days=days)
        return tuple(await self._shelf.store.prompts.unused(since, limit))

    async def _archived(
        self, prompt: Prompt, revisions: Sequence[int], *, undo: bool
    ) -> tuple[int, ...]:
        there = {place.revision for place in await self._shelf.store.versions.places(prompt.id)}
        if missing := next((each for each in revisions if each not in there), None):
            await self._shelf.fetch(prompt.name, revision=missing)
        if not undo:
            await self._composition.check_unpinned(prompt, revisions)
        at = None if undo else self._shelf.now()
        done = await self._shelf.store.versions.archive(prompt.id, revisions, at)
        self._shelf.cache.drop(prompt.name)
        return tuple(done)
