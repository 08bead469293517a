"""What is served from memory, from the store, and when the store is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.library.conftest import Clock

from burnish.errors import NotFound, StoreError, UsageError
from burnish.library import Library
from burnish.library.cache import Cache
from burnish.library.composition import Coming, Composition
from burnish.library.lookup import Lookup
from burnish.library.outage import Outage
from burnish.library.shelf import Shelf
from burnish.prompts.prompt import Message, Variable
from burnish.storage.sql import SqlStore
from burnish.storage.sqlite import open_sqlite
from burnish.storage.store import Fetched

Asked = tuple[str, str | int | None]


class Door:
    """The way to a store: counted, and shut where a test wants it."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self.shut = False
        self.broken = False
        self.slow = asyncio.Event()
        self.slow.set()
        self.late = asyncio.Event()
        self.late.set()
        self.reads = 0

    def __getattr__(self, name: str) -> Any:
        return self if name == "versions" else getattr(self._store, name)

    async def find(self, *args: Any, **options: Any) -> Fetched | None:
        self.reads += 1
        await self.slow.wait()
        if self.broken:
            raise RuntimeError("the rows make no sense")
        if self.shut:
            raise StoreError("the disk is gone", hint="plug it in")
        found = await self._store.versions.find(*args, **options)
        await self.late.wait()
        return found


class House:
    """A memory with a lookup over a store behind a door; `others` write to the same store."""

    def __init__(self, store: SqlStore, clock: Clock) -> None:
        self.clock = clock
        self.door = Door(store)
        self.cache = Cache(clock=clock)
        self.warned: list[str] = []
        self.reasons: list[str] = []
        self.outage = Outage(self._warn, clock)
        door: Any = self.door
        self.library = Library(door, cache=self.cache)
        self.lookup = Lookup(self._open, self.cache, self.outage, patience_s=0.05)
        self.store = store
        self.others = Library(store)

    async def _open(self) -> Library:
        return self.library

    def _warn(self, event: str, reason: str) -> None:
        self.warned.append(event)
        self.reasons.append(reason)

    async def got(self, name: str, pointer: str | int | None = None) -> tuple[str, bool]:
        found = self.cache.get(name, pointer)
        found = found or await self.lookup.get(name, *_beside((name, pointer)))
        return found.version.text, found.stale

    async def landed(self) -> None:
        """Until nothing is being read."""
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)


@pytest.fixture
async def telling(store: SqlStore, clock: Clock) -> AsyncGenerator[House]:
    house = House(store, clock)
    await house.others.create("a", "one")
    yield house
    house.lookup.close()


@pytest.fixture
async def house(store: SqlStore, clock: Clock) -> AsyncGenerator[House]:
    """Over a store that cannot tell of changes."""
    silent = House(SqlStore(store.database, store.upkeep), clock)
    await silent.others.create("a", "one")
    yield silent
    silent.lookup.close()


async def eventually(look: Callable[[], Awaitable[Any]], expected: Any) -> None:
    for _ in range(1000):
        if await look() == expected:
            return
        await asyncio.sleep(0.01)
    assert await look() == expected


class CountingLoop(asyncio.SelectorEventLoop):
    timers = 0

    def call_later(self, delay: float, callback: Any, *args: Any, context: Any = None) -> Any:
        self.timers += 1
        return super().call_later(delay, callback, *args, context=context)


def test_two_loops_have_one_timer_each_for_what_grows_too_old(tmp_path: Path, clock: Clock) -> None:
    fetched = asyncio.run(_fetched(tmp_path / "b.sqlite"))
    cache, loops = Cache(clock=clock, ttl_s=60), (CountingLoop(), CountingLoop())

    async def put(key: str) -> None:
        cache.put((key, "latest"), fetched, generation=cache.generation)

    for number in range(10):
        for loop in loops:
            loop.run_until_complete(put(f"key{number}"))
    assert [loop.timers for loop in loops] == [1, 1]
    for loop in loops:
        loop.close()
    clock.seconds += 61
    assert cache.get("key1", "latest") is None


async def _fetched(path: Path) -> Fetched:
    store = await open_sqlite(path)
    library = Library(store)
    await library.create("a", "one")
    found = await library.get("a@latest")
    await store.close()
    return found


async def test_a_store_that_fails_is_no_reason_to_guess_what_an_include_needs(
    house: House,
) -> None:
    door: Any = house.door
    shelf = Shelf(door, lambda: "", lambda: datetime.now(UTC), house.cache)
    composition = Composition(shelf, shelf.fetch_reference)
    house.door.shut = True
    coming = Coming(name="b", revision=1, messages=(Message("user", '{% include "a@1" %}'),))
    with pytest.raises(StoreError):
        await composition.names(coming)
    house.door.shut = False
    gone = Message("user", '{{ x }} {% include "gone@1" %}')
    coming = Coming(name="b", revision=1, messages=(gone,), variables=(Variable(name="x"),))
    assert await composition.names(coming) == {"x"}


async def test_many_who_ask_at_once_read_the_store_once(house: House) -> None:
    house.door.slow.clear()
    asking = [asyncio.create_task(house.got("a")) for _ in range(50)]
    await asyncio.sleep(0.01)
    asking[0].cancel()
    house.door.slow.set()
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert set(answers[1:]) == {("one", False)}
    assert house.door.reads == 1


SAVES: dict[str, tuple[Callable[[Library], Awaitable[object]], str]] = {
    "version": (lambda library: library.create("a", "three"), "latest"),
    "label": (lambda library: library.set_label("a", "production", 1), "production"),
    "rollback": (lambda library: library.rollback("a", 1), "production"),
}


@pytest.mark.parametrize("what", SAVES)
async def test_who_has_saved_is_not_given_what_somebody_began_to_read_before(
    house: House, what: str
) -> None:
    change, label = SAVES[what]
    await house.others.update("a", "two")
    await house.others.set_label("a", "production", 2)
    house.door.late.clear()
    before = asyncio.create_task(house.got("a", label))
    await eventually(lambda: _reads(house), 1)
    saving = Library(house.store, cache=house.cache)
    await change(saving)
    after = asyncio.create_task(house.got("a", label))
    await eventually(lambda: _reads(house), 2)
    house.door.late.set()
    assert await before == ("two", False)
    assert await after == ("three" if what == "version" else "one", False)
    assert await house.got("a", label) == await after


async def test_who_has_deleted_is_not_given_what_somebody_began_to_read_before(
    house: House,
) -> None:
    house.door.late.clear()
    before = asyncio.create_task(house.got("a"))
    await eventually(lambda: _reads(house), 1)
    await Library(house.store, cache=house.cache).delete("a")
    after = asyncio.create_task(house.got("a"))
    await eventually(lambda: _reads(house), 2)
    house.door.late.set()
    assert await before == ("one", False)
    with pytest.raises(NotFound):
        await after


async def test_a_label_and_a_revision_beside_the_name_mean_what_a_reference_does(
    house: House,
) -> None:
    await house.others.update("a", "two")
    await house.others.set_label("a", "production", 1)
    get = house.lookup.get
    for beside, reference in (
        (await get("a", "production"), "a@production"),
        (await get("a", "latest"), "a@latest"),
        (await get("a", None, 2), "a@2"),
        (await get("prompts:/a", "production"), "prompts:/a@production"),
    ):
        assert beside == await get(reference)
    assert house.cache.peek("a", "production") is not None
    assert house.cache.peek("a", 2) is not None
    for call in (
        get("a", "production", 1),
        get("a@1", "production"),
        get("a", "No"),
        get("a", ""),
        get("a", None, 0),
    ):
        with pytest.raises(UsageError):
            await call
    with pytest.raises(NotFound):
        await get("a", "staging")


async def test_what_is_too_old_is_given_at_once_and_read_anew_once(house: House) -> None:
    assert await house.got("a") == ("one", False)
    await house.others.update("a", "two")
    house.clock.seconds += 59
    assert await house.got("a") == ("one", False)
    assert house.door.reads == 1
    house.clock.seconds += 2
    house.door.slow.clear()
    for _ in range(20):
        assert await house.got("a") == ("one", False)
    house.door.slow.set()
    await house.landed()
    assert house.door.reads == 2
    assert await house.got("a") == ("two", False)
    assert house.door.reads == 2


async def test_a_pinned_revision_is_never_too_old(house: House) -> None:
    assert await house.got("a", 1) == ("one", False)
    house.clock.seconds += 1e9
    house.door.shut = True
    assert await house.got("a", 1) == ("one", False)
    assert house.door.reads == 1


KEYS: list[Asked] = [
    ("a", None),
    ("a", "production"),
    ("a", "staging"),
    ("a", "latest"),
    ("a", 1),
    ("b", None),
]
CHANGES: dict[str, tuple[Callable[[Library], Awaitable[object]], list[Asked]]] = {
    "label": (lambda others: others.set_label("a", "production", 2), KEYS[:2]),
    "another label": (lambda others: others.set_label("a", "staging", 2), KEYS[2:3]),
    "version": (lambda others: others.update("a", "four"), KEYS[:4]),
    "description": (lambda others: others.edit("a", tags=["x"]), KEYS[:4]),
    "archive": (lambda others: others.lines.archive("a", [2]), KEYS[:5]),
    "deleted": (lambda others: others.delete("a"), KEYS[:5]),
}


@pytest.mark.parametrize("what", CHANGES)
async def test_what_another_changes_is_read_anew_and_nothing_else(
    telling: House, what: str
) -> None:
    others = telling.others
    await others.update("a", "two")
    await others.update("a", "three")
    await others.create("b", "other")
    await others.set_label("a", "production", 1)
    await others.set_label("a", "staging", 1)
    for key in KEYS:
        await telling.lookup.get(key[0], *_beside(key))
    kept = {key: telling.cache.peek(*key) for key in KEYS}
    assert None not in kept.values()
    change, dropped = CHANGES[what]
    await change(others)
    for key in dropped:
        await eventually(lambda key=key: _peeked(telling, *key), None)
    for key in set(KEYS) - set(dropped):
        assert telling.cache.peek(*key) is kept[key]


def _beside(key: Asked) -> tuple[str | None, int | None]:
    pointer = key[1]
    return (None, pointer) if isinstance(pointer, int) else (pointer, None)


async def _reads(house: House) -> int:
    return house.door.reads


async def _peeked(house: House, *key: Any) -> Fetched | None:
    return house.cache.peek(*key)


async def test_a_label_that_another_moves_shows_without_waiting_for_its_time_to_live(
    telling: House,
) -> None:
    await telling.others.update("a", "two")
    await telling.others.set_label("a", "production", 2)
    assert await telling.got("a", "production") == ("two", False)
    telling.clock.seconds += 1e6  # nothing changed, so nothing is read
    assert await telling.got("a", "production") == ("two", False)
    assert telling.door.reads == 1
    await telling.others.set_label("a", "production", 1)
    await eventually(lambda: telling.got("a", "production"), ("one", False))


async def test_what_was_read_while_nobody_told_of_changes_is_not_kept_for_ever(
    telling: House,
) -> None:
    telling.door.slow.clear()
    asking = asyncio.create_task(telling.got("a"))
    await eventually(lambda: _reads(telling), 1)
    telling.cache.lose()
    telling.door.slow.set()
    assert await asking == ("one", False)
    assert telling.cache.peek("a") is None


async def test_what_nobody_tells_of_any_more_is_read_anew(telling: House) -> None:
    await telling.got("a")
    assert telling.cache.peek("a") is not None
    telling.cache.lose()
    assert telling.cache.peek("a") is None
    assert await telling.got("a") == ("one", False)
    await telling.landed()
    assert telling.door.reads == 2


async def test_the_last_known_is_served_while_the_store_is_away(house: House) -> None:
    assert await house.got("a") == ("one", False)
    await house.others.update("a", "two")
    house.door.shut = True
    house.clock.seconds += 61
    await house.got("a")
    await house.landed()
    reads = house.door.reads
    for _ in range(20):
        assert await house.got("a") == ("one", True)
    assert house.door.reads == reads  # it rests
    for _ in range(5):
        house.clock.seconds += 31
        assert await house.got("a") == ("one", True)
        await house.landed()
    assert house.door.reads == reads + 5
    assert house.warned == ["the store is away"]
    with pytest.raises(StoreError, match="disk is gone"):
        await house.got("never-seen")

    house.door.shut = False
    house.clock.seconds += 31
    await house.got("a")
    await house.landed()
    assert await house.got("a") == ("two", False)
    assert not house.outage.is_on
    house.door.shut = True
    house.clock.seconds += 61
    await house.got("a")
    await house.landed()
    assert house.warned == ["the store is away"] * 2


async def test_a_refresh_that_fails_otherwise_is_told_once_and_what_is_served_is_marked(
    house: House,
) -> None:
    await house.got("a")
    house.door.broken = True
    house.clock.seconds += 61
    assert await house.got("a") == ("one", False)
    await house.landed()
    for _ in range(5):
        assert await house.got("a") == ("one", True)
        house.clock.seconds += 31
        await house.landed()
    assert house.warned == ["the store is away"]
    assert "RuntimeError: the rows make no sense" in house.reasons[0]
    with pytest.raises(RuntimeError):
        await house.got("never-seen")
    house.door.broken = False
    house.clock.seconds += 31
    await house.got("a")
    await house.landed()
    assert await house.got("a") == ("one", False)


async def test_a_rest_grows_with_each_failure_up_to_half_a_minute(clock: Clock) -> None:
    outage = Outage(lambda _event, _reason: None, clock)
    rests: list[float] = []
    for _ in range(9):
        outage.fail("no")
        began = clock.seconds
        while outage.rests:
            clock.seconds += 0.5
        rests.append(clock.seconds - began)
    assert rests == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


async def test_a_change_that_cannot_be_read_leaves_the_last_known(telling: House) -> None:
    assert await telling.got("a") == ("one", False)
    telling.door.shut = True
    await telling.others.update("a", "two")
    await eventually(lambda: telling.got("a"), ("one", True))
    telling.door.shut = False
    telling.clock.seconds += 31
    assert await telling.got("a") == ("two", False)


async def test_nobody_waits_long_for_a_store_that_hangs(house: House) -> None:
    await house.got("a")
    house.door.slow.clear()
    house.library.reload()
    hanging = asyncio.create_task(house.got("a"))
    await asyncio.sleep(0.2)
    assert not hanging.done()  # nothing is known: it waits
    assert house.warned == []
    house.door.slow.set()
    assert await hanging == ("one", False)

    house.door.slow.clear()
    house.cache.drop("a")  # known, and likely to be wrong
    assert await house.got("a") == ("one", True)
    assert house.warned == ["the store is away"]
    house.door.slow.set()
    await house.landed()
    assert await house.got("a") == ("one", False)


async def test_a_revision_is_known_from_the_label_that_pointed_at_it(house: House) -> None:
    await house.got("a", "latest")
    house.door.shut = True
    found = await house.lookup.get("a@1")
    assert (found.version.text, found.via, found.stale) == ("one", "revision", True)
    with pytest.raises(StoreError):
        await house.lookup.get("a@2")


async def test_a_fallback_is_asked_only_when_there_is_nothing_else(house: House) -> None:
    asked: list[str] = []

    def plain() -> str:
        asked.append("plain")
        return "Hello {{ name }}"

    async def slow() -> list[Message]:
        asked.append("slow")
        return [Message("system", "Be {{ tone }}."), Message("user", "Hi")]

    get = house.lookup.get
    assert (await get("a", fallback=plain)).version.text == "one"
    house.door.shut = True
    house.cache.drop("a")
    assert (await get("a", fallback=plain)).stale
    assert asked == []
    for fallback, text, variables in (
        ("Bye {{ name }}", "Bye {{ name }}", ["name"]),
        (plain, "Hello {{ name }}", ["name"]),
        (slow, "[system]\nBe {{ tone }}.\n\n[user]\nHi", ["tone"]),
    ):
        found = await get("new/one", "production", fallback=fallback)
        assert (found.via, found.prompt.name, found.version.revision) == ("fallback", "new/one", 0)
        assert found.version.text == text
        assert [variable.name for variable in found.version.variables] == variables
    assert asked == ["plain", "slow"]
    house.door.shut = False
    assert (await get("new/one", fallback="x")).via == "fallback"  # no such prompt
    with pytest.raises(UsageError, match="is empty"):
        await get("new/one", fallback=" ")
    wrongs: list[Any] = [42, [42], {"role": "user"}, lambda: None]
    for wrong in wrongs:
        with pytest.raises(UsageError, match="no text or messages"):
            await get("new/one", fallback=wrong)
    with pytest.raises(UsageError):
        await get("a|b", fallback="x")

    def broken() -> str:
        raise OSError("no file")

    with pytest.raises(OSError, match="no file"):
        await get("new/one", fallback=broken)
