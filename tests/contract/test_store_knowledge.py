"""What every store must do with knowledge: keep it, index it, replace it, forget it."""

from typing import Any

import pytest
from tests.contract.test_store import IDS, NOON

from burnish.errors import Conflict, UsageError
from burnish.storage.index import NewVector, SearchFilter, State
from burnish.storage.knowledge import Chunk, Document
from burnish.storage.store import Store

ANY = SearchFilter()


def document(name: str, **fields: Any) -> Document:
    base: dict[str, Any] = {
        "id": IDS(),
        "name": name,
        "content_hash": f"hash of {name}",
        "size_bytes": 10,
        "chars": 10,
        "added_at": NOON,
        "updated_at": NOON,
    }
    return Document(**base | fields)


def chunk(body: str, heading: str = "", line: int = 1) -> Chunk:
    return Chunk(body=body, heading=heading, first_line=line, last_line=line, tokens=len(body))


async def found(store: Store, word: str, where: SearchFilter = ANY) -> list[str]:
    index = store.knowledge.index
    matches = await index.matches([word], where, 50, among=1000)
    return sorted(item.chunk.body for item in await index.items([m.doc for m in matches]))


async def test_what_is_put_comes_back(store: Store) -> None:
    whole = document("a.md", tags=("x", "y"), category="c", origin="/a.md", pages=3, note="n")
    pieces = [chunk("alpha", "One > Two"), chunk("beta", line=4)]
    await store.knowledge.put(whole, pieces)
    assert await store.knowledge.chunks(whole.id) == pieces
    held = await store.knowledge.by_name("a.md")
    assert held
    assert (held.tags, held.pages, held.note, held.chunks) == (("x", "y"), 3, "n", 2)
    assert await store.knowledge.by_hash("hash of a.md") == held
    assert await store.knowledge.by_name("b.md") is None
    assert await store.knowledge.all(tag="x", category="c") == [held]
    assert await store.knowledge.all(tag="z") == await store.knowledge.all(category="d") == []


async def test_pieces_are_found_by_name_tags_headings_and_text(store: Store) -> None:
    await store.knowledge.put(
        document("manual.md", tags=("shop",), category="help"), [chunk("oysters", "Walrus")]
    )
    await store.knowledge.put(document("b.md"), [chunk("other")])
    for word in ("manual", "shop", "walrus", "OYSTER"):
        assert await found(store, word) == ["oysters"], word
    assert await found(store, "oysters", SearchFilter(tags=("shop",), category="help")) == [
        "oysters"
    ]
    assert await found(store, "oysters", SearchFilter(tags=("none",))) == []
    assert await store.knowledge.index.count(ANY) == 2
    assert await store.knowledge.index.count(SearchFilter(category="help")) == 1


async def test_pieces_that_stay_keep_their_vectors(store: Store) -> None:
    whole = document("a.md")
    index = store.knowledge.index
    await store.knowledge.put(whole, [chunk("alpha"), chunk("beta"), chunk("gamma")])
    changes = await index.changes(0, 10)
    await index.put("e", [NewVector(c.doc, c.stamp, b"00") for c in changes])
    before = await index.state()
    await store.knowledge.put(whole, [chunk("new"), chunk("alpha", line=9), chunk("gamma")])
    assert [(c.body, c.first_line) for c in await store.knowledge.chunks(whole.id)] == [
        ("new", 1),
        ("alpha", 9),
        ("gamma", 1),
    ]
    (changed,) = await index.changes(before.stamp, 10)
    assert changed.live
    assert await index.unembedded("e") == [changed.doc]
    assert await index.unembedded("f") == [c.doc for c in changes]
    kept = {v.doc for v in await index.vectors("e", 0, 10)}
    assert kept == {c.doc for c in changes} - {changed.doc}
    assert (await found(store, "beta"), await found(store, "new")) == ([], ["new"])


async def test_what_is_removed_is_gone_and_others_are_told(store: Store) -> None:
    one, two = document("a.md"), document("b.md")
    index = store.knowledge.index
    for each in (one, two):
        await store.knowledge.put(each, [chunk(f"alpha of {each.name}")])
    changes = await index.changes(0, 10)
    await index.put("e", [NewVector(c.doc, c.stamp, b"00") for c in changes])
    before = await index.state()
    assert await store.knowledge.remove([one.id])
    assert await store.knowledge.remove([])
    assert await found(store, "alpha") == ["alpha of b.md"]
    assert await store.knowledge.by_name("a.md") is None
    assert [v.doc for v in await index.vectors("e", 0, 10)] == [changes[1].doc]
    (gone,) = await index.changes(before.stamp, 10)
    assert (gone.doc, gone.live) == (changes[0].doc, False)
    assert await index.texts([changes[0].doc]) == await index.items([changes[0].doc]) == []
    # The row is taken by the next piece.
    await store.knowledge.put(document("c.md"), [chunk("gamma"), chunk("delta")])
    assert {c.doc for c in await index.changes(gone.stamp, 10)} == {changes[0].doc, 3}
    await index.rebuild()
    assert (await found(store, "gamma"), await found(store, "md")) == (
        ["gamma"],
        ["alpha of b.md", "delta", "gamma"],
    )


async def test_a_name_belongs_to_one_document_and_a_refused_write_changes_nothing(
    store: Store,
) -> None:
    await store.knowledge.put(document("a.md"), [chunk("alpha")])
    before = await store.knowledge.index.state()
    with pytest.raises(Conflict, match=r"another document is called 'a\.md'"):
        await store.knowledge.put(document("a.md"), [chunk("beta")])
    with pytest.raises(UsageError, match="NUL"):
        await store.knowledge.put(document("b.md"), [chunk("beta"), chunk("be\0ta")])
    assert await found(store, "beta") == []
    assert await store.knowledge.index.state() == before
    assert [each.name for each in await store.knowledge.all()] == ["a.md"]


async def test_nothing_is_there_at_first(store: Store) -> None:
    assert await store.knowledge.index.state() == State(0, 0)
    assert await store.knowledge.all() == []
