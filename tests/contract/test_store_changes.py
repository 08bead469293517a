"""What every store that tells of changes must tell, and how writers at once are kept apart."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest
from tests.contract.rating import rate
from tests.contract.test_store import IDS, NOON, add, draft, move, names, prompt

from burnish.errors import BurnishError, Conflict, NotFound
from burnish.prompts.prompt import Branch, Prompt
from burnish.storage.changes import Changed, Changes
from burnish.storage.lineage import Related
from burnish.storage.store import Edit, Store

BRANCH = Branch(name="try", revision=1, from_revision=1, made_by="ann", made_at=NOON)


class Ear:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.listens = True
        self.heard: list[Changed] = []
        self.losses = 0

    def hear(self, changes: Sequence[Changed] | None) -> None:
        assert changes is not None
        self.heard.extend(changes)

    def lose(self) -> None:
        self.losses += 1

    async def until(self, *expected: Changed) -> None:
        """Well over the second that it may take, on a machine that is busy."""
        for _ in range(1000):
            if set(expected) <= set(self.heard):
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"{expected} is not among {self.heard}")


@pytest.fixture
def changes(store: Store) -> Changes:
    if store.changes is None:
        pytest.skip("this store cannot tell of changes")
    return store.changes


Change = Callable[[Store, Prompt], Awaitable[object]]
CHANGES: dict[str, tuple[Change, Changed]] = {
    "a label is set": (
        lambda store, p: store.labels.change(p.id, move("new", 1)),
        Changed(name="name", kind="label", label="new"),
    ),
    "a label is moved": (
        lambda store, p: store.labels.change(p.id, move("production", 2)),
        Changed(name="name", kind="label", label="production"),
    ),
    "a label is removed": (
        lambda store, p: store.labels.change(p.id, move("production", None)),
        Changed(name="name", kind="label", label="production"),
    ),
    "a version is saved": (
        lambda store, p: store.versions.add(p.id, draft("new")),
        Changed(name="name", kind="prompt"),
    ),
    "a version is saved on a branch": (
        lambda store, p: store.versions.add(p.id, draft("new", branch="try")),
        Changed(name="name", kind="prompt"),
    ),
    "a branch is deleted": (
        lambda store, p: store.branches.delete(p.id, "try"),
        Changed(name="name", kind="prompt"),
    ),
    "it is described anew": (
        lambda store, p: store.prompts.edit(p.id, Edit(tags=("x",)), NOON),
        Changed(name="name", kind="prompt"),
    ),
    "a version is archived": (
        lambda store, p: store.versions.archive(p.id, [3], NOON),
        Changed(name="name", kind="archive"),
    ),
    "it is deleted": (
        lambda store, p: store.prompts.delete(p.id, NOON),
        Changed(name="name", kind="gone"),
    ),
}


@pytest.mark.parametrize("what", CHANGES)
async def test_every_change_is_told(store: Store, changes: Changes, what: str) -> None:
    await add(store, "other")
    new = await add(store, "name")
    for _ in range(3):
        await store.versions.add(new.id, draft())
    await store.branches.add(new.id, BRANCH)
    await store.labels.change(new.id, move("production", 1))
    ear = Ear()
    assert not changes.is_told
    assert await changes.follow(ear)
    assert changes.is_told
    change, expected = CHANGES[what]
    await change(store, new)
    await ear.until(expected)
    assert set(ear.heard) == {expected}


async def test_use_and_what_is_new_are_no_changes(store: Store, changes: Changes) -> None:
    old = await add(store, "old")
    ear = Ear()
    await changes.follow(ear)
    await store.prompts.use(old.id)
    await rate(store, old.id, 1.0)
    await add(store, "new")
    await store.branches.add(old.id, BRANCH)
    await store.labels.change(old.id, move("last", 1))
    last = Changed(name="old", kind="label", label="last")
    await ear.until(last)
    assert ear.heard == [last]


async def test_what_happens_while_nobody_listens_is_told_afterwards(
    store: Store, changes: Changes
) -> None:
    old = await add(store, "old")
    ear = Ear()
    ear.listens = False
    await changes.follow(ear)
    await store.labels.change(old.id, move("first", 1))
    await asyncio.sleep(0.6)
    assert ear.heard == []
    ear.listens = True
    changes.wake()
    await ear.until(Changed(name="old", kind="label", label="first"))


async def test_two_who_make_the_same_label_at_once_both_do(store: Store) -> None:
    new = await add(store, "name")
    await store.versions.add(new.id, draft())
    for label in map("l{}".format, range(10)):
        moves = await asyncio.gather(
            *(store.labels.change(new.id, move(label, revision)) for revision in (1, 2))
        )
        first, second = sorted(moves, key=lambda each: each.from_revision or 0)
        assert (first.from_revision, second.from_revision) == (None, first.to_revision)
        assert [each.to_revision for each in await store.labels.log(new.id, label)].count(1) == 1


async def test_a_save_on_a_branch_that_is_being_deleted_is_whole_or_refused(store: Store) -> None:
    new = await add(store, "name")
    for number in range(10):
        name = f"try{number}"
        made = Branch(name=name, revision=1, from_revision=1, made_by="ann", made_at=NOON)
        await store.branches.add(new.id, made)
        gone, saved = await asyncio.gather(
            store.branches.delete(new.id, name),
            store.versions.add(new.id, draft(branch=name)),
            return_exceptions=True,
        )
        assert isinstance(gone, Branch)
        versions = await store.versions.history(new.id, 10, branch=name)
        if isinstance(saved, BurnishError):
            assert isinstance(saved, NotFound)
            assert versions == []
        else:
            assert versions == [saved]
            assert gone.revision == versions[0].revision


async def test_a_prompt_comes_with_what_it_comes_from_or_not_at_all(store: Store) -> None:
    source = await store.prompts.add(prompt("source"), draft())
    copy = draft()
    origin = Related(from_version=source.id, to_version=copy.id, kind="derived", at=NOON)
    made = prompt("copy")
    await store.prompts.add(made, copy, [origin])
    assert await store.relations.of(made.id) == [origin]
    lost = Related(from_version=IDS(), to_version=(other := draft()).id, kind="derived", at=NOON)
    with pytest.raises((NotFound, Conflict)):
        await store.prompts.add(prompt("orphan"), other, [lost])
    assert await names(store, "name") == ["copy", "source"]
