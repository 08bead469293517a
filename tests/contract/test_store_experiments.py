"""What every store must do with experiments, exposures and outcomes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from burnish.errors import Conflict
from burnish.storage.experiment import (
    Experiment,
    Exposure,
    MetricSpec,
    Moved,
    Outcome,
    Plan,
    UnitValue,
    Variant,
)
from burnish.storage.ids import Ids
from burnish.storage.store import Store

IDS = Ids()
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
PLAN = Plan(
    variants=(Variant(name="A", prompt="mail@1"), Variant(name="B", prompt="mail@2")),
    control="A",
    metric=MetricSpec(name="solved"),
)


def experiment(name: str = "shorter", **fields: Any) -> Experiment:
    base: dict[str, Any] = {
        "id": IDS(),
        "name": name,
        "kind": "online",
        "prompt": "mail",
        "label": "production",
        "plan": PLAN,
        "salt": "s",
        "created_at": NOON,
    }
    return Experiment(**base | fields)


def moved(what: Any = "created") -> Moved:
    return Moved(id=IDS(), what=what, at=NOON)


def exposure(own: Experiment, unit: str, variant: str = "A", s: float = 0.0) -> Exposure:
    at = NOON + timedelta(seconds=s)
    return Exposure(
        experiment_id=own.id, unit=unit, variant=variant, at=at, since=at - timedelta(seconds=60)
    )


def outcome(own: Experiment, unit: str, value: float = 1.0, **fields: Any) -> Outcome:
    base: dict[str, Any] = {"metric": "solved", "key": "", "at": NOON + timedelta(seconds=5)}
    return Outcome(experiment_id=own.id, unit=unit, value=value, **base | fields)


async def values(store: Store, own: Experiment, **fields: Any) -> list[UnitValue]:
    return [each async for each in store.experiments.values(own.id, "solved", **fields)]


async def test_an_experiment_is_found_by_name_and_by_the_beginning_of_its_id(store: Store) -> None:
    own = experiment()
    await store.experiments.add(own, moved())
    assert await store.experiments.by_name("shorter") == own
    assert await store.experiments.by_prefix(own.id[:20], 2) == [own]
    assert await store.experiments.by_name("other") is None


async def test_a_name_is_taken_once(store: Store) -> None:
    await store.experiments.add(experiment(), moved())
    with pytest.raises(Conflict, match="shorter"):
        await store.experiments.add(experiment(), moved())


async def test_a_change_is_logged_and_refused_where_somebody_was_faster(store: Store) -> None:
    own = experiment()
    await store.experiments.add(own, moved())
    running = structs.replace(own, state="running")
    after = await store.experiments.change(running, moved("started"))
    assert (after.revision, after.state) == (2, "running")
    with pytest.raises(Conflict, match="somebody else"):
        await store.experiments.change(running, moved("paused"))
    assert [line.what for line in await store.experiments.log(own.id, 9)] == ["started", "created"]


async def test_pages_are_of_a_state_and_a_prompt(store: Store) -> None:
    first, second = experiment("one"), experiment("two", prompt="other", state="running")
    for each in (first, second):
        await store.experiments.add(each, moved())
    assert await store.experiments.page(9) == [second, first]
    assert await store.experiments.page(9, state="running") == [second]
    assert await store.experiments.page(9, prompt="mail") == [first]
    assert await store.experiments.page(9, before=second.id) == [first]
    assert await store.experiments.live("other") == [second]
    assert await store.experiments.live("mail") == []


async def test_the_first_exposure_of_a_unit_stays(store: Store) -> None:
    own = experiment()
    await store.experiments.expose([exposure(own, "u1"), exposure(own, "u2", "B")])
    await store.experiments.expose([exposure(own, "u1", "B", 9)])
    assert await store.experiments.seen(own.id, ["u1", "u2", "u3"]) == {"u1": "A", "u2": "B"}
    since = {unit: exposure(own, unit).since for unit in ("u1", "u2")}
    assert await store.experiments.since(own.id, ["u1", "u2", "u3"]) == since


async def test_an_outcome_counts_once_for_its_key(store: Store) -> None:
    own = experiment()
    await store.experiments.expose([exposure(own, "u1")])
    assert await store.experiments.record([outcome(own, "u1"), outcome(own, "u1", key="b")]) == 2
    assert await store.experiments.record([outcome(own, "u1", 0.0), outcome(own, "u2")]) == 1
    (only,) = await values(store, own)
    assert (only.value, only.rows, only.variant) == (2.0, 2, "A")


async def test_an_outcome_from_before_gives_way_to_the_first_one_after(store: Store) -> None:
    own = experiment()
    early = outcome(own, "u1", 0.0, at=NOON - timedelta(hours=1))
    assert await store.experiments.record([early]) == 1
    await store.experiments.expose([exposure(own, "u1")])
    assert await store.experiments.record([early]) == 0
    assert await store.experiments.record([outcome(own, "u1", 1.0)]) == 1
    assert await store.experiments.record([outcome(own, "u1", 0.0)]) == 0
    (only,) = await values(store, own)
    assert (only.value, only.rows) == (1.0, 1)


async def test_whether_an_outcome_is_early_is_a_matter_of_its_own_unit(store: Store) -> None:
    own, other = experiment(), experiment("other")
    late = [exposure(own, f"u{n}", s=n * 3_600) for n in range(3)]
    await store.experiments.expose([exposure(other, "u1", s=-9 * 3_600), *late])
    early = [outcome(own, f"u{n}", 0.0, at=NOON - timedelta(hours=5)) for n in range(3)]
    assert await store.experiments.record(early) == 3
    hours = {f"u{n}": NOON + timedelta(hours=n) for n in range(3)}
    real = [outcome(own, unit, 1.0, at=at) for unit, at in hours.items()]
    assert await store.experiments.record(real) == 3
    again = [outcome(own, unit, 0.0, at=NOON + timedelta(hours=9)) for unit in hours]
    assert await store.experiments.record(again) == 0
    assert [each.value for each in await values(store, own)] == [1.0, 1.0, 1.0]


async def test_values_are_of_all_who_saw_a_variant_in_their_order(store: Store) -> None:
    own = experiment()
    units = [exposure(own, f"u{n}", "AB"[n % 2], s=-n) for n in range(5)]
    await store.experiments.expose(units)
    await store.experiments.record([outcome(own, "u3"), outcome(own, "stranger")])
    found = await values(store, own)
    assert [(each.unit, each.value, each.rows) for each in found] == [
        ("u4", 0.0, 0),
        ("u3", 1.0, 1),
        ("u2", 0.0, 0),
        ("u1", 0.0, 0),
        ("u0", 0.0, 0),
    ]


async def test_values_can_be_asked_as_they_were(store: Store) -> None:
    own = experiment()
    await store.experiments.expose([exposure(own, "u1"), exposure(own, "u2", s=20)])
    await store.experiments.record([outcome(own, "u1", at=NOON + timedelta(seconds=9))])
    early = await values(store, own, until=NOON + timedelta(seconds=8))
    assert [(each.unit, each.rows) for each in early] == [("u1", 0)]
    late = await values(store, own, until=NOON + timedelta(seconds=10))
    assert [(each.unit, each.rows) for each in late] == [("u1", 1)]


async def test_outcomes_from_before_an_exposure_do_not_count_and_are_told(store: Store) -> None:
    own = experiment()
    await store.experiments.expose([exposure(own, "u1")])
    long_before = NOON - timedelta(hours=1)
    await store.experiments.record([outcome(own, "u1", at=long_before), outcome(own, "stranger")])
    assert [each.rows for each in await values(store, own)] == [0]
    assert [each.value for each in await values(store, own, before=True)] == [1.0]
    tally = await store.experiments.tally(own.id)
    assert (tally.units, tally.unmatched, tally.early) == ({"A": 1}, 1, 1)
    assert tally.last_at == NOON + timedelta(seconds=5)


async def test_more_units_than_a_page(store: Store) -> None:
    own = experiment()
    # Many at one moment: a page ends in their midst.
    await store.experiments.expose([exposure(own, f"u{n:05}") for n in range(12_001)])
    found = await values(store, own)
    assert [each.unit for each in found] == [f"u{n:05}" for n in range(12_001)]


async def test_what_values_sum_up_can_be_asked_for_row_by_row(store: Store) -> None:
    own = experiment()
    await store.experiments.expose([exposure(own, "u1"), exposure(own, "u2", "B", s=20)])
    early, late = NOON - timedelta(hours=1), NOON + timedelta(seconds=9)
    await store.experiments.record(
        [
            outcome(own, "u1", at=late, denominator=2.0),
            outcome(own, "u1", 3.0, key="2"),
            outcome(own, "u1", at=early, key="3"),
            outcome(own, "u2", metric="cost_usd"),
            outcome(own, "stranger"),
        ]
    )
    found = [each async for each in store.experiments.came(own.id, "solved")]
    assert [(each.unit, each.value, each.denominator) for each in found] == [
        ("u1", 1.0, 2.0),
        ("u1", 3.0, 1.0),
    ]
    assert [each.at for each in found] == [late, NOON + timedelta(seconds=5)]


async def test_more_outcomes_than_a_page(store: Store) -> None:
    own = experiment()
    await store.experiments.expose([exposure(own, f"u{n}") for n in range(3)])
    await store.experiments.record(
        [outcome(own, f"u{n % 3}", float(n), key=f"{n:05}") for n in range(10_001)]
    )
    found = [each.value async for each in store.experiments.came(own.id, "solved")]
    assert sorted(found) == [float(n) for n in range(10_001)]


async def test_a_run_leads_to_the_unit_that_it_served(store: Store) -> None:
    own = experiment()
    await store.experiments.record([outcome(own, "u1", metric="latency_ms", run_id="run-1")])
    assert await store.experiments.served("run-1") == [(own.id, "u1")]
    assert await store.experiments.served("") == []


async def test_what_is_deleted_leaves_nothing(store: Store) -> None:
    own = experiment()
    await store.experiments.add(own, moved())
    await store.experiments.expose([exposure(own, "u1")])
    await store.experiments.record([outcome(own, "u1")])
    await store.experiments.delete(own.id)
    assert await store.experiments.by_name("shorter") is None
    assert await values(store, own) == []
    assert (await store.experiments.tally(own.id)).outcomes == {}
