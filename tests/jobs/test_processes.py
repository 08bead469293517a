"""Several processes on one store: each job is one process's at a time, whatever becomes of it."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.jobs.conftest import Make, until, until_state

import burnish
from burnish.jobs.process import is_gone, own_name
from burnish.storage.job import Job
from burnish.storage.jobs import Schedule
from burnish.storage.sql import SqlStore

CHILD = str(Path(__file__).with_name("process.py"))
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(burnish.__file__).parents[1])}
KILLS = 20


class Processes:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.all: list[subprocess.Popen[bytes]] = []

    def start(self, how: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, CHILD, how, str(self.folder / "store.sqlite"), str(self.folder)]
        process = subprocess.Popen([*command, *arguments], env=ENVIRONMENT)
        self.all.append(process)
        return process

    def notes(self, first: str) -> list[str]:
        path = self.folder / "notes"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [line for line in lines if line.split()[0] == first]

    def lines(self, file: str) -> list[str]:
        path = self.folder / file
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def end(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.wait()


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    made = Processes(tmp_path)
    yield made
    for process in made.all:
        made.end(process)


def work(lines: int, file: str = "out", pause_s: float = 0.0) -> dict[str, str | int | float]:
    return {"file": file, "lines": lines, "pause_s": pause_s}


@pytest.fixture
def leave(store: SqlStore, make: Make) -> Make:
    """A runner that knows the children's work and does none itself."""

    async def never(_: object) -> None:
        raise AssertionError

    return lambda: make(kinds={"append": never})


@pytest.mark.slow
async def test_a_job_killed_at_any_moment_goes_on_where_it_was(
    leave: Make, processes: Processes
) -> None:
    runner = leave()
    total = 10_000
    job = await runner.submit("append", work(total, pause_s=0.002), here=False)
    chance = random.Random(7)
    for _ in range(KILLS):
        had = len(processes.lines("out"))
        process = processes.start("resume", job.id)
        wanted = had + chance.randrange(12)
        await until(lambda: len(processes.lines("out")) > wanted)  # noqa: B023
        processes.end(process)
        now = await runner.get(job.id)
        assert now.state == "running"
        assert now.progress.done <= len(processes.lines("out"))
    assert is_gone((await runner.get(job.id)).worker)
    written = len(processes.lines("out"))
    # The rest is little, so that the last attempt ends.
    with (processes.folder / "out").open("a", encoding="utf-8") as file:
        file.writelines(f"{n}\n" for n in range(written, total - 5))
    process = processes.start("resume", job.id)
    done = await until_state(runner, job, "done")
    assert await asyncio.to_thread(process.wait) == 0
    assert done.attempts == KILLS + 1
    assert done.result == {"lines": total, "began_at": total - 5}
    assert processes.lines("out") == [str(n) for n in range(total)]
    assert not processes.notes("overlap")


async def test_a_worker_takes_over_from_one_that_was_killed(
    leave: Make, processes: Processes
) -> None:
    runner = leave()
    first = processes.start("work")
    job = await runner.submit("append", work(40, pause_s=0.05), here=False)
    await until(lambda: len(processes.lines("out")) > 3)
    processes.start("work")
    await until(lambda: len(processes.notes("ready")) == 2)
    processes.end(first)
    done = await until_state(runner, job, "done")
    assert (done.attempts, done.failures) == (2, 1)
    assert processes.lines("out") == [str(n) for n in range(40)]
    assert not processes.notes("overlap")


async def test_a_process_that_slept_through_its_lease_stops_its_work(
    leave: Make, processes: Processes
) -> None:
    runner = leave()
    first = processes.start("work")
    job = await runner.submit("append", work(10_000, pause_s=0.01), here=False)
    await until(lambda: processes.lines("out"))
    first.send_signal(signal.SIGSTOP)
    second = processes.start("work")
    await until(lambda: len(processes.notes("begin")) == 2)
    first.send_signal(signal.SIGCONT)
    await until(lambda: processes.notes("stopped"))
    assert processes.notes("stopped") == [f"stopped {job.id} 1"]
    now = await runner.get(job.id)
    assert (now.state, now.attempts) == ("running", 2)
    assert f":{second.pid}:" in now.worker
    await runner.cancel(job.id)
    await until(lambda: len(processes.notes("stopped")) == 2)


async def test_a_job_is_cancelled_from_another_process(leave: Make, processes: Processes) -> None:
    runner = leave()
    processes.start("work")
    job = await runner.submit("append", work(100_000, pause_s=0.01), here=False)
    await until(lambda: len(processes.lines("out")) > 5)
    await runner.cancel(job.id)
    await until(lambda: processes.notes("stopped"))
    written = len(processes.lines("out"))
    await asyncio.sleep(0.3)
    assert len(processes.lines("out")) == written
    assert (await runner.get(job.id)).state == "cancelled"


async def test_each_job_is_begun_by_one_of_many_processes(
    leave: Make, processes: Processes
) -> None:
    runner = leave()
    jobs = [await runner.submit("append", work(2, f"f{n}"), here=False) for n in range(40)]
    children = [processes.start("once") for _ in range(4)]
    await until(lambda: len(processes.notes("ready")) == 4)
    (processes.folder / "go").touch()
    for child in children:
        assert await asyncio.to_thread(child.wait) == 0
    assert {(await runner.get(job.id)).state for job in jobs} == {"done"}
    assert len(processes.notes("begin")) == 40
    assert len({line.split()[3] for line in processes.notes("begin")}) > 1
    assert all(processes.lines(f"f{n}") == ["0", "1"] for n in range(40))


async def test_a_schedule_begins_one_job_however_many_workers_there_are(
    leave: Make, processes: Processes, store: SqlStore
) -> None:
    now = datetime.now(UTC)
    for n in range(5):
        schedule = Schedule(
            name=f"s{n}",
            kind="append",
            cron="0 3 1 1 *",
            input=work(1, f"f{n}"),
            next_at=now - timedelta(days=3),
            created_at=now,
        )
        await store.schedules.add(schedule)
    children = [processes.start("once") for _ in range(3)]
    await until(lambda: len(processes.notes("ready")) == 3)
    (processes.folder / "go").touch()
    for child in children:
        assert await asyncio.to_thread(child.wait) == 0
    jobs = await leave().list()
    assert sorted((job.subject, job.state) for job in jobs) == [(f"s{n}", "done") for n in range(5)]
    assert len(processes.notes("begin")) == 5
    assert {each.last_job for each in await store.schedules.all()} == {job.id for job in jobs}
    assert all(each.next_at > now for each in await store.schedules.all())


async def test_a_job_that_ends_its_processes_fails_at_last(
    leave: Make, processes: Processes, store: SqlStore
) -> None:
    runner = leave()
    job = await runner.submit("append", work(3), here=False)
    gone = dead_worker()
    ended = job
    for _ in range(3 + 1):
        now = datetime.now(UTC)
        claimed = await store.jobs.claim(["append"], gone, now, now + timedelta(hours=1))
        assert claimed is not None
        ended = await left(runner.watch(job.id))
    assert (ended.state, ended.attempts) == ("failed", 4)
    assert "ended before the job did, 4 times" in ended.error


def dead_worker() -> str:
    """The name of a process that has ended."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    name = own_name().replace(f":{os.getpid()}:", f":{child.pid}:")
    assert is_gone(name)
    return name


async def left(watched: AsyncGenerator[Job]) -> Job:
    """The job when it is queued again, or has ended."""
    return await anext(job async for job in watched if job.state != "running")


def test_only_a_process_of_this_machine_is_known_to_be_gone() -> None:
    assert not is_gone(own_name())
    assert not is_gone("")
    assert not is_gone(f"elsewhere:{2**22}:abcd")
    assert not is_gone(own_name().replace(f":{os.getpid()}:", ":x:"))
    assert not is_gone(own_name().replace(f":{os.getpid()}:", f":{10**30}:"))
    assert own_name() != own_name()
