"""What every store must tell of prompts that include others."""

from datetime import timedelta

from tests.contract.test_store import NOON, draft, move, prompt

from burnish.prompts.prompt import Branch, Prompt
from burnish.storage.store import Entry, Store

TONE, MOOD = (f'{{% include "shared/{name}" %}}' for name in ("tone@1", "mood@production#system"))


async def put(store: Store, name: str, text: str = "plain") -> Prompt:
    new = prompt(name)
    await store.prompts.add(new, draft(text))
    return new


async def told(store: Store, name: str) -> list[tuple[str, int, str]]:
    found = await store.relations.including(name, 10)
    return [(each.name, each.revision, each.asked) for each in found]


async def test_what_a_version_includes_is_kept_however_it_comes(store: Store) -> None:
    one = await put(store, "one", TONE + TONE)
    await store.versions.add(one.id, draft(f"{TONE} {MOOD}"))
    two = (await put(store, "two")).id
    assert [(i.revision, i.asked) for i in await store.relations.included(one.id)] == [
        (1, "shared/tone@1"),
        (2, "shared/mood@production#system"),
        (2, "shared/tone@1"),
    ]
    assert await store.relations.included(two) == []
    assert await told(store, "shared/tone") == [("one", 2, "shared/tone@1")]
    assert await told(store, "shared/mood") == [("one", 2, "shared/mood@production#system")]
    assert await told(store, "one") == []


async def test_versions_in_use_include_and_old_or_deleted_ones_do_not(store: Store) -> None:
    one = await put(store, "one", TONE)
    await store.versions.add(one.id, draft("plain"))
    assert await told(store, "shared/tone") == []
    await store.labels.change(one.id, move("staging", 1))
    assert await told(store, "shared/tone") == [("one", 1, "shared/tone@1")]
    await store.labels.change(one.id, move("staging", 2))
    line = Branch(name="try", revision=1, from_revision=1, made_by="ann", made_at=NOON)
    await store.branches.add(one.id, line)
    assert await told(store, "shared/tone") == [("one", 1, "shared/tone@1")]
    await store.prompts.delete(one.id, NOON)
    assert await told(store, "shared/tone") == []


async def test_a_prompt_that_includes_itself_alone_is_included_by_nobody(store: Store) -> None:
    one = await put(store, "shared/tone")
    await store.versions.add(one.id, draft(TONE))
    assert await told(store, "shared/tone") == []


async def test_many_at_once_tell_what_they_include(store: Store) -> None:
    await store.prompts.add_many([Entry(prompt(name), (draft(TONE),)) for name in ("a", "b")])
    assert [name for name, *_ in await told(store, "shared/tone")] == ["a", "b"]


async def test_what_others_include_is_not_unused(store: Store) -> None:
    await put(store, "shared/tone")
    includer = await put(store, "one", TONE)
    later = NOON + timedelta(days=1)
    assert [each.name for each in await store.prompts.unused(later, 10)] == ["one"]
    await store.prompts.delete(includer.id, NOON)
    assert [each.name for each in await store.prompts.unused(later, 10)] == ["shared/tone"]
