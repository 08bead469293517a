"""Packs in every store: an installation is one step."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from burnish.errors import Conflict
from burnish.prompts.prompt import Branch, Message, Prompt
from burnish.storage.ids import Ids
from burnish.storage.packs import Pack, PackChange, PackPrompt, PackRevision
from burnish.storage.store import Draft, Edit, Entry, LabelChange, PromptFilter, Store

AT = datetime(2026, 3, 1, tzinfo=UTC)
new_id = Ids()
PACK = Pack(name="s", version="1", authors=("Ann",), checksum="a", source="s.zip", installed_at=AT)


def draft(text: str) -> Draft:
    return Draft(id=new_id(), messages=(Message("user", text),), content_hash=text, created_at=AT)


def entry(name: str, text: str = "one") -> Entry:
    prompt = Prompt(id=new_id(), name=name, created_at=AT, updated_at=AT)
    return Entry(prompt, (draft(text),))


def brought(each: Entry, revision: int = 1) -> PackPrompt:
    return PackPrompt(
        pack="s",
        name=each.prompt.name,
        prompt_id=each.prompt.id,
        revision=revision,
        content_hash="one",
        created=True,
    )


async def names(store: Store) -> list[str]:
    return [each.name for each in await store.prompts.page(PromptFilter(), "name", 10)]


async def test_a_pack_is_kept_as_it_was_given(store: Store) -> None:
    a, b = entry("a"), entry("b")
    await store.packs.install(PackChange(pack=PACK, new=(b, a), prompts=(brought(b), brought(a))))
    assert await store.packs.by_name("s") == PACK
    assert await store.packs.all() == [PACK]
    assert await store.packs.prompts("s") == [brought(a), brought(b)]
    assert await store.packs.by_name("t") is None
    assert await names(store) == ["a", "b"]


async def test_a_later_version_replaces_it(store: Store) -> None:
    a = entry("a")
    await store.packs.install(PackChange(pack=PACK, new=(a,), prompts=(brought(a),)))
    revision = PackRevision(
        prompt_id=a.prompt.id,
        expected_revision=1,
        draft=draft("two"),
        edit=Edit(tags=("new",), category="c"),
    )
    later = structs.replace(PACK, version="2", checksum="b")
    change = PackChange(pack=later, was="a", revisions=(revision,), prompts=(brought(a, 2),))
    await store.packs.install(change)
    assert await store.packs.all() == [later]
    found = await store.versions.find("a")
    assert found is not None
    assert (found.version.text, found.version.revision) == ("two", 2)
    assert (found.prompt.tags, found.prompt.category) == (("new",), "c")
    edited = PackRevision(
        prompt_id=a.prompt.id, expected_revision=2, draft=None, edit=Edit(description="d")
    )
    await store.packs.install(
        PackChange(pack=PACK, was="b", revisions=(edited,), prompts=(brought(a, 2),))
    )
    found = await store.versions.find("a")
    assert found is not None
    assert (found.prompt.description, found.prompt.latest_revision) == ("d", 2)


async def test_all_or_nothing(store: Store) -> None:
    taken = entry("taken")
    await store.prompts.add_many([taken])
    stale = PackRevision(prompt_id=taken.prompt.id, expected_revision=2, draft=draft("two"))
    edit = PackRevision(
        prompt_id=taken.prompt.id, expected_revision=2, draft=None, edit=Edit(category="c")
    )
    fresh = entry("fresh")
    for change in (
        PackChange(pack=PACK, new=(fresh, entry("taken"))),
        PackChange(pack=PACK, new=(fresh,), revisions=(stale,)),
        PackChange(pack=PACK, new=(fresh,), revisions=(edit,)),
        PackChange(pack=PACK, new=(fresh,), was="b"),
        PackChange(pack=PACK, new=(fresh,), prompts=(brought(entry("nowhere")),)),
        PackChange(pack=PACK, new=(fresh,), prompts=(brought(fresh), brought(fresh))),
    ):
        with pytest.raises(Conflict) as raised:
            await store.packs.install(change)
        assert raised.value.hint
        assert await store.packs.all() == []
        assert await names(store) == ["taken"]
        found = await store.versions.find("taken")
        assert found is not None
        assert found.version.revision == 1


async def test_somebody_else_installed_it_meanwhile(store: Store) -> None:
    await store.packs.install(PackChange(pack=PACK))
    for was in ("", "b"):
        with pytest.raises(Conflict):
            await store.packs.install(PackChange(pack=PACK, was=was))


async def test_removing_takes_its_prompts_along(store: Store) -> None:
    a, b = entry("a"), entry("b")
    rows = (brought(a), brought(b))
    await store.packs.install(PackChange(pack=PACK, new=(a, b), prompts=rows))
    later = AT + timedelta(days=1)
    with pytest.raises(Conflict):
        await store.packs.remove(structs.replace(PACK, checksum="b"), rows, later)
    assert (await names(store), await store.packs.all()) == (["a", "b"], [PACK])
    assert await store.packs.remove(PACK, rows[:1], later) == []
    assert (await names(store), await store.packs.all()) == (["b"], [])
    assert await store.packs.prompts("s") == []
    gone = await store.prompts.deleted("a")
    assert gone is not None
    assert gone.deleted_at == later
    with pytest.raises(Conflict):
        await store.packs.remove(PACK, (), later)


async def test_what_somebody_made_their_own_meanwhile_is_left(store: Store) -> None:
    """What was looked at before may be otherwise by the time that it is deleted."""
    words = ("changed", "labelled", "branched", "deleted", "used", "inner", "free")
    made = {word: entry(word) for word in words}
    outer = entry("outer", '{% include "inner@1" %}')
    rows = [brought(each) for each in (*made.values(), outer)]
    await store.packs.install(
        PackChange(pack=PACK, new=(*made.values(), outer), prompts=tuple(rows))
    )
    ids = {word: each.prompt.id for word, each in made.items()}
    await store.versions.add(ids["changed"], draft("mine"))
    change = LabelChange(id=new_id(), label="staging", revision=1, by="ann", at=AT)
    await store.labels.change(ids["labelled"], change)
    branch = Branch(name="try", revision=1, from_revision=1, made_at=AT)
    await store.branches.add(ids["branched"], branch)
    await store.prompts.delete(ids["deleted"], AT)
    await store.prompts.add_many([entry("mine", '{% include "used@latest" %}')])
    left = await store.packs.remove(PACK, rows, AT + timedelta(days=1))
    assert {each.name for each in left} == {"changed", "labelled", "branched", "deleted", "used"}
    assert await names(store) == ["branched", "changed", "labelled", "mine", "used"]
    assert await store.packs.all() == []
    before = await store.prompts.by_id(ids["deleted"])
    assert before is not None
    assert before.deleted_at == AT
