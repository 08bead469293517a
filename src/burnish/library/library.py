"""Prompts kept over time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from msgspec import structs

from burnish.errors import Conflict, UsageError
from burnish.library import drafts
from burnish.library.approvals import Approvals
from burnish.library.cache import Cache, Key
from burnish.library.composition import Composition, Tell
from burnish.library.labels import Labels
from burnish.library.lines import Lines
from burnish.library.listing import check_limit, clean_tags, page_of
from burnish.library.missing import no_deleted_prompt
from burnish.library.ratings import rate
from burnish.library.shelf import Shelf
from burnish.library.values import Content, Expanded, HistoryEntry, NewPrompt, Page, Saved
from burnish.library.versions import Versions
from burnish.prompts import refs
from burnish.prompts.diff import Diff, compare
from burnish.prompts.prompt import MAIN, Label, Prompt, Variable
from burnish.prompts.refs import LATEST, PRODUCTION, Reference
from burnish.storage.ids import Ids
from burnish.storage.store import (
    Edit,
    Fetched,
    LabelMove,
    PromptFilter,
    Sort,
    Store,
)

if TYPE_CHECKING:
    from burnish.library.files.histories import Histories
    from burnish.prompts.formats import PromptFile

_MOST_USES = 1_000_000


class Library:
    """Prompts, their versions and labels, over a store.

    Names, labels and references follow `burnish.prompts.refs`. Every method may raise StoreError,
    and those that take a name or a reference UsageError for a malformed one and NotFound, with
    the nearest name there is, for one that does not exist.
    """

    def __init__(
        self,
        store: Store,
        *,
        ids: Callable[[], str] | None = None,
        author: Callable[[], str] = lambda: "",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        cache: Cache | None = None,
        protected: Sequence[str] = (),
    ) -> None:
        self._store = store
        self._author = author
        self._now = now
        self._cache = cache or Cache()
        self._shelf = Shelf(store, ids or Ids(), now, self._cache)
        self._labels = Labels(self._shelf)
        self._versions = Versions(self._shelf, self._labels)
        self._approvals = Approvals(self._shelf, self._labels, protected)
        self._composition = Composition(self._shelf, lambda reference: self.get(str(reference)))
        self.lines = Lines(self._shelf, self._labels, self._approvals, author)

    async def create(
        self,
        name: str,
        content: Content,
        *,
        variables: Sequence[Variable] | None = None,
        category: str | None = None,
        tags: Sequence[str] | None = None,
        description: str | None = None,
        owner: str = "",
        author: str = "",
        message: str = "",
        config: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
        expected_revision: int | None = None,
        always: bool = False,
        check_includes: bool = True,
    ) -> Saved:
        """A new prompt, or the next revision of the one that has this name.

        `content` is a text or messages. Variables that it uses and nobody declares are added;
        without `variables`, those of an existing prompt keep their types and defaults, and
        without `config` it keeps that. Of the `config`, the keys that a run looks at are checked
        (`burnish.prompts.config`). `metadata` belongs to a text, so new content drops it.

        Content equal to the latest revision's makes no new one, unless `always`. Category, tags
        and description of an existing prompt change where they are given; a new one is in the
        category of its first folder (`travel/lisbon` in `travel`). The name of a deleted
        prompt is free. `expected_revision=0` asks for a new prompt. Raises Conflict when the
        prompt is not at the expected revision, TemplateRefused for a template that cannot render,
        NotFound for a prompt that it includes and that is not there, unless `check_includes` is
        false: it may come later then.
        """
        name = refs.check_name(name)
        author = author or self._author()
        fields = drafts.given(content, variables, config, metadata)
        fields |= {"author": author, "message": message}
        edit = _edit(category, tags, description)
        return await self._versions.create(
            name,
            fields,
            edit,
            owner or author,
            expected_revision,
            always=always,
            check=check_includes,
        )

    async def create_many(self, prompts: Sequence[NewPrompt], *, author: str = "") -> int:
        """All of them in one step, or none. Raises Conflict naming a name that is taken, and
        NotFound for what they include and neither the library nor one of them has."""
        author = author or self._author()
        entries = [self._versions.entry(new, author) for new in prompts]
        await self._versions.check(entries)
        await self._store.prompts.add_many(entries)
        for new in prompts:
            self._cache.drop(new.name.strip())
        return len(prompts)

    async def add_history(self, file: PromptFile, *, author: str = "") -> Prompt:
        """A new prompt with all the versions that a file has of it. Labels that need an approval
        are left out. Raises Conflict for a name that is taken."""
        return await self._histories().add(file, author or self._author())

    async def check_history(self, file: PromptFile) -> None:
        """Raises what `add_history` would raise for what it says."""
        self._histories().entry(file, self._author())

    async def history_file(
        self, name: str, *, whole: bool = True, expand: bool = False, broken: Tell | None = None
    ) -> PromptFile:
        """The prompt as files know it: with all its versions, or the newest of the main branch.
        With `expand` what they include stands in their texts; where that cannot be had, `broken`
        is told why, and the include stays. Without `broken` the error is raised."""
        with_texts = self._composition.reader(broken) if expand else None
        prompt = await self._shelf.prompt(name)
        return await self._histories().read(prompt, whole=whole, expand=with_texts)

    def _histories(self) -> Histories:
        # Loaded when first asked for: the formats of ten tools come with it.
        from burnish.library.files.histories import Histories

        return Histories(self._shelf, self._approvals)

    async def update(
        self,
        name: str,
        content: Content | None = None,
        *,
        variables: Sequence[Variable] | None = None,
        config: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
        author: str = "",
        message: str = "",
        branch: str = MAIN,
        expected_revision: int | None = None,
    ) -> Saved:
        """The next revision: the newest of the branch, but for what is given. Without `variables`,
        those that new content still uses keep their types and defaults. Raises Conflict like
        `create`."""
        fields = drafts.given(content, variables, config, metadata) | {"branch": branch}
        fields |= {"author": author or self._author(), "message": message}
        return await self._versions.revise(name, fields, expected_revision)

    async def edit(
        self,
        name: str,
        *,
        category: str | None = None,
        tags: Sequence[str] | None = None,
        description: str | None = None,
    ) -> Prompt:
        """Changes what is given, without a new revision."""
        prompt = await self._shelf.prompt(name)
        edit = _edit(category, tags, description)
        if not edit:
            return prompt
        changed = await self._store.prompts.edit(prompt.id, edit, self._now())
        self._cache.drop(prompt.name)
        return changed

    async def get(self, reference: str) -> Fetched:
        """The version that the reference means; `via` says by which rule.

        A bare name gives `production` where that label exists, else the latest revision. What
        another process saves or moves shows after the label's time to live at the latest; the
        counts and ratings of the prompt are those of when it was read.
        """
        cached = self._cache.get(reference)
        return cached or await self.read((reference, None), refs.parse(reference))

    async def read(self, key: Key, wanted: Reference) -> Fetched:
        """What the store says, kept under the key."""
        generation = self._cache.generation
        told = await self._cache.follow(self._store.changes)
        fetched = await self._shelf.fetch_reference(wanted)
        self._cache.put(key, fetched, generation=generation, label=wanted.label, told=told)
        return fetched

    async def expand(self, reference: str) -> Expanded:
        """The version that the reference means, with the texts in it that it includes, and with
        their variables. Raises NotFound, naming what includes it, for a version that is gone,
        TemplateRefused for includes that go in a circle or too deep."""
        return await self._composition.expanded(await self.get(reference))

    def reload(self) -> None:
        """Forgets what is in memory; the next `get` reads the store."""
        self._cache.clear()

    async def history(
        self, name: str, *, limit: int = 50, before: int | None = None, branch: str | None = None
    ) -> tuple[HistoryEntry, ...]:
        """Newest first, at most `limit` (1 to 1,000), below revision `before` and of one branch
        where given."""
        check_limit(limit)
        prompt = await self._shelf.prompt(name)
        pointers: dict[int, tuple[str, ...]] = {prompt.latest_revision: (LATEST,)}
        for label in await self._store.labels.of(prompt.id):
            pointers[label.revision] = (*pointers.get(label.revision, ()), label.name)
        versions = await self._store.versions.history(prompt.id, limit, before, branch)
        return tuple(
            [
                HistoryEntry(
                    version=each,
                    labels=pointers.get(each.revision, ()),
                    includes=await self._composition.direct(each),
                )
                for each in versions
            ]
        )

    async def diff(self, before: str, after: str) -> Diff:
        """What changed from one reference to another, of the same prompt or of two."""
        old, new = await self.get(before), await self.get(after)
        return compare(old.version, new.version)

    async def rollback(
        self,
        name: str,
        revision: int,
        *,
        label: str | None = PRODUCTION,
        author: str = "",
        message: str = "",
        expected_revision: int | None = None,
    ) -> Saved:
        """A new revision that says what `revision` said; its parents are the latest and that one.

        `label` moves to it in the same step where the prompt has that label; None moves none.
        Raises NotPermitted for a label that needs an approval.
        """
        old = await self._shelf.fetch(name, revision=revision)
        held = {each.name for each in await self._store.labels.of(old.prompt.id)}
        if label in held:
            self._approvals.check_free(label)
        fields: drafts.Fields = {
            "author": author or self._author(),
            "message": message or f"Roll back to revision {revision}",
        }
        return await self._versions.rollback(old, fields, expected_revision, label)

    async def set_label(
        self, name: str, label: str, revision: int, *, by: str = "", why: str = ""
    ) -> LabelMove:
        """Moves or makes the label, in one step, and logs it. Raises NotPermitted for one that
        needs an approval."""
        self._approvals.check_free(label)
        return await self._labels.set(name, label, revision, by or self._author(), why)

    async def remove_label(
        self, name: str, label: str, *, by: str = "", why: str = ""
    ) -> LabelMove:
        """The label points at nothing any more. Raises NotPermitted for a protected one, NotFound
        for one that the prompt does not have."""
        self._approvals.check_free(label)
        return await self._labels.remove(name, label, by or self._author(), why)

    async def labels(self, name: str) -> tuple[Label, ...]:
        """The labels in the order of their names, then `latest`."""
        return await self._labels.of(name)

    async def label_log(
        self, name: str, label: str | None = None, *, limit: int = 100
    ) -> tuple[LabelMove, ...]:
        """Who moved which label when, from where, to where and why; newest first, at most `limit`
        (1 to 1,000)."""
        check_limit(limit)
        return await self._labels.log(name, label, limit)

    async def delete(self, name: str, *, force: bool = False) -> Prompt:
        """Nothing is lost: `restore` brings the prompt back with its history and labels. Raises
        NotPermitted for one with a label that needs an approval, and Conflict, naming them, where
        other prompts include it, unless `force` is given."""
        prompt = await self._shelf.prompt(name)
        await self._approvals.check_unheld(prompt)
        if not force:
            await self._composition.check_free(prompt)
        at = self._now()
        await self._store.prompts.delete(prompt.id, at)
        self._cache.drop(prompt.name, gone=True)
        return structs.replace(prompt, deleted_at=at, updated_at=at)

    async def restore(self, name: str, *, as_name: str | None = None) -> Prompt:
        """The prompt of that name that was deleted last, under `as_name` where given.

        Raises Conflict when another prompt has taken the name since, NotPermitted where another
        name would bring a label along that needs an approval.
        """
        name = refs.check_name(name)
        deleted = await self._store.prompts.deleted(name)
        if deleted is None:
            raise await no_deleted_prompt(self._store.prompts, name)
        target = name if as_name is None else refs.check_name(as_name)
        if target != name:
            await self._approvals.check_unheld(deleted)
        try:
            prompt = await self._store.prompts.restore(deleted.id, target, self._now())
        except Conflict as error:
            raise Conflict(
                f"another prompt is named {target!r} now",
                hint="restore it under another name (--as-name), or delete that prompt first",
                subject=target,
            ) from error
        self._cache.drop(target)
        return prompt

    async def list(
        self,
        *,
        category: str | None = None,
        tags: Sequence[str] = (),
        prefix: str = "",
        owner: str | None = None,
        include_deleted: bool = False,
        sort: Sort = "rating",
        limit: int = 50,
        cursor: str | None = None,
        top: int | None = None,
    ) -> Page:
        """Prompts that meet every condition, a page at a time.

        Sorted by rating, then usage, then name unless `sort` says otherwise; those without a
        rating come after all that have one. `top=10` gives the ten best and no further page.
        """
        where = PromptFilter(
            category=category,
            tags=clean_tags(tags),
            prefix=prefix,
            owner=owner,
            include_deleted=include_deleted,
        )
        if top is None:
            return await page_of(self._store.prompts, where, sort, limit, cursor)
        if cursor is not None or sort != "rating":
            raise UsageError("the top is one page by rating", hint="use limit to page or sort")
        best = await page_of(self._store.prompts, where, "rating", top, None)
        return structs.replace(best, next=None)

    async def record_use(self, prompt_id: str, count: int = 1) -> None:
        """So many uses, made elsewhere. Raises NotFound."""
        if not 1 <= count <= _MOST_USES:
            hint = f"count 1 to {_MOST_USES:,} at once"
            raise UsageError(f"{count} uses", hint=hint, subject="count")
        await self._store.prompts.use(prompt_id, count, self._now())

    async def record_rating(self, prompt: str, value: float) -> None:
        """`value` is 0..1. `prompt` is a reference, or the id of a prompt or of a version; the
        rating is the prompt's. Kept as feedback."""
        await rate(self._shelf, prompt, value, who=self._author())


def _edit(category: str | None, tags: Sequence[str] | None, description: str | None) -> Edit:
    return Edit(
        category=None if category is None else category.strip(),
        tags=None if tags is None else clean_tags(tags),
        description=description,
    )
