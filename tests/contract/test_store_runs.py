"""What every store must do with runs and statistics."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from burnish.errors import Conflict, NotFound, UsageError
from burnish.prompts.prompt import Message, Prompt
from burnish.storage.ids import Ids
from burnish.storage.run import Attempt, Run, RunCursor, RunFilter, TechniqueStatistic
from burnish.storage.store import Draft, Store

IDS = Ids()
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def run(**fields: Any) -> Run:
    base: dict[str, Any] = {"id": IDS(), "kind": "generate", "created_at": NOON}
    return Run(**base | fields)


async def test_runs_come_back_newest_first_by_every_condition(store: Store) -> None:
    prompt = Prompt(id=IDS(), name="a", created_at=NOON, updated_at=NOON)
    text = (Message("user", "x"),)
    version = await store.prompts.add(
        prompt, Draft(id=IDS(), messages=text, content_hash="h", created_at=NOON)
    )
    full = run(
        kind="model",
        version_id=version.id,
        model="m",
        parameters={"temperature": 0.5},
        input=[{"role": "user", "content": "x"}],
        output="y",
        input_tokens=3,
        output_tokens=4,
        cost_usd=0.25,
        latency_ms=1.5,
        error="e",
        parent_id=IDS(),
        who="ann",
        trace_id="t",
        phase="draft",
        prompt="writer/chapter",
        cached_tokens=2,
        estimated=True,
        requests=3,
        retries=2,
        cached=True,
        valid=False,
        attempts=(
            Attempt(model="n", error="CircuitOpen", sent=False),
            Attempt(model="m", status=200, latency_ms=1.25),
        ),
        created_at=NOON + timedelta(seconds=1),
    )
    plain = run()
    await store.runs.add([full, plain])
    assert await store.runs.by_id(full.id) == full
    assert await store.runs.page(RunFilter(), 10) == [full, plain]
    for field in (
        "kind", "version_id", "model", "parent_id", "who", "trace_id", "phase", "prompt", "cached"
    ):  # fmt: skip
        where = RunFilter(**{field: getattr(full, field)})
        assert await store.runs.page(where, 10) == [full]
        assert await store.runs.count(where) == 1
    assert await store.runs.cost_usd("t") == 0.25
    assert await store.runs.cost_usd("none") == 0.0
    assert await store.runs.page(RunFilter(failed=True), 10) == [full]
    assert await store.runs.page(RunFilter(failed=False), 10) == [plain]
    assert await store.runs.page(RunFilter(cached=False, prompt=""), 10) == [plain]
    assert await store.runs.page(RunFilter(since=full.created_at), 10) == [full]
    assert await store.runs.page(RunFilter(until=full.created_at), 10) == [plain]
    with pytest.raises(Conflict):
        await store.runs.add([run(), plain])
    with pytest.raises(NotFound, match="does not exist"):
        await store.runs.add([run(version_id=IDS())])
    assert await store.runs.count(RunFilter()) == 2
    await store.runs.add([])
    assert await store.runs.by_id(IDS()) is None


async def test_pages_of_runs_join_into_the_whole(store: Store) -> None:
    await store.runs.add([run(created_at=NOON + timedelta(seconds=n // 4)) for n in range(13)])
    whole = await store.runs.page(RunFilter(), 100)
    paged: list[Run] = []
    after = None
    while page := await store.runs.page(RunFilter(), 5, after):
        paged += page
        after = RunCursor(page[-1].created_at, page[-1].id)
    assert paged == whole
    assert len(paged) == 13
    oldest: list[Run] = []
    after = None
    while page := await store.runs.page(RunFilter(), 5, after, oldest_first=True):
        oldest += page
        after = RunCursor(page[-1].created_at, page[-1].id)
    assert oldest == whole[::-1]


async def test_an_agent_is_the_first_part_of_a_name(store: Store) -> None:
    names = ("writer", "writer/chapter", "writer/scene/short", "writer-b", "writer0", "writ", "")
    await store.runs.add([run(prompt=name) for name in names])
    found = {each.prompt for each in await store.runs.page(RunFilter(agent="writer"), 10)}
    assert found == {"writer", "writer/chapter", "writer/scene/short"}


async def test_a_run_is_found_by_the_beginning_of_its_id(store: Store) -> None:
    new = [run(id=f"0197000{n}-0000-7000-8000-000000000001") for n in (1, 2, 3)]
    await store.runs.add(new)
    assert await store.runs.by_prefix("01970002", 5) == [new[1]]
    assert await store.runs.by_prefix("0197", 2) == new[:2]
    assert await store.runs.by_prefix("02", 2) == []
    assert await store.runs.known([new[0].id, IDS()]) == {new[0].id}
    assert await store.runs.known([]) == set()


@pytest.mark.spec("MET-16")
async def test_old_runs_are_forgotten_and_newer_ones_are_not(store: Store) -> None:
    await store.runs.add([run(created_at=NOON - timedelta(days=n)) for n in range(2500)])
    assert await store.runs.forget(NOON - timedelta(days=30)) == 2500 - 31
    left = await store.runs.page(RunFilter(), 100)
    assert [each.created_at for each in left] == [NOON - timedelta(days=n) for n in range(31)]
    assert await store.runs.forget(NOON - timedelta(days=30)) == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"input": object()},
        {"parameters": {"deep": {1j: 2}}},
        {"input_tokens": 2**70},
        {"output": "\0"},
        {"who": "\ud800"},
        {"created_at": datetime(2026, 5, 4)},  # noqa: DTZ001 - the very case
    ],
)
async def test_what_no_store_can_keep_is_refused(store: Store, fields: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        await store.runs.add([run(), run(**fields)])
    assert await store.runs.count(RunFilter()) == 0


async def test_statistics_of_techniques_add_up(store: Store) -> None:
    def day(n: int, technique: str = "t", intent: str = "i", **counts: Any) -> Any:
        return TechniqueStatistic(
            technique=technique, intent=intent, day=date(2026, 5, n), **counts
        )

    first = day(1, uses=2, successes=1, score_sum=0.5, score_n=1)
    await store.techniques.add([first, day(2, uses=1), day(1, intent="j", uses=9)])
    await asyncio.gather(*(store.techniques.add([first]) for _ in range(10)))
    days = await store.techniques.days(intent="i")
    assert days == [day(1, uses=22, successes=11, score_sum=5.5, score_n=11), day(2, uses=1)]
    totals = await store.techniques.totals()
    assert [(t.intent, t.uses, t.score_sum) for t in totals] == [("i", 23, 5.5), ("j", 9, 0)]
    recent = await store.techniques.totals(intent="i", since=date(2026, 5, 2))
    assert [t.uses for t in recent] == [1]
    assert await store.techniques.days(technique="t", since=date(2026, 5, 2)) == days[1:]
