"""What a reference gives, from the store and from memory."""

from collections.abc import Callable
from typing import Protocol

import pytest

from burnish.errors import NotFound, UsageError
from burnish.library import Library


class Clock(Protocol):
    seconds: float


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


async def test_a_second_get_comes_from_memory(library: Library) -> None:
    await library.create("a", "one")
    references = ("a", "a@1", "a@latest", "prompts:/a/1")
    for reference in references:
        assert library.get_cached(reference) is None
        fetched = await library.get(reference)
        assert library.get_cached(reference) is fetched
        assert await library.get(reference) is fetched
    library.reload()
    assert all(library.get_cached(reference) is None for reference in references)


async def test_every_own_write_shows_at_once(library: Library) -> None:
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
    assert library.get_cached("b") is kept


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
    assert mine.get_cached("a") is None
    assert (await mine.get("a")).version.text == "two"
    assert (await mine.get("a@latest")).version.text == "two"
    clock.seconds += 1e9
    pinned = mine.get_cached("a@1")
    assert pinned is not None
    assert pinned.version.text == "one"


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


async def test_memory_holds_a_bounded_number(library: Library) -> None:
    small = Library(library._store, cache_size=3)  # pyright: ignore[reportPrivateUsage]
    await small.create("a", "one")
    references = ["a", "a@1", "a@latest", "prompts:/a/1", "prompts:/a"]
    for reference in references:
        await small.get(reference)
    assert [small.get_cached(r) is not None for r in references] == [False, False, True, True, True]
    await small.update("a", "two")
    assert all(small.get_cached(r) is None for r in references)
