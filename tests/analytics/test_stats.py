"""Statistics as they are asked for; the sums themselves are shown in contract/test_store_stats."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

import burnish
from burnish.analytics.stats import run_stats
from burnish.errors import UsageError
from burnish.storage.ids import Ids
from burnish.storage.run import Run
from burnish.storage.stats import StatBy, StatFilter
from burnish.storage.store import Store

IDS = Ids()


async def test_days_reach_back_from_now(store: Store) -> None:
    now = datetime.now(UTC)
    await store.runs.add(
        [
            Run(id=IDS(), kind="model", model="m", created_at=now - timedelta(days=days))
            for days in (0, 1, 6, 8, 400)
        ]
    )

    async def runs(days: float | None = 7, **where: Any) -> int:
        found = await run_stats(store, "model", days, StatFilter(**where))
        return sum(each.runs for each in found)

    assert (await runs(), await runs(days=2), await runs(days=None)) == (3, 2, 5)
    assert await runs(days=None, model="other") == 0
    assert (await runs(not_model="m"), await runs(not_model="other")) == (0, 3)
    for days in (0, -1, 1e9):
        with pytest.raises(UsageError, match="days"):
            await runs(days=days)


@pytest.mark.spec("MET-09")
def test_categories_are_one_of_the_groupings(p: burnish.Platform) -> None:
    p.prompts.create("a", "x", category="c")
    found = p.prompts.get("a").prompt
    p.prompts.record_rating(found.id, 0.5)
    for _ in range(2):
        p.prompts.record_use(found.id)
    (only,) = p.stats("category")
    assert (only.category, only.prompts, only.average_rating, only.usage_count) == (
        "c", 1, 0.5, 2,
    )  # fmt: skip


async def test_an_unknown_grouping_says_which_there_are(store: Store) -> None:
    with pytest.raises(UsageError, match="'colour'") as caught:
        await run_stats(store, cast("StatBy", "colour"), 7, StatFilter())
    assert "agent" in caught.value.hint
