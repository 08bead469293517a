"""What every store must do with branches, archived versions, tags, requests and relations."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import structs
from tests.contract.test_store import IDS, NOON, add, draft, move

from burnish.errors import Conflict, NotFound
from burnish.prompts.prompt import Branch
from burnish.storage.lineage import LabelRequest, Related
from burnish.storage.store import Store

LATER = datetime(2026, 5, 4, 13, tzinfo=UTC)


def branch(name: str, revision: int = 1) -> Branch:
    return Branch(name=name, revision=revision, from_revision=revision, made_by="ann", made_at=NOON)


def request(prompt_id: str, **fields: Any) -> LabelRequest:
    base: dict[str, Any] = {
        "id": IDS(),
        "prompt_id": prompt_id,
        "label": "production",
        "from_revision": None,
        "to_revision": 1,
        "asked_by": "ann",
        "asked_at": NOON,
    }
    return LabelRequest(**base | fields)


async def test_a_branch_grows_beside_the_main_one(store: Store) -> None:
    prompt = await add(store, "name")
    await store.branches.add(prompt.id, branch("try"))
    there = await store.versions.add(prompt.id, draft("there", branch="try"))
    here = await store.versions.add(prompt.id, draft("here"))
    again = await store.versions.add(prompt.id, draft("again", branch="try"))
    assert [v.revision for v in (there, here, again)] == [2, 3, 4]
    found = await store.versions.find("name", branch="try")
    assert found is not None
    assert (found.version, found.via) == (again, "branch")
    for main in (
        await store.versions.find("name"),
        await store.versions.find("name", branch="main"),
    ):
        assert main is not None
        assert (main.version, main.via) == (here, "latest")
        assert (main.prompt.latest_revision, main.prompt.last_revision) == (3, 4)
    assert await store.branches.of(prompt.id) == [
        Branch(name="try", revision=4, from_revision=1, made_by="ann", made_at=NOON)
    ]
    of_branch = await store.versions.history(prompt.id, 10, branch="try")
    assert [v.revision for v in of_branch] == [4, 2]
    assert [v.revision for v in await store.versions.history(prompt.id, 10)] == [4, 3, 2, 1]
    assert [(p.revision, p.branch) for p in await store.versions.places(prompt.id)] == [
        (1, "main"),
        (2, "try"),
        (3, "main"),
        (4, "try"),
    ]


async def test_what_is_expected_is_the_newest_of_the_branch(store: Store) -> None:
    prompt = await add(store, "name")
    await store.branches.add(prompt.id, branch("try"))
    await store.versions.add(prompt.id, draft("here"))
    with pytest.raises(Conflict, match="at revision 1, not 2"):
        await store.versions.add(prompt.id, draft(branch="try"), expected_revision=2)
    await store.versions.add(prompt.id, draft(branch="try"), expected_revision=1)
    with pytest.raises(NotFound, match="no branch 'other'"):
        await store.versions.add(prompt.id, draft(branch="other"))


async def test_a_branch_has_one_name_and_a_beginning(store: Store) -> None:
    prompt = await add(store, "name")
    await store.branches.add(prompt.id, branch("try"))
    with pytest.raises(Conflict, match="has a branch 'try' already"):
        await store.branches.add(prompt.id, branch("try"))
    with pytest.raises(NotFound, match="no revision 7"):
        await store.branches.add(prompt.id, branch("far", 7))


async def test_a_deleted_branch_leaves_its_versions(store: Store) -> None:
    prompt = await add(store, "name")
    await store.branches.add(prompt.id, branch("try"))
    await store.versions.add(prompt.id, draft("there", branch="try"))
    assert (await store.branches.delete(prompt.id, "try")).revision == 2
    assert await store.branches.of(prompt.id) == []
    assert await store.versions.find("name", branch="try") is None
    assert await store.versions.find("name", revision=2) is not None
    with pytest.raises(NotFound, match="no branch 'try'"):
        await store.branches.delete(prompt.id, "try")


async def test_versions_go_into_the_archive_and_back(store: Store) -> None:
    prompt = await add(store, "name")
    for n in range(3):
        await store.versions.add(prompt.id, draft(f"text {n}"))
    assert await store.versions.archive(prompt.id, [1, 2, 9], NOON) == [1, 2]
    with pytest.raises(Conflict, match="latest points at it"):
        await store.versions.archive(prompt.id, [3, 4], LATER)
    assert await store.versions.archive(prompt.id, [2, 3], LATER) == [3]
    with pytest.raises(Conflict, match="archived"):
        await store.labels.change(prompt.id, move("old", 3))
    history = await store.versions.history(prompt.id, 10)
    assert [v.archived_at for v in history] == [None, LATER, NOON, NOON]
    assert await store.versions.archive(prompt.id, [1, 4], None) == [1]


async def test_a_tag_never_moves(store: Store) -> None:
    prompt = await add(store, "name")
    await store.versions.add(prompt.id, draft("new"))
    await store.labels.change(prompt.id, move("v1.0", 1, tag=True))
    (label,) = await store.labels.of(prompt.id)
    assert (label.name, label.revision, label.tag) == ("v1.0", 1, True)
    with pytest.raises(Conflict, match="a tag on revision 1"):
        await store.labels.change(prompt.id, move("v1.0", 2))
    await store.labels.change(prompt.id, move("v1.0", 1))
    assert [each.tag for each in await store.labels.of(prompt.id)] == [True]
    await store.labels.change(prompt.id, move("v1.0", None))
    await store.labels.change(prompt.id, move("v1.0", 2))


async def test_a_request_is_approved_with_the_move(store: Store) -> None:
    prompt = await add(store, "name")
    asked = request(prompt.id, why="it won")
    await store.labels.ask(asked)
    (kept,) = await store.labels.requests(state="open")
    assert kept == structs.replace(asked, name="name")
    await store.labels.change(
        prompt.id, move("production", 1, request=asked.id, by="bob", why="good")
    )
    done = await store.labels.request(asked.id)
    assert done is not None
    assert (done.state, done.decided_by, done.because) == ("approved", "bob", "good")
    assert await store.labels.requests(prompt_id=prompt.id, state="open") == []
    with pytest.raises(Conflict, match="was approved already"):
        await store.labels.refuse(asked.id, "bob", "", LATER)


async def test_a_request_that_was_overtaken_moves_nothing(store: Store) -> None:
    prompt = await add(store, "name")
    await store.versions.add(prompt.id, draft("new"))
    asked = request(prompt.id)
    await store.labels.ask(asked)
    await store.labels.change(prompt.id, move("production", 2))
    with pytest.raises(Conflict, match="has moved since"):
        await store.labels.change(prompt.id, move("production", 1, request=asked.id, by="bob"))
    (label,) = await store.labels.of(prompt.id)
    assert label.revision == 2
    left = await store.labels.request(asked.id)
    assert left is not None
    assert left.state == "open"
    refused = await store.labels.refuse(asked.id, "bob", "too late", LATER)
    assert (refused.state, refused.decided_at) == ("refused", LATER)
    with pytest.raises(NotFound, match="no request"):
        await store.labels.refuse(IDS(), "bob", "", LATER)


async def test_relations_are_kept_once(store: Store) -> None:
    one, other = await add(store, "one"), await add(store, "other")
    (old,) = await store.versions.history(one.id, 1)
    (new,) = await store.versions.history(other.id, 1)
    related = Related(from_version=old.id, to_version=new.id, kind="derived", at=NOON)
    await store.relations.add([related])
    await store.relations.add([related])
    assert await store.relations.of(one.id) == [related]
    assert await store.relations.of(other.id) == [related]
    included = Related(from_version=new.id, to_version=IDS(), kind="included", at=LATER)
    with pytest.raises(NotFound):
        await store.relations.add([included])
    draft_ = draft("more")
    added = Related(from_version=new.id, to_version=draft_.id, kind="included", at=LATER)
    await store.versions.add(one.id, draft_, relations=[added])
    assert await store.relations.of(other.id) == [related, added]


async def test_prompts_that_nobody_used_for_long(store: Store) -> None:
    rests = await add(store, "rests")
    used = await add(store, "used")
    old = await add(store, "old")
    await store.prompts.use(used.id, at=LATER)
    await store.prompts.use_many({old.id: 2, rests.id: 1}, NOON)
    await store.prompts.use(old.id)
    assert [p.name for p in await store.prompts.unused(LATER, 10)] == ["old", "rests"]
    assert [p.name for p in await store.prompts.unused(NOON, 10)] == []
    assert [p.last_used_at for p in await store.prompts.unused(LATER, 1)] == [NOON]
