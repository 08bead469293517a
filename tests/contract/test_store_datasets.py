"""What every store must do with datasets: versions that never change, each stored by what it
changes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from tests.contract.test_store import IDS, NOON

from burnish.errors import UsageError
from burnish.storage.datasets import Change, DatasetVersion, Packed, Put, pack
from burnish.storage.example import Example
from burnish.storage.store import Store


class Listed:
    """An `Incoming` of examples in memory."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self._packed = [pack(each) for each in examples]

    async def batches(self) -> AsyncIterator[list[Packed]]:
        for start in range(0, len(self._packed), 2):
            yield self._packed[start : start + 2]

    async def lacking(self, ids: Sequence[str]) -> list[str]:
        held = {each.id for each in self._packed}
        return [each for each in ids if each not in held]


def example(example_id: str, value: Any = "v", **fields: Any) -> Example:
    return Example(id=example_id, inputs={"x": value}, **fields)


async def put(store: Store, *examples: Example, name: str = "d", **fields: Any) -> Put:
    change: dict[str, Any] = {"dataset_id": IDS(), "version_id": IDS(), "name": name, "at": NOON}
    return await store.datasets.put(Change(**change | fields), Listed(examples))


async def examples(store: Store, version: DatasetVersion, **where: Any) -> list[Example]:
    found: list[Example] = []
    after = 0
    while page := await store.datasets.page(version, after=after, **where):
        found += [each.example for each in page]
        after = page[-1].position
    return found


async def test_a_few_are_found_by_id_as_the_version_has_them(store: Store) -> None:
    first = await put(store, *(example(each) for each in "abc"))
    await put(store, example("b"), name="other")
    second = await put(store, example("b", "new"), example("d"))
    datasets = store.datasets
    assert await datasets.named(first.version, ["c", "b", "d"]) == [example("b"), example("c")]
    assert await datasets.named(second.version, ["b", "d", "nobody"]) == [
        example("b", "new"),
        example("d"),
    ]
    assert await datasets.named(first.version, []) == []


async def test_what_is_put_comes_back_in_its_order(store: Store) -> None:
    whole = example("b", {"deep": [1, 2.5, None]}, expected=["x"], tags=("t",), synthetic=True)
    others = [example(each, expected=0) for each in ("a", "c", "ä 1")]
    done = await put(
        store, whole, *others, description="of d", message="m", author="ann", origin="d.csv"
    )
    assert (done.added, done.changed, done.removed, done.kept, done.new) == (4, 0, 0, 0, True)
    assert await examples(store, done.version) == [whole, *others]
    version = done.version
    assert (version.name, version.version, version.size) == ("d", 1, 4)
    assert (version.message, version.author, version.origin) == ("m", "ann", "d.csv")
    held = await store.datasets.by_name("d")
    assert held
    assert (held.id, held.description, held.version, held.size) == (
        version.dataset_id,
        "of d",
        1,
        4,
    )
    assert await store.datasets.all() == [held]
    assert await store.datasets.by_name("e") is None
    assert await store.datasets.version(held.id, 1) == version
    assert await store.datasets.version(held.id, 2) is None


async def test_a_version_stays_what_it_was(store: Store) -> None:
    first = (await put(store, example("a"), example("b"), example("c"))).version
    second = await put(store, example("b", "new"), example("d"))
    assert (second.added, second.changed, second.kept) == (1, 1, 0)
    third = await put(store, example("a"), replace=True)
    assert (third.removed, third.kept) == (3, 1)
    assert [e.id for e in await examples(store, first)] == ["a", "b", "c"]
    assert [(e.id, e.inputs["x"]) for e in await examples(store, second.version)] == [
        ("a", "v"),
        ("b", "new"),
        ("c", "v"),
        ("d", "v"),
    ]
    assert [e.id for e in await examples(store, third.version)] == ["a"]
    versions = await store.datasets.versions(first.dataset_id)
    assert [(v.version, v.size) for v in versions] == [(3, 1), (2, 4), (1, 3)]


async def test_what_changes_nothing_makes_no_version(store: Store) -> None:
    first = (await put(store, example("a"), example("b"))).version
    again = await put(store, example("b"), example("a"), replace=True, description="told later")
    assert (again.version, again.new, again.kept) == (first, False, 2)
    held = await store.datasets.by_name("d")
    assert held
    assert (held.version, held.description) == (1, "told later")


async def test_the_hash_is_that_of_the_examples_whatever_their_order_and_past(
    store: Store,
) -> None:
    one = (await put(store, example("a"), example("b"))).version
    other = (await put(store, example("b"), example("a"), name="e")).version
    changed = (await put(store, example("b", "new"))).version
    back = (await put(store, example("b"))).version
    assert one.content_hash == other.content_hash == back.content_hash != changed.content_hash
    moved = (await put(store, example("b", split="dev"))).version
    assert moved.content_hash != one.content_hash
    assert (one.splits, moved.splits) == ({"test": 2}, {"dev": 1, "test": 1})
    assert [e.id for e in await examples(store, moved, split="dev")] == ["b"]


async def test_a_difference_names_what_came_went_and_changed(store: Store) -> None:
    old = (await put(store, *map(example, "abc"))).version
    await put(store, example("a"), example("b", "new"), example("d"), replace=True)
    new = (await put(store, example("e"))).version
    found = await store.datasets.diff(old, new, 10)
    assert (found.old, found.new) == ("d@1", "d@3")
    assert (found.added, found.removed, found.changed) == (2, 1, 1)
    assert [(item.kind, item.id) for item in found.items] == [
        ("added", "d"),
        ("added", "e"),
        ("removed", "c"),
        ("changed", "b"),
    ]
    assert (found.items[-1].before, found.items[-1].after) == (example("b"), example("b", "new"))
    back = await store.datasets.diff(new, old, 1)
    assert (back.added, back.removed, back.changed, len(back.items)) == (1, 2, 1, 3)
    await put(store, example("b"), example("c"))
    returned = await store.datasets.diff(old, (await put(store, *map(example, "abc"))).version, 10)
    assert (returned.added, returned.removed, returned.changed) == (2, 0, 0)


async def test_a_large_body_stands_alone_on_its_page(store: Store) -> None:
    large = "x" * 900_000
    done = await put(store, *(example(f"{n}", large + str(n)) for n in range(9)))
    page = await store.datasets.page(done.version)
    assert 1 <= len(page) < 9
    assert [e.id for e in await examples(store, done.version)] == [str(n) for n in range(9)]


async def test_a_dataset_goes_whole_and_leaves_others_theirs(store: Store) -> None:
    first = (await put(store, example("a"), example("b"))).version
    await put(store, example("a", "new"))
    other = (await put(store, example("a"), name="e")).version
    assert await store.datasets.remove(first.dataset_id, NOON)
    assert not await store.datasets.remove(first.dataset_id, NOON)
    assert await store.datasets.by_name("d") is None
    assert await store.datasets.versions(first.dataset_id) == []
    assert await examples(store, first) == []
    assert await examples(store, other) == [example("a")]
    again = (await put(store, example("a"), at=NOON + timedelta(days=1))).version
    assert again.version == 1


async def test_nothing_is_no_dataset(store: Store) -> None:
    with pytest.raises(UsageError, match="no examples"):
        await put(store)
    assert await store.datasets.by_name("d") is None
    await put(store, example("a"))
    with pytest.raises(UsageError, match="no examples"):
        await put(store, replace=True)
    held = await store.datasets.by_name("d")
    assert held
    assert held.version == 1
