"""Jobs and schedules in every store: who holds a job, and what becomes of it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from burnish.errors import Conflict
from burnish.storage.ids import Ids
from burnish.storage.job import Job, Progress
from burnish.storage.jobs import Ending, Lease, Schedule
from burnish.storage.store import Store

AT = datetime(2026, 3, 1, tzinfo=UTC)
SOON = AT + timedelta(seconds=30)
LATER = AT + timedelta(minutes=5)
new_id = Ids()


def job(kind: str = "k", priority: int = 0) -> Job:
    return Job(
        id=new_id(),
        kind=kind,
        subject="s",
        input={"a": [1, "é"], "n": None},
        priority=priority,
        who="ann",
        created_at=AT,
    )


async def begun(store: Store, each: Job | None = None) -> tuple[Job, Lease]:
    added = await store.jobs.add(each or job())
    found = await store.jobs.claim([added.kind], "w", AT, SOON, ids=[added.id])
    assert found is not None
    return found


async def now_of(store: Store, job_id: str) -> Job:
    (found,) = await store.jobs.by_prefix(job_id, 2)
    return found


async def test_a_job_is_kept_as_it_was_given(store: Store) -> None:
    given = structs.replace(job(), progress=Progress(done=1, total=2, facts={"cost_usd": 0.5}))
    assert await store.jobs.add(given) == given
    other = await store.jobs.add(job("other"))
    assert await store.jobs.by_prefix(given.id, 2) == [given]
    assert await store.jobs.by_prefix("", 9) == [given, other]
    assert await store.jobs.by_prefix("nothing", 9) == []
    assert await store.jobs.page() == [other, given]
    assert await store.jobs.page(kind="k") == [given]
    assert await store.jobs.page(limit=1) == [other]
    assert await store.jobs.page(state="running") == []


async def test_a_key_is_one_jobs(store: Store) -> None:
    first = await store.jobs.add(job(), "key")
    assert await store.jobs.add(job(), "key") == first
    several = await asyncio.gather(*(store.jobs.add(job(), "other") for _ in range(5)))
    assert len({each.id for each in several}) == 1
    # No key is no key that another could have.
    assert await store.jobs.add(job()) != await store.jobs.add(job())


async def test_a_claim_takes_what_goes_first_and_once(store: Store) -> None:
    low, high, same = [await store.jobs.add(job(priority=n)) for n in (0, 1, 1)]
    await store.jobs.add(job("other", 9))
    taken: list[str] = []
    for n in range(3):
        found = await store.jobs.claim(["k", "none"], f"w{n}", AT, SOON)
        assert found is not None
        now, lease = found
        taken.append(now.id)
        assert (now.state, now.attempts, now.worker) == ("running", 1, f"w{n}")
        assert (now.started_at, now.heard_at) == (AT, AT)
        assert lease == Lease(job_id=now.id, worker=f"w{n}", attempt=1)
    assert taken == [high.id, same.id, low.id]
    assert await store.jobs.claim(["k"], "w", LATER, LATER) is None
    assert await store.jobs.claim([], "w", AT, SOON) is None
    assert await store.jobs.claim(["other"], "w", AT, SOON, ids=[]) is None


async def test_of_many_one_gets_the_job(store: Store) -> None:
    await store.jobs.add(job())
    claims = (store.jobs.claim(["k"], f"w{n}", AT, SOON) for n in range(8))
    assert len([each for each in await asyncio.gather(*claims) if each]) == 1


async def test_who_holds_a_job_is_heard(store: Store) -> None:
    now, lease = await begun(store)
    progress = Progress(done=2, total=3, message="m", facts={"best": 0.5})
    assert await store.jobs.beat(lease, AT, SOON, None)
    assert (await now_of(store, now.id)).progress == Progress()
    assert await store.jobs.beat(lease, LATER, LATER, progress)
    heard = await now_of(store, now.id)
    assert (heard.heard_at, heard.progress) == (LATER, progress)
    assert await store.jobs.end(
        lease, LATER, Ending(state="done", result={"x": [1]}, progress=progress)
    )
    ended = await now_of(store, now.id)
    assert (ended.state, ended.result, ended.ended_at) == ("done", {"x": [1]}, LATER)


async def test_who_lost_a_job_is_not_heard(store: Store) -> None:
    now, old = await begun(store)
    (seen,) = await store.jobs.lost(LATER)
    assert await store.jobs.reap(seen, LATER, "gone", fails=False)
    found = await store.jobs.claim(["k"], "v", LATER, LATER)
    assert found is not None
    ending = Ending(state="failed", error="e", progress=Progress(done=9))
    for lease in (old, Lease(job_id=now.id, worker="w", attempt=2)):
        assert not await store.jobs.beat(lease, LATER, LATER, Progress(done=9))
        assert not await store.jobs.end(lease, LATER, ending)
        assert not await store.jobs.put_back(lease, AT, Progress(done=9), "e")
        await store.jobs.let_go(lease)
    assert await now_of(store, now.id) == found[0]
    assert (found[0].attempts, found[0].worker, found[0].failures) == (2, "v", 1)


async def test_what_was_put_back_waits_its_time(store: Store) -> None:
    now, lease = await begun(store)
    assert await store.jobs.put_back(lease, LATER, Progress(done=1), "e")
    back = await now_of(store, now.id)
    assert (back.state, back.failures, back.error) == ("queued", 1, "e")
    assert back.progress.done == 1
    assert await store.jobs.claim(["k"], "w", SOON, SOON) is None
    found = await store.jobs.claim(["k"], "w", LATER, LATER)
    assert found is not None
    assert await store.jobs.put_back(found[1], LATER, Progress())
    assert (await now_of(store, now.id)).failures == 1


async def test_a_cancelled_job_is_held_until_its_work_has_stopped(store: Store) -> None:
    now, lease = await begun(store)
    assert await store.jobs.cancel(now.id, AT)
    assert not await store.jobs.cancel(now.id, AT)
    assert not await store.jobs.beat(lease, AT, SOON, None)
    ended = await now_of(store, now.id)
    assert (ended.state, ended.ended_at) == ("cancelled", AT)
    assert await store.jobs.resume(ended, AT, gone=False)
    assert await store.jobs.claim(["k"], "v", AT, SOON) is None
    await store.jobs.let_go(lease)
    assert await store.jobs.claim(["k"], "v", AT, SOON) is not None


async def test_a_cancelled_job_of_a_process_that_is_gone_is_free(store: Store) -> None:
    for gone, at in ((True, AT), (False, LATER)):
        now, _ = await begun(store)
        await store.jobs.cancel(now.id, AT)
        assert await store.jobs.resume(await now_of(store, now.id), AT, gone=gone)
        assert await store.jobs.claim(["k"], "v", at, LATER + timedelta(1)) is not None


async def test_resuming_forgets_failures(store: Store) -> None:
    now, lease = await begun(store)
    await store.jobs.put_back(lease, AT, Progress(), "e")
    found = await store.jobs.claim(["k"], "w", AT, SOON)
    assert found is not None
    await store.jobs.end(found[1], AT, Ending(state="failed", error="e", progress=Progress()))
    failed = await now_of(store, now.id)
    assert await store.jobs.resume(failed, AT, gone=False)
    again = await now_of(store, now.id)
    assert (again.state, again.failures, again.error, again.ended_at) == ("queued", 0, "", None)
    assert not await store.jobs.resume(failed, AT, gone=False)


async def test_what_is_resumed_can_have_another_input(store: Store) -> None:
    now, _ = await begun(store)
    await store.jobs.cancel(now.id, AT)
    other = structs.replace(await now_of(store, now.id), input={"n": 2})
    assert await store.jobs.resume(other, AT, gone=True)
    assert (await now_of(store, now.id)).input == {"n": 2}


async def test_jobs_whose_process_is_gone_are_found_and_reaped_once(store: Store) -> None:
    now, lease = await begun(store)
    assert await store.jobs.lost(SOON) == []
    (lost,) = await store.jobs.lost(LATER)
    assert lost.id == now.id
    assert [each.id for each in await store.jobs.held("w")] == [now.id]
    assert await store.jobs.held("%") == []
    # It was heard of after all.
    assert await store.jobs.beat(lease, SOON, LATER, None)
    assert not await store.jobs.reap(lost, LATER, "gone", fails=True)
    (lost,) = await store.jobs.held("w")
    assert await store.jobs.reap(lost, LATER, "gone", fails=True)
    assert not await store.jobs.reap(lost, LATER, "gone", fails=True)
    failed = await now_of(store, now.id)
    assert (failed.state, failed.error, failed.ended_at) == ("failed", "gone", LATER)


async def test_only_what_has_ended_is_forgotten(store: Store) -> None:
    done, lease = await begun(store)
    await store.jobs.end(lease, AT, Ending(state="done", progress=Progress()))
    running, _ = await begun(store)
    queued = await store.jobs.add(job())
    ids = [done.id, running.id, queued.id]
    assert await store.jobs.unended(ids) == {running.id, queued.id}
    assert await store.jobs.forget(AT) == 0
    assert await store.jobs.forget(LATER) == 1
    assert await store.jobs.by_prefix(done.id, 1) == []


SCHEDULE = Schedule(
    name="nightly",
    kind="backup",
    cron="0 3 * * *",
    zone="Europe/Berlin",
    input={"keep": 3},
    next_at=SOON,
    who="ann",
    created_at=AT,
)


async def test_a_schedule_is_kept_as_it_was_given(store: Store) -> None:
    other = structs.replace(SCHEDULE, name="a", paused=True)
    await store.schedules.add(SCHEDULE)
    await store.schedules.add(other)
    assert await store.schedules.all() == [other, SCHEDULE]
    with pytest.raises(Conflict, match="a schedule 'a' already"):
        await store.schedules.add(other)
    assert await store.schedules.remove("a")
    assert not await store.schedules.remove("a")
    assert await store.schedules.all() == [SCHEDULE]


async def test_a_schedule_fires_once_for_each_time(store: Store) -> None:
    await store.schedules.add(SCHEDULE)
    assert await store.schedules.due(AT) == []
    assert await store.schedules.due(SOON) == [SCHEDULE]
    fired = await asyncio.gather(
        *(store.schedules.fire(SCHEDULE, LATER, SOON, job("backup")) for _ in range(5))
    )
    assert sorted(fired) == [False] * 4 + [True]
    (made,) = await store.jobs.page()
    (after,) = await store.schedules.all()
    assert (after.next_at, after.last_at, after.last_job) == (LATER, SOON, made.id)
    assert await store.schedules.due(SOON) == []


async def test_a_schedule_waits_for_the_job_that_it_began(store: Store) -> None:
    await store.schedules.add(SCHEDULE)
    assert await store.schedules.fire(SCHEDULE, LATER, SOON, job("backup"))
    (due,) = await store.schedules.due(LATER)
    then = LATER + timedelta(days=1)
    assert not await store.schedules.fire(due, then, LATER, job("backup"))
    (moved,) = await store.schedules.all()
    assert (moved.next_at, moved.last_job) == (then, due.last_job)
    assert len(await store.jobs.page()) == 1
    await store.jobs.cancel(due.last_job, LATER)
    assert await store.schedules.fire(moved, then + timedelta(days=1), then, job("backup"))


async def test_a_schedule_is_begun_by_hand_once_at_a_time(store: Store) -> None:
    await store.schedules.add(SCHEDULE)
    begun = await asyncio.gather(
        *(store.schedules.begin("nightly", AT, job("backup")) for _ in range(5))
    )
    assert sorted(begun) == [False] * 4 + [True]
    (made,) = await store.jobs.page()
    (after,) = await store.schedules.all()
    assert (after.next_at, after.last_at, after.last_job) == (SOON, AT, made.id)
    await store.jobs.cancel(made.id, SOON)
    assert await store.schedules.begin("nightly", SOON, job("backup"))


async def test_who_read_a_schedule_before_it_was_begun_by_hand_begins_no_second_job(
    store: Store,
) -> None:
    await store.schedules.add(SCHEDULE)
    (read,) = await store.schedules.due(SOON)
    assert await store.schedules.begin("nightly", SOON, by_hand := job("backup"))
    assert not await store.schedules.fire(read, LATER, SOON, job("backup"))
    (after,) = await store.schedules.all()
    assert (after.last_job, after.next_at) == (by_hand.id, LATER)
    assert await store.jobs.page() == [by_hand]
    await store.schedules.remove("nightly")
    assert not await store.schedules.begin("nightly", LATER, job("backup"))
    assert await store.jobs.page() == [by_hand]


async def test_a_paused_schedule_does_not_fire(store: Store) -> None:
    await store.schedules.add(SCHEDULE)
    assert await store.schedules.pause("nightly", paused=True, next_at=SOON)
    assert not await store.schedules.pause("none", paused=True, next_at=SOON)
    assert await store.schedules.due(LATER) == []
    assert not await store.schedules.fire(SCHEDULE, LATER, SOON, job("backup"))
    assert await store.schedules.pause("nightly", paused=False, next_at=LATER)
    (due,) = await store.schedules.due(LATER)
    assert due.next_at == LATER
