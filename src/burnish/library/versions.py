"""How a prompt comes to be, and how it gets its next revision."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from burnish.errors import Conflict
from burnish.library import drafts
from burnish.library.composition import Coming, Composition, labels_of
from burnish.library.dependants import Dependants
from burnish.library.labels import Labels
from burnish.library.listing import clean_tags
from burnish.library.missing import no_prompt
from burnish.library.shelf import Shelf
from burnish.library.values import NewPrompt, Saved, category_of
from burnish.masking import keys_in
from burnish.prompts import refs
from burnish.prompts.prompt import MAIN, Prompt, PromptVersion
from burnish.storage.lineage import Related, Relation
from burnish.storage.store import Draft, Edit, Entry, Fetched

_ATTEMPTS = 100


class Versions:
    def __init__(self, shelf: Shelf, labels: Labels) -> None:
        self._shelf = shelf
        self._labels = labels
        self._composition = Composition(shelf, shelf.fetch_reference)
        self._dependants = Dependants(shelf)

    async def create(
        self,
        name: str,
        fields: drafts.Fields,
        edit: Edit,
        owner: str,
        expected: int | None,
        *,
        always: bool = False,
        check: bool = True,
    ) -> Saved:
        """A new prompt where the name is free, else its next revision. Without `check` it may
        include what is not there yet."""
        prompts = self._shelf.store.prompts
        if await prompts.by_name(name) is None:
            if expected:
                raise await no_prompt(prompts, name)
            try:
                return await self._create(name, fields, edit, owner, check=check)
            except Conflict:
                # Somebody else took the name in between.
                if expected is not None or await prompts.by_name(name) is None:
                    raise
        return await self.revise(name, fields, expected, edit=edit, always=always, check=check)

    async def rollback(
        self, old: Fetched, fields: drafts.Fields, expected: int | None, label: str | None
    ) -> Saved:
        fields = fields | {
            "messages": old.version.messages,
            "variables": old.version.variables,
            "config": old.version.config,
            "metadata": old.version.metadata,
            # After the latest, which `drafts.after` adds.
            "parents": (old.version.id,),
        }
        held = {held.name for held in await self._shelf.store.labels.of(old.prompt.id)}
        moved = label if label in held else None
        return await self.revise(old.prompt.name, fields, expected, label=moved)

    async def revise(
        self,
        name: str,
        fields: drafts.Fields,
        expected: int | None,
        *,
        edit: Edit | None = None,
        label: str | None = None,
        always: bool = False,
        related: Sequence[tuple[str, Relation]] = (),
        check: bool = True,
    ) -> Saved:
        """Reads the newest of the branch in `fields` and writes on top of it, again when somebody
        else was faster: what `fields` leaves out must come from the newest. With `expected` the
        caller decides. `related` are versions that the new one comes from, and how."""
        for _ in range(_ATTEMPTS):
            latest = await self._shelf.fetch(name, branch=fields.get("branch", MAIN))
            draft = await self._after(latest, fields)
            here = expected in (None, latest.version.revision)
            if here and not always and drafts.says_the_same(draft, latest.version):
                return await self._unchanged(latest, draft, edit, label)
            if check:
                coming = _coming(latest.prompt, draft, label)
                await self._composition.check([coming])
                if label is not None:
                    await self._dependants.check_moved(coming, label)
            base = latest.version.revision if expected is None else expected
            try:
                return await self._add(latest, draft, base, edit=edit, label=label, related=related)
            except Conflict:
                if expected is not None:
                    raise
        raise Conflict(
            f"others kept changing {name!r} for {_ATTEMPTS} attempts",
            hint="try again when they are done",
            subject=name,
        )

    def entry(self, new: NewPrompt, author: str) -> Entry:
        at = self._shelf.now()
        fields: drafts.Fields = {
            "messages": drafts.messages_of(new.content),
            "variables": drafts.variables_of(new.variables),
            "config": drafts.config_of(new.config),
            "metadata": drafts.plain("metadata", new.metadata),
            "author": author,
            "message": new.message,
        }
        prompt = Prompt(
            id=self._shelf.ids(),
            name=refs.check_name(new.name),
            category=category_of(new.name, new.category),
            tags=clean_tags(new.tags),
            description=new.description,
            owner=new.owner or author,
            latest_revision=1,
            last_revision=1,
            created_at=at,
            updated_at=at,
        )
        return Entry(prompt, (drafts.first(self._shelf.ids, at, fields),))

    async def check(self, entries: Sequence[Entry]) -> None:
        """Raises for what new prompts include and neither the library nor one of them has."""
        await self._composition.check(
            [_coming(each.prompt, each.versions[-1], None, revision=1) for each in entries]
        )

    async def _after(self, latest: Fetched, fields: drafts.Fields) -> Draft:
        shelf, included = self._shelf, frozenset[str]()
        if "messages" in fields and "variables" not in fields:
            coming = Coming(
                name=latest.prompt.name,
                revision=latest.prompt.last_revision + 1,
                messages=fields["messages"],
                variables=latest.version.variables,
                labels=labels_of(fields.get("branch", MAIN), None),
            )
            included = await self._composition.names(coming)
        return drafts.after(latest.version, shelf.ids, shelf.now(), fields, included)

    async def _create(
        self,
        name: str,
        fields: drafts.Fields,
        edit: Edit,
        owner: str,
        *,
        derived_from: str = "",
        check: bool = True,
    ) -> Saved:
        shelf, at = self._shelf, self._shelf.now()
        prompt = Prompt(
            id=shelf.ids(),
            name=name,
            category=category_of(name, edit.category),
            tags=edit.tags or (),
            description=edit.description or "",
            owner=owner,
            latest_revision=1,
            last_revision=1,
            created_at=at,
            updated_at=at,
        )
        draft = drafts.first(shelf.ids, at, fields)
        if check:
            await self._composition.check([_coming(prompt, draft, None, revision=1)])
        origin = [self._related(derived_from, draft.id, "derived")] if derived_from else []
        version = await shelf.store.prompts.add(prompt, draft, origin)
        shelf.cache.drop(name)
        return Saved(
            prompt=prompt, version=version, change="created", warnings=warnings_of(version)
        )

    async def derive(self, name: str, fields: drafts.Fields, source: Fetched) -> Saved:
        """A new prompt that comes from a version of another. Raises Conflict for a name that is
        taken."""
        prompt = source.prompt
        edit = Edit(tags=prompt.tags, description=prompt.description)
        return await self._create(
            name, fields, edit, fields["author"], derived_from=source.version.id
        )

    def _related(self, source: str, version: str, kind: Relation) -> Related:
        return Related(from_version=source, to_version=version, kind=kind, at=self._shelf.now())

    async def _add(
        self,
        latest: Fetched,
        draft: Draft,
        base: int,
        *,
        edit: Edit | None,
        label: str | None,
        related: Sequence[tuple[str, Relation]],
    ) -> Saved:
        change = None
        if label is not None:
            change = self._labels.change(label, None, by=draft.author, why=draft.message)
        version = await self._shelf.store.versions.add(
            latest.prompt.id,
            draft,
            expected_revision=base,
            label=change,
            edit=edit,
            relations=[self._related(source, draft.id, kind) for source, kind in related],
        )
        main = version.branch == MAIN
        prompt = structs.replace(
            latest.prompt,
            latest_revision=version.revision if main else latest.prompt.latest_revision,
            last_revision=version.revision,
            updated_at=version.created_at,
            **(edit.given() if edit else {}),
        )
        self._shelf.cache.drop(prompt.name)
        moved = () if label is None else (label,)
        return Saved(
            prompt=prompt,
            version=version,
            change="revised",
            moved=moved,
            warnings=warnings_of(version),
        )

    async def _unchanged(
        self, latest: Fetched, draft: Draft, edit: Edit | None, label: str | None
    ) -> Saved:
        shelf, prompt, version = self._shelf, latest.prompt, latest.version
        if edit:
            prompt = await shelf.store.prompts.edit(prompt.id, edit, shelf.now())
            shelf.cache.drop(prompt.name)
        if label is not None:
            await self._labels.move(
                prompt, label, version.revision, by=draft.author, why=draft.message
            )
        moved = () if label is None else (label,)
        return Saved(prompt=prompt, version=version, change="unchanged", moved=moved)


def _coming(
    prompt: Prompt, draft: Draft, label: str | None, *, revision: int | None = None
) -> Coming:
    return Coming(
        name=prompt.name,
        revision=prompt.last_revision + 1 if revision is None else revision,
        messages=draft.messages,
        variables=draft.variables,
        labels=labels_of(draft.branch, label),
    )


def warnings_of(version: PromptVersion) -> tuple[str, ...]:
    """Whoever may read the prompt could use a key that stands in it, and models are sent it."""
    found = [each for message in version.messages for each in keys_in(message.content)]
    return tuple(f"the text holds what looks like a key ({each})" for each in found)
