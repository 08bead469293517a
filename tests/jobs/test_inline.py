"""Jobs in one process: how they begin, go on and end."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.jobs.conftest import QUICK, Bench, Make, states, until, until_state

from burnish.errors import (
    AllModelsFailed,
    Conflict,
    KeyRefused,
    NotFound,
    RateLimited,
    ServerFault,
    StoreError,
    Unavailable,
    UsageError,
)
from burnish.jobs.inline import MAX_INPUT_BYTES
from burnish.jobs.job import JobContext
from burnish.jobs.rules import Rules, may_pass
from burnish.storage.sql import SqlStore


async def test_a_job_is_done_and_keeps_its_result(make: Make, bench: Bench) -> None:
    runner = make()
    given = await runner.submit("quick", {"ids": [1, 2]}, subject="s", priority=2)
    assert (given.state, given.kind, given.subject, given.who) == ("queued", "quick", "s", "ann")
    done = await runner.wait(given.id)
    assert (done.state, done.result, done.error, done.attempts) == ("done", {"ids": [1, 2]}, "", 1)
    assert done.started_at is not None
    assert done.ended_at is not None
    assert done.created_at <= done.started_at <= done.ended_at
    assert await runner.get(given.id[:-1]) == done
    assert await runner.list(state="done", kind="quick") == [done]
    assert await runner.list(state="failed") == []


async def test_a_job_that_is_left_to_workers_waits_for_one(make: Make, bench: Bench) -> None:
    runner, worker = make(), make()
    job = await runner.submit("quick", subject="later", here=False)
    await asyncio.sleep(0.2)
    assert await states(runner, job) == ["queued"]
    told: list[str] = []
    worked = await worker.work(once=True, told=lambda job: told.append(job.state))
    assert (worked.done, worked.failed, told) == (1, 0, ["running", "done"])
    assert await states(runner, job) == ["done"]


async def test_a_worker_leaves_kinds_to_others(make: Make, bench: Bench) -> None:
    more = make(kinds=bench.kinds | {"other": bench.quick})
    other = await more.submit("other", here=False)
    quick = await more.submit("quick", here=False)
    assert (await make().work(kinds=["quick"], once=True)).done == 1
    assert (await make().work(once=True)).done == 0
    assert await states(more, quick, other) == ["done", "queued"]
    with pytest.raises(UsageError, match=r"no work of the kind 'other'.*fail, hold, quick"):
        await make().resume(other.id)


async def test_the_urgent_goes_first_then_the_oldest(make: Make, bench: Bench) -> None:
    runner = make(at_once=1)
    for subject, priority in (("a", 0), ("b", 5), ("c", 5), ("d", -1)):
        await runner.submit("quick", subject=subject, priority=priority, here=False)
    await runner.work(once=True)
    assert bench.began == ["b", "c", "a", "d"]


async def test_no_more_run_at_once_than_wanted(make: Make, bench: Bench) -> None:
    runner = make(at_once=2)
    jobs = [await runner.submit("hold", subject=str(n)) for n in range(3)]
    await until(lambda: len(bench.began) == 2)
    await asyncio.sleep(0.2)
    assert await states(runner, *jobs) == ["running", "running", "queued"]
    bench.gate.set()
    assert [(await runner.wait(job.id)).state for job in jobs] == ["done"] * 3


async def test_a_key_gives_the_job_that_is_there(make: Make, bench: Bench) -> None:
    runner = make()
    jobs = await asyncio.gather(*(make().submit("quick", key="one") for _ in range(4)))
    assert len({job.id for job in jobs}) == 1
    await runner.wait(jobs[0].id)
    again = await runner.submit("quick", {"other": 1}, key="one")
    assert (again.id, again.state, again.input) == (jobs[0].id, "done", {})
    assert len(bench.began) == 1


async def test_progress_is_seen_while_it_runs(make: Make, bench: Bench) -> None:
    told = asyncio.Event()

    async def count(context: JobContext) -> None:
        await context.progress(1, 4, "first", cost_usd=0.5, best="a")
        await context.progress(2, 4, "second", best="b")
        told.set()
        await bench.gate.wait()

    runner = make(kinds={"count": count})
    job = await runner.submit("count")
    seen = make(kinds={}).watch(job.id)
    now = job
    while not now.progress.done:
        now = await anext(seen)
    assert (now.progress.done, now.progress.total, now.progress.message) == (2, 4, "second")
    assert now.progress.facts == {"cost_usd": 0.5, "best": "b"}
    bench.gate.set()
    assert [each.state async for each in seen][-1] == "done"
    assert (await runner.get(job.id)).progress.done == 2


async def test_progress_told_ten_thousand_times_is_written_a_few_times(
    make: Make, store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats = 0
    beat = store.jobs.beat

    async def counted(*args: Any) -> bool:
        nonlocal beats
        beats += 1
        return await beat(*args)

    async def work(context: JobContext) -> None:
        for n in range(10_000):
            await context.progress(n + 1, 10_000)

    monkeypatch.setattr(store.jobs, "beat", counted)
    runner = make(kinds={"count": work})
    job = await runner.wait((await runner.submit("count")).id)
    assert job.progress.done == 10_000
    assert beats < 100


@pytest.mark.parametrize("runs", [True, False])
async def test_a_cancelled_job_ends(make: Make, bench: Bench, runs: bool) -> None:
    runner, other = make(), make()
    job = await runner.submit("hold", subject="j", here=runs)
    if runs:
        await until(lambda: bench.began)
    ended = await other.cancel(job.id)
    assert (ended.state, ended.ended_at is not None) == ("cancelled", True)
    if runs:
        await until(lambda: bench.stopped == ["j"])
    assert (await runner.wait(job.id)).state == "cancelled"
    assert (await runner.cancel(job.id)).ended_at == ended.ended_at
    bench.gate.set()
    again = await runner.resume(job.id)
    assert again.state in ("queued", "running")
    assert (await runner.wait(job.id)).result == {"attempt": 1 + runs}


async def test_a_cancelled_job_begins_again_only_when_its_work_has_stopped(make: Make) -> None:
    at_work, most = 0, 0
    clean = asyncio.Event()

    async def slow_to_stop(context: JobContext) -> None:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        try:
            if context.job.attempts == 1:
                await asyncio.sleep(60)
        finally:
            await clean.wait()
            at_work -= 1

    rules = Rules(lease_s=30, look_s=0.05, grace_s=30)
    runner, other = (make(kinds={"slow": slow_to_stop}, rules=rules) for _ in range(2))
    job = await runner.submit("slow")
    await until(lambda: at_work)
    await other.cancel(job.id)
    await other.resume(job.id)
    await asyncio.sleep(0.3)
    assert (await other.get(job.id)).state == "queued"
    clean.set()
    done = await other.wait(job.id)
    assert (done.state, done.attempts, most) == ("done", 2, 1)


async def test_only_what_ended_otherwise_than_done_is_resumed(make: Make, bench: Bench) -> None:
    runner = make()
    done = await runner.wait((await runner.submit("quick")).id)
    running = await runner.submit("hold")
    await until(lambda: len(bench.began) == 2)
    with pytest.raises(Conflict, match="is done; submit another"):
        await runner.resume(done.id)
    with pytest.raises(Conflict, match="is running; cancel it first"):
        await runner.resume(running.id)


async def test_faults_that_may_pass_are_tried_again(make: Make, bench: Bench) -> None:
    runner = make()
    bench.errors = [
        Unavailable("away"),
        RateLimited("slow down"),
        StoreError("busy", retryable=True),
    ]
    job = await runner.wait((await runner.submit("fail")).id)
    assert (job.state, job.result, job.attempts, job.error) == ("done", "well", 4, "")


async def test_faults_that_stay_end_the_job_after_some_attempts(make: Make, bench: Bench) -> None:
    runner = make()
    bench.errors = [ServerFault("down", hint="wait") for _ in range(9)]
    job = await runner.wait((await runner.submit("fail")).id)
    assert (job.state, job.attempts, job.error) == ("failed", 1 + QUICK.retries, "down; wait")
    bench.errors = []
    again = await runner.resume(job.id)
    assert (again.failures, again.error) == (0, "")
    assert (await runner.wait(job.id)).state == "done"


async def test_what_is_resumed_can_be_told_something_else(make: Make, bench: Bench) -> None:
    runner = make()
    bench.errors = [ServerFault("down") for _ in range(9)]
    job = await runner.wait((await runner.submit("fail", {"n": 1})).id)
    bench.errors = []
    with pytest.raises(UsageError, match="no JSON"):
        await runner.resume(job.id, input={"n": object()})
    assert (await runner.resume(job.id, input={"n": 2})).input == {"n": 2}
    assert (await runner.wait(job.id)).state == "done"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (UsageError("wrong", hint="mend it"), "wrong; mend it"),
        (KeyRefused("no key"), "no key"),
        (StoreError("the file is damaged"), "the file is damaged"),
        (ValueError("a bug with \0 and \ud800"), "ValueError: a bug with \\0 and \\ud800"),
        (asyncio.CancelledError(), "the work stopped by itself"),
    ],
    ids=["usage", "key", "store", "bug", "cancelled"],
)
async def test_other_errors_end_it_at_once(
    make: Make, bench: Bench, error: BaseException, said: str
) -> None:
    runner = make()
    bench.errors = [error]
    job = await runner.wait((await runner.submit("fail")).id)
    assert (job.state, job.attempts, job.error) == ("failed", 1, said)


def test_a_fault_of_all_models_may_pass_where_one_of_them_may() -> None:
    hopeless = AllModelsFailed("all", causes=(KeyRefused("a"), KeyRefused("b")))
    assert not may_pass(hopeless)
    assert may_pass(AllModelsFailed("all", causes=(KeyRefused("a"), RateLimited("b"))))


def test_the_wait_grows_to_a_bound_and_is_what_a_provider_asks() -> None:
    rules = Rules()
    waits = [rules.delay_s(n, Unavailable("x")) for n in (0, 1, 2, 50)]
    assert waits == [2.0, 4.0, 8.0, 300.0]
    assert rules.delay_s(0, RateLimited("x", retry_after_s=30)) == 30


@pytest.mark.parametrize(
    "result", [object(), {"x": "y" * 1_100_000}, {1j}], ids=["object", "long", "set"]
)
async def test_a_result_that_cannot_be_kept_is_a_failure(make: Make, result: Any) -> None:
    async def work(_: JobContext) -> Any:
        return result

    runner = make(kinds={"odd": work})
    job = await runner.wait((await runner.submit("odd")).id)
    assert (job.state, job.result) == ("failed", None)
    assert "the work gave a result" in job.error


async def test_bad_wishes_are_refused(make: Make) -> None:
    runner = make()
    wrong: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("none", {}, {}),
        ("quick", {"x": object()}, {}),
        ("quick", {"x": "y" * MAX_INPUT_BYTES}, {}),
        ("quick", {}, {"priority": 10**9}),
        ("quick", {}, {"key": "k" * 300}),
        ("quick", {}, {"subject": "a\0b"}),
        ("quick", {}, {"subject": "\ud800"}),
    ]
    for kind, given, how in wrong:
        with pytest.raises(UsageError):
            await runner.submit(kind, given, **how)
    for job_id in ("", "nothing", "%", "_", "019'; DROP TABLE jobs; --"):
        with pytest.raises(NotFound):
            await runner.get(job_id)
    with pytest.raises(UsageError, match="0 jobs"):
        await runner.list(limit=0)
    assert await runner.list() == []


async def test_an_id_must_be_told_apart(make: Make) -> None:
    runner = make()
    first = await runner.submit("quick")
    await runner.submit("quick")
    with pytest.raises(Conflict, match="more than one job"):
        await runner.get(first.id[:2])


async def test_closing_puts_running_jobs_back(make: Make, bench: Bench) -> None:
    runner, other = make(), make()
    job = await runner.submit("hold", subject="j")
    await until(lambda: bench.began)
    await runner.close()
    back = await other.get(job.id)
    assert (back.state, back.attempts, back.failures, bench.stopped) == ("queued", 1, 0, ["j"])
    bench.gate.set()
    await other.work(once=True)
    assert (await other.get(job.id)).result == {"attempt": 2}
    with pytest.raises(UsageError, match="closed"):
        await runner.submit("quick")


async def test_work_that_will_not_stop_keeps_nobody_waiting(make: Make, bench: Bench) -> None:
    async def deaf(_: JobContext) -> None:
        while not bench.gate.is_set():
            try:
                await bench.gate.wait()
            except asyncio.CancelledError:
                bench.stopped.append("deaf")

    runner = make(kinds={"deaf": deaf})
    job = await runner.submit("deaf")
    await until_state(runner, job, "running")
    await runner.close()
    assert bench.stopped == ["deaf"]
    assert any("does not stop" in each for each in bench.warnings)
    # It is still held, so nobody begins it beside the work that goes on.
    assert (await make().get(job.id)).state == "running"


async def test_old_jobs_are_forgotten_when_they_have_ended(make: Make, bench: Bench) -> None:
    runner = make()
    done = await runner.wait((await runner.submit("quick")).id)
    queued = await runner.submit("quick", here=False)
    now = datetime.now(UTC)
    assert await runner.forget(now - timedelta(days=1)) == 0
    assert await runner.forget(now + timedelta(days=1)) == 1
    assert await runner.list() == [queued]
    with pytest.raises(NotFound):
        await runner.get(done.id)
