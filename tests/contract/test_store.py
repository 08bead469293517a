"""What every store must do with prompts, versions and labels."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.contract.rating import rate

from burnish.errors import Conflict, NotFound, UsageError
from burnish.prompts.prompt import Label, Message, Prompt, Variable
from burnish.storage.ids import Ids
from burnish.storage.store import (
    Draft,
    Edit,
    Entry,
    LabelChange,
    PromptCursor,
    PromptFilter,
    Sort,
    Store,
)

IDS = Ids()
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def prompt(name: str, **fields: Any) -> Prompt:
    base: dict[str, Any] = {"id": IDS(), "name": name, "created_at": NOON, "updated_at": NOON}
    return Prompt(**base | fields)


def draft(text: str = "Hello", **fields: Any) -> Draft:
    base: dict[str, Any] = {
        "id": IDS(),
        "messages": (Message("user", text),),
        "content_hash": f"hash of {text}",
        "created_at": NOON,
    }
    return Draft(**base | fields)


def move(label: str, revision: int | None, **fields: Any) -> LabelChange:
    base: dict[str, Any] = {"id": IDS(), "label": label, "revision": revision, "at": NOON}
    return LabelChange(**base | fields)


async def add(store: Store, name: str, **fields: Any) -> Prompt:
    new = prompt(name, **fields)
    await store.prompts.add(new, draft())
    return new


async def names(store: Store, sort: Sort = "rating", **where: Any) -> list[str]:
    page = await store.prompts.page(PromptFilter(**where), sort, 100)
    return [p.name for p in page]


# Prompts


async def test_a_prompt_comes_back_as_it_went_in(store: Store) -> None:
    new = prompt("a/b", category="c", tags=("x", "y"), description="d", owner="o")
    await store.prompts.add(new, draft())
    expected = {"latest_revision": 1, "usage_count": 0, "rating": None, "deleted_at": None}
    found = await store.prompts.by_name("a/b")
    assert found is not None
    assert {k: getattr(found, k) for k in expected} == expected
    kept = ("id", "name", "category", "tags", "description", "owner", "created_at")
    assert [getattr(found, k) for k in kept] == [getattr(new, k) for k in kept]


async def test_a_name_belongs_to_one_prompt_until_it_is_deleted(store: Store) -> None:
    old = await add(store, "name")
    with pytest.raises(Conflict, match="'name' exists already"):
        await add(store, "name")
    await store.prompts.delete(old.id, NOON)
    assert await store.prompts.by_name("name") is None
    new = await add(store, "name")
    deleted = await store.prompts.deleted("name")
    assert deleted is not None
    assert (deleted.id, deleted.deleted_at) == (old.id, NOON)
    with pytest.raises(Conflict):
        await store.prompts.restore(old.id, "name", NOON)
    await store.prompts.delete(new.id, NOON)
    assert (await store.prompts.restore(old.id, "name", NOON)).deleted_at is None
    with pytest.raises(NotFound):
        await store.prompts.restore(old.id, "name", NOON)


async def test_many_are_added_in_whole_or_not_at_all(store: Store) -> None:
    labels = (Label(name="production", revision=1, moved_at=NOON),)
    first = Entry(prompt("one"), (draft("1"), draft("2")), labels)
    await store.prompts.add_many([first, Entry(prompt("two"), (draft(),))])
    found = await store.versions.find("one")
    assert found is not None
    assert (found.version.text, found.via, found.prompt.latest_revision) == ("1", "production", 2)
    with pytest.raises(Conflict, match="two"):
        await store.prompts.add_many(
            [Entry(prompt("three"), (draft(),)), Entry(prompt("two"), (draft(),))]
        )
    with pytest.raises(Conflict, match="four"):
        await store.prompts.add_many([Entry(prompt("four"), (draft(),)) for _ in range(2)])
    with pytest.raises(Conflict, match="an id of its own"):
        await store.prompts.add_many([Entry(prompt("five", id=first.prompt.id), (draft(),))])
    with pytest.raises(UsageError, match="no version"):
        await store.prompts.add_many([Entry(prompt("six"), ())])
    assert await names(store) == ["one", "two"]


async def test_an_edit_changes_what_it_names_and_no_revision(store: Store) -> None:
    new = await add(store, "a", category="old", tags=("t",))
    later = NOON + timedelta(hours=1)
    edited = await store.prompts.edit(new.id, Edit(category="new", description=""), later)
    assert (edited.category, edited.tags, edited.updated_at) == ("new", ("t",), later)
    assert edited.latest_revision == 1
    assert (await store.prompts.edit(new.id, Edit(tags=()), later)).tags == ()
    with pytest.raises(NotFound):
        await store.prompts.edit(IDS(), Edit(category="x"), later)


async def test_filters_combine(store: Store) -> None:
    await add(store, "a/1", category="x", tags=("t", "u"), owner="ann")
    await add(store, "a/2", category="x", tags=("t",))
    await add(store, "b/1", category="y", tags=("tt",), owner="ann")
    gone = await add(store, "a/3", category="x")
    await store.prompts.delete(gone.id, NOON)
    expected: list[tuple[dict[str, Any], list[str]]] = [
        ({}, ["a/1", "a/2", "b/1"]),
        ({"category": "x"}, ["a/1", "a/2"]),
        ({"tags": ("t",)}, ["a/1", "a/2"]),
        ({"tags": ("t", "u")}, ["a/1"]),
        ({"prefix": "a/"}, ["a/1", "a/2"]),
        ({"prefix": "a/", "owner": "ann"}, ["a/1"]),
        ({"category": "x", "include_deleted": True}, ["a/1", "a/2", "a/3"]),
        ({"category": "none"}, []),
    ]
    for where, found in expected:
        assert await names(store, **where) == found
        assert await store.prompts.count(PromptFilter(**where)) == len(found)


@pytest.mark.parametrize("prefix", ["50%_", "a\ud7ff", "z\U0010ffff", "é"])
async def test_a_prefix_is_plain_text(store: Store, prefix: str) -> None:
    await store.prompts.add_many(
        [
            Entry(prompt(name), (draft(),))
            for name in (prefix, prefix + "x", prefix[:-1], "50xx", prefix[:-1] + "\U0001f600")
        ]
    )
    assert await names(store, "name", prefix=prefix) == [prefix, prefix + "x"]


@pytest.mark.parametrize("sort", ["rating", "name", "updated"])
async def test_pages_join_into_the_whole_list(store: Store, sort: Sort) -> None:
    for n in range(12):
        at = NOON + timedelta(minutes=n % 3)
        new = await add(store, f"p{n:02}", updated_at=at)
        if n % 3:
            await rate(store, new.id, n % 3 / 2)
        await store.prompts.use(new.id, 1 + n % 2)
    whole = await store.prompts.page(PromptFilter(), sort, 100)
    paged: list[Prompt] = []
    after = None
    while page := await store.prompts.page(PromptFilter(), sort, 5, after):
        paged += page
        last = page[-1]
        after = PromptCursor(
            rating=last.rating,
            usage_count=last.usage_count,
            updated_at=last.updated_at,
            name=last.name,
            id=last.id,
        )
    assert [p.name for p in paged] == [p.name for p in whole]
    assert len(paged) == 12


async def test_the_best_come_first_and_the_unrated_last(store: Store) -> None:
    by_name = {name: await add(store, name) for name in ("zero", "none", "used", "high", "b", "a")}
    await rate(store, by_name["zero"].id, 0.0)
    for name in ("high", "b", "a"):
        await rate(store, by_name[name].id, 1.0)
    await rate(store, by_name["high"].id, 0.5)
    await store.prompts.use(by_name["used"].id, 7)
    assert await names(store) == ["a", "b", "high", "zero", "used", "none"]
    high = await store.prompts.by_name("high")
    assert high is not None
    assert high.rating == 0.75


async def test_counters_count_every_one_of_many_at_once(store: Store) -> None:
    new = await add(store, "a")
    await asyncio.gather(*(store.prompts.use(new.id) for _ in range(50)))
    await asyncio.gather(*(rate(store, new.id, i / 49) for i in range(50)))
    found = await store.prompts.by_name("a")
    assert found is not None
    assert (found.usage_count, round(found.rating or 0, 9)) == (50, 0.5)


async def test_names_near(store: Store) -> None:
    for name in ("a", "b", "c", "d", "e"):
        await add(store, name)
    assert await store.prompts.names_near("c", 4) == ["a", "b", "c", "d"]
    assert await store.prompts.names_near("cc", 2) == ["c", "d"]


# Versions


async def test_a_version_comes_back_as_it_went_in(store: Store) -> None:
    new = await add(store, "a")
    variable = Variable(name="x", type="list", required=False, default=[1, {"k": None}])
    given = draft(
        messages=(Message("system", "s"), Message("user", "{{x}}")),
        variables=(variable,),
        config={"model": "m", "parameters": {"temperature": 0.1, "stop": ["\n"]}},
        author="ann",
        message="why",
        parents=(IDS(), IDS()),
        metadata={"n": 1, "deep": {"ü": [True, None]}},
        created_at=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    )
    written = await store.versions.add(new.id, given)
    assert written == given.at(new.id, 2)
    found = await store.versions.find("a")
    assert found is not None
    assert found.version == written == await store.versions.by_id(given.id)
    assert found.prompt.updated_at == given.created_at


async def test_find_by_every_rule(store: Store) -> None:
    new = await add(store, "a")
    await store.versions.add(new.id, draft("two"))
    await store.labels.change(new.id, move("staging", 1))

    async def found(**by: Any) -> tuple[int, str] | None:
        answer = await store.versions.find("a", **by)
        return None if answer is None else (answer.version.revision, answer.via)

    assert await found() == (2, "latest")
    assert await found(revision=1) == (1, "revision")
    assert await found(label="staging") == (1, "label")
    assert await found(label="latest") == (2, "latest")
    assert await found(label="production") is None
    assert await found(revision=3) is None
    await store.labels.change(new.id, move("production", 1))
    assert await found() == (1, "production")
    assert await store.versions.find("b") is None
    await store.prompts.delete(new.id, NOON)
    assert await found() is None


async def test_revisions_count_up_even_when_many_save_at_once(store: Store) -> None:
    new = await add(store, "a")
    saved = await asyncio.gather(*(store.versions.add(new.id, draft(str(n))) for n in range(20)))
    assert sorted(version.revision for version in saved) == list(range(2, 22))
    history = await store.versions.history(new.id, 100)
    assert [v.revision for v in history] == list(range(21, 0, -1))
    older = await store.versions.history(new.id, 2, before=5)
    assert [v.revision for v in older] == [4, 3]


async def test_only_one_of_two_saves_on_the_same_revision_succeeds(store: Store) -> None:
    new = await add(store, "a")
    await store.versions.add(new.id, draft("mine"), expected_revision=1)
    with pytest.raises(Conflict, match="at revision 2, not 1"):
        await store.versions.add(new.id, draft("theirs"), expected_revision=1)
    assert [v.text for v in await store.versions.history(new.id, 9)] == ["mine", "Hello"]


async def test_a_version_its_label_and_its_edit_are_one_step(store: Store) -> None:
    new = await add(store, "a")
    given = draft("two")
    await store.versions.add(
        new.id, given, label=move("production", None, by="ann"), edit=Edit(category="c")
    )
    found = await store.versions.find("a")
    assert found is not None
    assert (found.version.revision, found.via, found.prompt.category) == (2, "production", "c")
    with pytest.raises(Conflict):
        await store.versions.add(new.id, given, label=move("staging", None), edit=Edit(tags=("t",)))
    assert [label.name for label in await store.labels.of(new.id)] == ["production"]
    unchanged = await store.prompts.by_name("a")
    assert unchanged is not None
    assert (unchanged.latest_revision, unchanged.tags) == (2, ())


async def test_no_version_is_added_to_what_is_not_there(store: Store) -> None:
    gone = await add(store, "a")
    await store.prompts.delete(gone.id, NOON)
    for prompt_id in (gone.id, IDS()):
        with pytest.raises(NotFound):
            await store.versions.add(prompt_id, draft())
    with pytest.raises(NotFound):
        await store.prompts.delete(gone.id, NOON)


# Labels


async def test_a_label_moves_and_every_move_is_logged(store: Store) -> None:
    new = await add(store, "a")
    await store.versions.add(new.id, draft("two"))
    await store.labels.change(new.id, move("production", 1, by="ann", why="first"))
    later = NOON + timedelta(seconds=1)
    moved = await store.labels.change(new.id, move("production", 2, by="bob", at=later))
    assert (moved.from_revision, moved.to_revision) == (1, 2)
    assert await store.labels.of(new.id) == [
        Label(name="production", revision=2, moved_by="bob", moved_at=later)
    ]
    await store.labels.change(new.id, move("beta", 1))
    await store.labels.change(new.id, move("production", None, at=later + timedelta(seconds=1)))
    assert [label.name for label in await store.labels.of(new.id)] == ["beta"]
    log = await store.labels.log(new.id, "production")
    steps = [(m.from_revision, m.to_revision, m.moved_by, m.why) for m in log]
    assert steps == [(2, None, "", ""), (1, 2, "bob", ""), (None, 1, "ann", "first")]
    assert len(await store.labels.log(new.id)) == 4
    assert len(await store.labels.log(new.id, limit=1)) == 1


async def test_a_label_that_cannot_move_leaves_no_trace(store: Store) -> None:
    new = await add(store, "a")
    with pytest.raises(NotFound, match="no revision 2"):
        await store.labels.change(new.id, move("production", 2))
    with pytest.raises(NotFound, match="no label 'production'"):
        await store.labels.change(new.id, move("production", None))
    assert await store.labels.of(new.id) == []
    assert await store.labels.log(new.id) == []
