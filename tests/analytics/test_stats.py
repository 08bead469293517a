"""Statistics as they are asked for; the sums themselves are shown in contract/test_store_stats."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from burnish.analytics.stats import AsyncStats
from burnish.errors import UsageError
from burnish.prompts.prompt import Message, Prompt
from burnish.storage.ids import Ids
from burnish.storage.run import Run
from burnish.storage.store import Draft, Store

IDS = Ids()


def stats_of(store: Store) -> AsyncStats:
    async def opener() -> Store:
        return store

    return AsyncStats(opener)


async def test_days_reach_back_from_now(store: Store) -> None:
    now = datetime.now(UTC)
    await store.runs.add(
        [
            Run(id=IDS(), kind="model", model="m", created_at=now - timedelta(days=days))
            for days in (0, 1, 6, 8, 400)
        ]
    )
    stats = stats_of(store)

    async def runs(**fields: Any) -> int:
        return sum(each.runs for each in await stats.stats("model", **fields))

    assert (await runs(), await runs(days=2), await runs(days=None)) == (3, 2, 5)
    assert await runs(days=None, model="other") == 0
    for days in (0, -1, 1e9):
        with pytest.raises(UsageError, match="days"):
            await runs(days=days)


@pytest.mark.spec("MET-09")
async def test_categories_are_one_of_the_groupings(store: Store) -> None:
    now = datetime.now(UTC)
    new = Prompt(id=IDS(), name="a", category="c", created_at=now, updated_at=now)
    text = (Message("user", "x"),)
    await store.prompts.add(new, Draft(id=IDS(), messages=text, content_hash="", created_at=now))
    await store.prompts.rate(new.id, 0.5)
    await store.prompts.use(new.id, 2)
    (found,) = await stats_of(store).stats("category")
    assert (found.category, found.prompts, found.average_rating, found.usage_count) == (
        "c", 1, 0.5, 2,
    )  # fmt: skip


async def test_an_unknown_grouping_says_which_there_are(store: Store) -> None:
    with pytest.raises(UsageError, match="'colour'") as caught:
        await stats_of(store).stats("colour")  # type: ignore[call-overload] # the very case
    assert "agent" in caught.value.hint
