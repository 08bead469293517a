"""What a reference gives, from the store and from memory."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest

from burnish.errors import NotFound, UsageError
from burnish.library import Library
from burnish.library.cache import Cache
from burnish.storage.sql import SqlStore
from burnish.storage.sqlite import open_sqlite
from burnish.storage.store import Store


class Clock(Protocol):
    seconds: float

    def __call__(self) -> float: ...


@pytest.mark.spec("LIB-06")
async def test_latest_pinned_and_labelled(library: Library) -> None:
    name = "writer/write_chapter"
    for text in ("one", "two", "three", "four"):
        await library.create(name, text)

    async def got(reference: str) -> tuple[str, str]:
        fetched = await library.get(reference)
        return fetched.version.text, fetched.via

    assert await got(name) == ("four", "latest")
    assert await got(f"{name}@3") == ("three", "revision")
    await library.set_label(name, "production", 2)
    assert await got(name) == ("two", "production")
    assert await got(f"{name}@production") == ("two", "label")
    assert await got(f"{name}@latest") == ("four", "latest")
    assert await got(f"prompts:/{name}/1") == ("one", "revision")
    assert await got(f"prompts:/{name}@production") == ("two", "label")
    await library.remove_label(name, "production")
    assert await got(name) == ("four", "latest")


async def test_what_is_not_there_names_the_nearest_that_is(library: Library) -> None:
    await library.create("writer/chapter", "x")
    await library.set_label("writer/chapter", "staging", 1)
    expected = {
        "writer/chaptr": "did you mean 'writer/chapter'?",
        "zzz": "list prompts",
        "writer/chapter@7": "it has 1 to 1",
        "writer/chapter@prod": "it has staging, latest",
    }
    for reference, hint in expected.items():
        with pytest.raises(NotFound) as caught:
            await library.get(reference)
        assert hint in caught.value.hint
    for call in (library.history, library.delete, library.labels, library.restore):
        with pytest.raises(NotFound, match="writer/chaptr"):
            await call("writer/chaptr")
    with pytest.raises(UsageError):
        await library.get("a@b@c|d")


async def test_a_second_get_comes_from_memory(library: Library, cache: Cache) -> None:
    await library.create("a", "one")
    references = ("a", "a@1", "a@latest", "prompts:/a/1")
    for reference in references:
        assert cache.peek(reference) is None
        fetched = await library.get(reference)
        assert cache.peek(reference) is fetched
        assert await library.get(reference) is fetched
    library.reload()
    assert all(cache.peek(reference) is None for reference in references)


async def test_every_own_write_shows_at_once(library: Library, cache: Cache) -> None:
    await library.create("a", "one")
    await library.create("b", "other")
    kept = await library.get("b")

    async def text(reference: str = "a") -> str:
        return (await library.get(reference)).version.text

    assert await text() == "one"
    await library.update("a", "two")
    assert (await text(), await text("a@latest")) == ("two", "two")
    await library.set_label("a", "production", 1)
    assert (await text(), await text("a@production")) == ("one", "one")
    await library.set_label("a", "production", 2)
    assert await text() == "two"
    await library.rollback("a", 1)
    assert (await text(), await text("a@latest")) == ("one", "one")
    await library.remove_label("a", "production")
    await library.update("a", "five")
    assert await text() == "five"
    await library.delete("a")
    await library.create("a", "new")
    assert (await text(), await text("a@1")) == ("new", "new")
    assert cache.peek("b") is kept


async def test_what_others_write_shows_after_the_time_to_live(
    another: Callable[[], Library], clock: Clock
) -> None:
    mine, theirs = another(), another()
    await mine.create("a", "one")
    for reference in ("a", "a@latest", "a@1"):
        await mine.get(reference)
    await theirs.update("a", "two")
    clock.seconds += 59.9
    assert (await mine.get("a")).version.text == "one"
    clock.seconds += 0.2
    assert (await mine.get("a")).version.text == "two"
    assert (await mine.get("a@latest")).version.text == "two"
    clock.seconds += 1e9
    await theirs.delete("a")
    assert (await mine.get("a@1")).version.text == "one"


@pytest.mark.spec("VER-06")
async def test_a_rollback_is_served_within_the_time_to_live(
    another: Callable[[], Library], clock: Clock
) -> None:
    mine, theirs = another(), another()
    await mine.create("a", "good")
    await mine.create("a", "bad")
    await mine.set_label("a", "production", 2)
    assert (await theirs.get("a")).version.text == "bad"
    await mine.rollback("a", 1)
    assert (await mine.get("a")).version.text == "good"
    clock.seconds += 60
    assert (await theirs.get("a")).version.text == "good"


async def test_a_read_overtaken_by_a_write_is_not_kept(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    await library.create("a", "one")
    find = library._store.versions.find  # pyright: ignore[reportPrivateUsage]

    async def slow(*args: object, **options: object) -> object:
        found = await find(*args, **options)  # pyright: ignore[reportArgumentType]
        monkeypatch.undo()
        await library.update("a", "two")
        return found

    monkeypatch.setattr(library._store.versions, "find", slow)  # pyright: ignore[reportPrivateUsage]
    assert (await library.get("a")).version.text == "one"
    assert (await library.get("a")).version.text == "two"


async def test_memory_holds_a_bounded_number(store: Store) -> None:
    cache = Cache(size=3)
    small = Library(store, cache=cache)
    await small.create("a", "one")
    references = ["a", "a@1", "a@latest", "prompts:/a/1", "prompts:/a"]
    for reference in references:
        await small.get(reference)
    assert [cache.peek(r) is not None for r in references] == [False, False, True, True, True]
    await small.update("a", "two")
    assert all(cache.peek(r) is None for r in references)


async def test_what_is_too_old_leaves_memory_by_itself(store: SqlStore) -> None:
    cache = Cache(ttl_s=0.05)
    library = Library(SqlStore(store.database, store.upkeep), cache=cache)
    for name in ("a", "b"):
        await library.create(name, "one")
        await library.get(name)
        await library.get(f"{name}@1")
        await asyncio.sleep(0.01)
    for _ in range(1000):
        await asyncio.sleep(0.01)
        if not (cache.peek("a") or cache.peek("b")):
            break
    assert (cache.peek("a"), cache.peek("b")) == (None, None)
    assert cache.peek("a@1") is not None


def test_memory_is_right_under_one_event_loop_after_another(tmp_path: Path, clock: Clock) -> None:
    cache = Cache(clock=clock)

    async def text(new: str | None) -> str:
        store = await open_sqlite(tmp_path / "b.sqlite")
        if new:
            await Library(store).create("a", new)
        found = await Library(SqlStore(store.database, store.upkeep), cache=cache).get("a")
        await store.close()
        return found.version.text

    assert [asyncio.run(text("one")), asyncio.run(text("two"))] == ["one", "one"]
    clock.seconds += 60
    assert asyncio.run(text(None)) == "two"
