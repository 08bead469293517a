"""Cron expressions, time zones, and schedules that somebody adds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.jobs.conftest import Bench, Make

from burnish.errors import Conflict, NotFound, UsageError
from burnish.jobs.cron import next_after
from burnish.jobs.schedules import AsyncSchedules
from burnish.storage.ids import Ids
from burnish.storage.jobs import Schedule
from burnish.storage.sql import SqlStore


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "zone", "now", "then"),
    [
        ("0 3 * * *", "UTC", "2026-01-01T02:59:59", "2026-01-01T03:00"),
        ("0 3 * * *", "UTC", "2026-01-01T03:00:00", "2026-01-02T03:00"),
        (" */15 * * * * ", "UTC", "2026-01-01T03:07", "2026-01-01T03:15"),
        ("30 8 * * MON-FRI", "UTC", "2026-01-02T09:00", "2026-01-05T08:30"),
        ("0 0 29 2 *", "UTC", "2026-01-01T00:00", "2028-02-29T00:00"),
        ("0 0 L * *", "UTC", "2026-02-01T00:00", "2026-02-28T00:00"),
        ("@daily", "UTC", "2026-01-01T03:00", "2026-01-02T00:00"),
        ("@hourly", "UTC", "2026-01-01T03:01", "2026-01-01T04:00"),
        ("@weekly", "UTC", "2026-01-01T03:00", "2026-01-04T00:00"),
        ("@monthly", "UTC", "2026-01-01T03:00", "2026-02-01T00:00"),
        ("0 3 * * *", "Europe/Berlin", "2026-01-01T00:00", "2026-01-01T02:00"),
        ("0 3 * * *", "Europe/Berlin", "2026-07-01T00:00", "2026-07-01T01:00"),
        # The night in which 2:30 does not exist, and the one in which it comes twice.
        ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00", "2026-03-29T01:00"),
        ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00", "2026-10-25T00:30"),
        ("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30", "2026-10-26T01:30"),
    ],
)
def test_the_next_time(cron: str, zone: str, now: str, then: str) -> None:
    assert next_after(cron, zone, at(now)) == at(then)


@pytest.mark.parametrize(
    ("cron", "zone", "said"),
    [
        ("soon", "UTC", "no cron expression"),
        ("", "UTC", "no cron expression"),
        ("* * * *", "UTC", "no cron expression"),
        ("* * * * * *", "UTC", "no cron expression"),
        ("60 * * * *", "UTC", "no cron expression"),
        ("*/0 * * * *", "UTC", "no cron expression"),
        ("1-" * 500 + " * * * *", "UTC", "no cron expression"),
        ("0 0 31 2 *", "UTC", "cron expression|never comes"),
        ("0 3 * * *", "Mars/Base", "no time zone"),
        ("0 3 * * *", "../../etc/passwd", "no time zone"),
        ("0 3 * * *", "/etc/passwd", "no time zone"),
        ("0 3 * * *", "Europe", "no time zone"),
        ("0 3 * * *", "", "no time zone"),
        ("0 3 * * *", "a\0b", "no time zone"),
    ],
)
def test_what_is_never_due_is_refused(cron: str, zone: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        next_after(cron, zone, at("2026-01-01T00:00"))


@pytest.fixture
def schedules(make: Make, store: SqlStore) -> AsyncSchedules:
    runner = make()

    async def opened() -> SqlStore:
        return store

    async def check(kind: str, given: Mapping[str, Any]) -> None:
        runner.check(kind, given)

    return AsyncSchedules(opened, check, lambda: "ann", new_id=Ids(), run=runner.begin)


async def test_a_schedule_is_added_paused_and_removed(schedules: AsyncSchedules) -> None:
    made = await schedules.add("nightly", "quick", "0 3 * * *", input={"a": 1})
    assert made.next_at > datetime.now(UTC)
    assert (made.who, made.zone, made.last_job) == ("ann", "UTC", "")
    assert await schedules.list() == [made]
    assert (await schedules.pause("nightly")).paused
    assert not (await schedules.resume("nightly")).paused
    await schedules.remove("nightly")
    for action in (schedules.get, schedules.pause, schedules.resume, schedules.remove):
        with pytest.raises(NotFound, match="no schedule 'nightly'"):
            await action("nightly")


async def test_the_job_of_a_schedule_can_be_begun_now(
    schedules: AsyncSchedules, bench: Bench
) -> None:
    made = await schedules.add("nightly", "hold", "0 3 * * *", input={"n": 1})
    await schedules.pause("nightly")
    job = await schedules.begin("nightly")
    assert (job.kind, job.subject, job.input) == ("hold", "nightly", {"n": 1})
    with pytest.raises(Conflict, match="began before has not ended"):
        await schedules.begin("nightly")
    bench.gate.set()
    after = await schedules.get("nightly")
    assert (after.last_job, after.next_at, after.paused) == (job.id, made.next_at, True)
    with pytest.raises(NotFound):
        await schedules.begin("weekly")


@pytest.mark.parametrize(
    ("name", "kind", "given"),
    [
        ("", "quick", {}),
        ("A b", "quick", {}),
        ("../x", "quick", {}),
        ("n" * 65, "quick", {}),
        ("n", "none", {}),
        ("n", "quick", {"x": object()}),
        ("n", "quick", {"x": "y" * 300_000}),
    ],
    ids=range(7),
)
async def test_bad_schedules_are_refused(
    schedules: AsyncSchedules, name: str, kind: str, given: dict[str, Any]
) -> None:
    with pytest.raises(UsageError):
        await schedules.add(name, kind, "@daily", input=given)
    assert await schedules.list() == []


async def test_a_name_is_one_schedules(schedules: AsyncSchedules) -> None:
    await schedules.add("n", "quick", "@daily")
    with pytest.raises(Conflict, match="a schedule 'n' already"):
        await schedules.add("n", "quick", "@hourly")


async def due(store: SqlStore, kind: str = "quick", zone: str = "UTC") -> Schedule:
    """A schedule that was due every hour for three days, while no worker ran."""
    now = datetime.now(UTC)
    schedule = Schedule(
        name=kind,
        kind=kind,
        cron="0 * * * *",
        zone=zone,
        input={"n": 1},
        next_at=now - timedelta(days=3),
        who="bob",
        created_at=now,
    )
    await store.schedules.add(schedule)
    return schedule


async def test_what_was_due_while_no_worker_ran_is_begun_once(
    make: Make, bench: Bench, store: SqlStore
) -> None:
    await due(store)
    runner = make()
    assert (await runner.work(once=True)).done == 1
    assert (await runner.work(once=True)).done == 0
    (job,) = await runner.list()
    assert (job.kind, job.subject, job.input, job.who) == ("quick", "quick", {"n": 1}, "bob")
    (after,) = await store.schedules.all()
    assert datetime.now(UTC) < after.next_at <= datetime.now(UTC) + timedelta(hours=1)


async def test_what_was_due_while_it_was_paused_is_left_out(
    make: Make, store: SqlStore, schedules: AsyncSchedules
) -> None:
    await due(store)
    await schedules.pause("quick")
    await schedules.resume("quick")
    assert (await make().work(once=True)).done == 0


async def test_a_worker_leaves_schedules_of_other_kinds_to_others(
    make: Make, store: SqlStore
) -> None:
    before = await due(store, "fail")
    assert (await make().work(kinds=["quick"], once=True)).done == 0
    assert await store.schedules.all() == [before]


async def test_a_schedule_that_cannot_be_read_stops_no_other(
    make: Make, bench: Bench, store: SqlStore
) -> None:
    await due(store, "fail", "Mars/Base")
    await due(store)
    assert (await make().work(once=True)).done == 1
    assert any("Mars/Base" in each for each in bench.warnings)
