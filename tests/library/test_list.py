"""Lists: filtered, sorted, paged."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from burnish.errors import UsageError
from burnish.library import Library, NewPrompt


async def fill(library: Library, count: int = 60) -> None:
    """Prompts of three categories with ratings and uses of which many are equal."""
    chance = random.Random(7)
    await library.create_many(
        [
            NewPrompt(name=f"p{n:02}", content="x", category="abc"[n % 3], tags=(f"t{n % 2}",))
            for n in range(count)
        ]
    )
    for prompt in (await library.list(sort="name", limit=count)).items:
        for _ in range(chance.randrange(3)):
            await library.record_rating(prompt.id, chance.choice([0.0, 0.5, 1.0]))
        if chance.random() < 0.7:
            await library.record_use(prompt.id, chance.randrange(1, 3))


@pytest.mark.spec("LIB-10")
async def test_pages_are_sorted_by_rating_then_usage_and_stable(library: Library) -> None:
    await fill(library)
    whole = await library.list(limit=100)
    assert whole.next is None
    keys = [(-1 if p.rating is None else p.rating, p.usage_count, p.name) for p in whole.items]
    assert keys == sorted(keys, key=lambda key: (-key[0], -key[1], key[2]))
    names: list[str] = []
    cursor = None
    pages = 0
    while True:
        page = await library.list(limit=7, cursor=cursor)
        names += [p.name for p in page.items]
        pages += 1
        assert page.total == 60
        if page.next is None:
            break
        cursor = page.next
    assert pages == 9
    assert names == [p.name for p in whole.items]
    in_b = await library.list(category="b", limit=100)
    assert [p.name for p in in_b.items] == [p.name for p in whole.items if p.category == "b"]
    assert in_b.total == 20


async def test_a_page_stays_in_place_while_others_are_added(library: Library) -> None:
    await fill(library, 20)
    first = await library.list(sort="name", limit=5)
    await library.create("p00a", "x")
    second = await library.list(sort="name", limit=5, cursor=first.next)
    assert [p.name for p in second.items] == ["p05", "p06", "p07", "p08", "p09"]


async def test_the_top_of_a_category_is_what_sql_says(library: Library, tmp_path: Path) -> None:
    await fill(library)
    query = """
        SELECT name FROM prompts WHERE deleted_at IS NULL AND category = 'b'
        ORDER BY rating_count = 0, rating_sum / rating_count DESC, usage_count DESC, name LIMIT 10
    """
    with closing(sqlite3.connect(tmp_path / "b.sqlite")) as connection:
        expected = [name for (name,) in connection.execute(query)]
    top = await library.list(category="b", top=10)
    assert [p.name for p in top.items] == expected
    assert (len(expected), top.next, top.total) == (10, None, 20)


async def test_conditions_combine(library: Library) -> None:
    await fill(library, 12)
    await library.create("folder/x", "x", tags=["t1", "new"], owner="ann")
    assert [p.name for p in (await library.list(prefix="folder/")).items] == ["folder/x"]
    assert [p.name for p in (await library.list(tags=["t1", "new"])).items] == ["folder/x"]
    assert [p.name for p in (await library.list(owner="ann")).items] == ["folder/x"]
    page = await library.list(category="a", tags=["t1"], sort="name")
    assert [p.name for p in page.items] == ["p03", "p09"]
    await library.delete("p03")
    assert (await library.list(category="a", tags=["t1"])).total == 1
    assert (await library.list(category="a", tags=["t1"], include_deleted=True)).total == 2


async def test_the_last_changed_come_first_when_asked(library: Library) -> None:
    for name in ("a", "b", "c"):
        await library.create(name, "x")
    await library.update("a", "y")
    await library.edit("b", category="z")
    page = await library.list(sort="updated")
    assert [p.name for p in page.items] == ["b", "a", "c"]


async def test_what_cannot_be_listed_is_refused(library: Library) -> None:
    await fill(library, 6)
    first = await library.list(sort="name", limit=2)
    with pytest.raises(UsageError, match="sorted by name"):
        await library.list(sort="rating", limit=2, cursor=first.next)
    for cursor in ("nonsense", "é", "e30="):
        with pytest.raises(UsageError, match="continues no list"):
            await library.list(cursor=cursor)
    for limit in (0, 1001):
        with pytest.raises(UsageError, match="ask for 1 to 1000"):
            await library.list(limit=limit)
    with pytest.raises(UsageError, match="one page by rating"):
        await library.list(top=3, sort="name")
