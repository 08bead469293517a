"""What every store must make of runs and prompts: sums, rates, percentiles."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from tests.contract.rating import rate

from burnish.prompts.prompt import Message, Prompt
from burnish.storage.ids import Ids
from burnish.storage.run import Run, RunFilter
from burnish.storage.stats import CategoryStat, RunStat, StatBy, StatFilter
from burnish.storage.store import Draft, Store

IDS = Ids()
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def run(**fields: Any) -> Run:
    base: dict[str, Any] = {"id": IDS(), "kind": "model", "model": "m", "created_at": NOON}
    return Run(**base | fields)


async def stat(store: Store, by: StatBy = "model", **where: Any) -> RunStat:
    (only,) = await store.runs.stats(by, StatFilter(**where))
    return only


async def groups(store: Store, by: StatBy, **where: Any) -> list[tuple[str, int]]:
    return [(each.group, each.runs) for each in await store.runs.stats(by, StatFilter(**where))]


@pytest.mark.spec("MET-05", "MET-06")
async def test_every_figure_of_a_group(store: Store) -> None:
    await store.runs.add(
        [
            run(
                input_tokens=10,
                output_tokens=5,
                cached_tokens=4,
                cost_usd=0.5,
                latency_ms=100,
                requests=3,
                retries=2,
                valid=True,
            ),
            run(input_tokens=1, cost_usd=0.25, latency_ms=200, requests=1, valid=False),
            run(latency_ms=300, requests=1, cost_usd=None),
            run(cached=True, latency_ms=0.1, cost_usd=0.0, valid=True),
            run(error="ServerFault", latency_ms=9000, requests=2, retries=1, cost_usd=None),
        ]
    )
    found = await stat(store)
    assert (found.group, found.runs, found.successes, found.errors) == ("m", 5, 4, 1)
    assert (found.success_rate, found.error_rate) == (0.8, 0.2)
    assert (found.requests, found.retries, found.avg_retries) == (7, 3, 0.6)
    assert (found.cache_hits, found.cache_hit_rate) == (1, 0.2)
    assert (found.validated, found.validation_rate) == (3, 2 / 3)
    tokens = (found.input_tokens, found.output_tokens, found.cached_tokens, found.tokens)
    assert tokens == (11, 5, 4, 16)
    assert (found.cost_usd, found.cost_unknown) == (0.75, 2)
    # Neither the hit of the cache nor the failure tells how fast the model is.
    assert found.avg_latency_ms == 200
    assert found.p50_latency_ms == pytest.approx(200, rel=0.01)
    assert found.p95_latency_ms == pytest.approx(290, rel=0.01)


async def test_what_is_not_known_is_none_and_not_nought(store: Store) -> None:
    await store.runs.add([run(cached=True), run(error="e")])
    found = await stat(store)
    assert (found.cost_usd, found.cost_unknown, found.validation_rate) == (None, 2, None)
    latencies = (found.avg_latency_ms, found.p50_latency_ms, found.p95_latency_ms)
    assert latencies == (None, None, None)
    assert await store.runs.stats("model", StatFilter(model="none")) == []


@pytest.mark.spec("MET-05")
@pytest.mark.parametrize("count", [1, 2, 7, 20, 5000])
async def test_percentiles_are_within_one_per_cent_of_the_exact_ones(
    store: Store, count: int
) -> None:
    chance = random.Random(count)
    latencies = [chance.lognormvariate(6, 1.2) for _ in range(count)]
    new = [
        run(latency_ms=ms, created_at=NOON + timedelta(minutes=n % 300))
        for n, ms in enumerate(latencies)
    ]
    for first in range(0, count, 700):
        await store.runs.add(new[first : first + 700])
    found = await stat(store)
    exact = np.percentile(latencies, [50, 95])
    assert found.p50_latency_ms == pytest.approx(exact[0], rel=0.01)
    assert found.p95_latency_ms == pytest.approx(exact[1], rel=0.01)
    assert found.avg_latency_ms == pytest.approx(np.mean(latencies))


@pytest.mark.parametrize("ms", [0.0, 0.005, 1e-9, float("inf"), 1e300])
async def test_an_odd_latency_breaks_nothing(store: Store, ms: float) -> None:
    await store.runs.add([run(latency_ms=ms), run(latency_ms=50), run(latency_ms=50)])
    assert (await stat(store)).p50_latency_ms == pytest.approx(50, rel=0.01)


@pytest.mark.spec("MET-05", "MET-06")
async def test_groups_and_filters(store: Store) -> None:
    await store.runs.add(
        [
            run(prompt="writer/chapter", model="a"),
            run(prompt="writer/chapter", model="b"),
            run(prompt="writer/scene", model="a"),
            run(prompt="editor/scene", model="a", created_at=NOON + timedelta(days=1)),
            run(prompt="writer", kind="judge", model="c", created_at=NOON - timedelta(hours=1)),
            run(prompt="writer2/scene", model="c"),
        ]
    )
    # The most used first.
    assert await groups(store, "model") == [("a", 3), ("c", 2), ("b", 1)]
    assert await groups(store, "agent") == [("writer", 4), ("editor", 1), ("writer2", 1)]
    assert await groups(store, "task") == [("scene", 3), ("chapter", 2), ("", 1)]
    assert await groups(store, "prompt", agent="writer") == [
        ("writer/chapter", 2),
        ("writer", 1),
        ("writer/scene", 1),
    ]
    assert await groups(store, "kind") == [("model", 5), ("judge", 1)]
    assert await groups(store, "day") == [("2026-05-05", 1), ("2026-05-04", 5)]
    assert await groups(store, "model", prompt="writer/chapter") == [("a", 1), ("b", 1)]
    assert await groups(store, "kind", model="c", kind="judge") == [("judge", 1)]
    at = NOON + timedelta(minutes=30)
    # Whole hours.
    assert await groups(store, "kind", since=at) == [("model", 5)]
    assert await groups(store, "kind", since=at + timedelta(hours=1)) == [("model", 1)]
    assert await groups(store, "kind", until=at) == [("model", 4), ("judge", 1)]
    assert await groups(store, "kind", until=NOON) == [("judge", 1)]


@pytest.mark.spec("MET-16")
async def test_statistics_outlive_their_runs(store: Store) -> None:
    await store.runs.add([run(latency_ms=n, cost_usd=0.01) for n in range(1, 50)])
    before = await store.runs.stats("model", StatFilter())
    assert await store.runs.forget(NOON + timedelta(days=1)) == 49
    assert await store.runs.count(RunFilter()) == 0
    assert await store.runs.stats("model", StatFilter()) == before


async def test_runs_that_are_refused_leave_nothing_in_statistics(store: Store) -> None:
    first = run()
    await store.runs.add([first])
    for refused in (first, run(version_id=IDS()), run(output="\0")):
        with pytest.raises(Exception, match=r"there|exist|already|NUL"):
            await store.runs.add([run(), refused])
    assert (await stat(store)).runs == 1


async def test_nothing_is_lost_when_many_write_at_once(store: Store) -> None:
    async def write(who: int) -> None:
        for n in range(60):
            await store.runs.add([run(prompt=f"p{k}", latency_ms=50 + who + n + k) for k in (1, 2)])

    await asyncio.gather(*(write(who) for who in range(10)))
    found = await stat(store)
    exact = [50 + who + n + k for who in range(10) for n in range(60) for k in (1, 2)]
    assert found.runs == len(exact) == 1200
    assert found.avg_latency_ms == pytest.approx(np.mean(exact))
    assert found.p95_latency_ms == pytest.approx(np.percentile(exact, 95), rel=0.01)


# Prompts


async def _prompt(store: Store, name: str, category: str) -> Prompt:
    new = Prompt(id=IDS(), name=name, category=category, created_at=NOON, updated_at=NOON)
    messages = (Message("user", "x"),)
    await store.prompts.add(
        new, Draft(id=IDS(), messages=messages, content_hash="", created_at=NOON)
    )
    return new


@pytest.mark.spec("MET-09")
async def test_categories_count_average_and_add_up(store: Store) -> None:
    rated, other, bare, gone = [
        await _prompt(store, name, category)
        for name, category in (("a", "x"), ("b", "x"), ("c", "y"), ("d", "x"))
    ]
    for value in (1.0, 0.5):
        await rate(store, rated.id, value)
    await rate(store, other.id, 0.25)
    await store.prompts.use(rated.id, 3)
    await store.prompts.use(bare.id, 4)
    await store.prompts.use(gone.id, 50)
    await store.prompts.delete(gone.id, NOON)
    assert await store.prompts.categories() == [
        CategoryStat(category="x", prompts=2, average_rating=0.5, usage_count=3),
        CategoryStat(category="y", prompts=1, average_rating=None, usage_count=4),
    ]


async def test_many_uses_are_counted_in_one_step(store: Store) -> None:
    one, two, gone = [await _prompt(store, name, "") for name in ("a", "b", "c")]
    await store.prompts.delete(gone.id, NOON)
    counts = {two.id: 2, one.id: 5, gone.id: 7, IDS(): 9}
    await asyncio.gather(*(store.prompts.use_many(counts) for _ in range(10)))
    await store.prompts.use_many({})
    found = [await store.prompts.by_name(name) for name in ("a", "b")]
    assert [each and each.usage_count for each in found] == [50, 20]
    deleted = await store.prompts.deleted("c")
    assert deleted is not None
    assert deleted.usage_count == 0


async def test_the_runs_of_one_model_can_be_left_out(store: Store) -> None:
    await store.runs.add([run(model=model) for model in ("m", "n", "offline", "offline")])
    assert await groups(store, "model", not_model="offline") == [("m", 1), ("n", 1)]
    assert await groups(store, "kind", not_model="offline") == [("model", 2)]
    found = await store.runs.page(RunFilter(not_model="offline"), 10)
    assert {each.model for each in found} == {"m", "n"}
    assert await store.runs.count(RunFilter(not_model="offline")) == 2
