"""A runner over a store of its own, quick enough for tests, and work to run on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import pytest

from burnish.jobs.inline import InlineRunner
from burnish.jobs.job import JobContext, Work
from burnish.jobs.rules import Rules
from burnish.storage.ids import Ids
from burnish.storage.job import Job
from burnish.storage.sql import SqlStore
from burnish.storage.sqlite import open_sqlite

QUICK = Rules(lease_s=1.5, look_s=0.05, tell_s=0.02, retries=3, grace_s=0.3, first_delay_s=0.01)
Make = Callable[..., InlineRunner]


class Bench:
    """Work that waits until it is told how to end, and what was seen of it."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self.stopped: list[str] = []
        self.warnings: list[str] = []
        self.gate = asyncio.Event()
        self.errors: list[BaseException] = []

    async def hold(self, context: JobContext) -> Any:
        self.began.append(context.job.subject)
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.stopped.append(context.job.subject)
            raise
        return {"attempt": context.job.attempts}

    async def quick(self, context: JobContext) -> Any:
        self.began.append(context.job.subject)
        return context.job.input

    async def fail(self, context: JobContext) -> Any:
        self.began.append(context.job.subject)
        if self.errors:
            raise self.errors.pop(0)
        return "well"

    def warn(self, what: str, why: str) -> None:
        self.warnings.append(f"{what}: {why}")

    @property
    def kinds(self) -> dict[str, Work]:
        return {"hold": self.hold, "quick": self.quick, "fail": self.fail}


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[SqlStore]:
    opened = await open_sqlite(tmp_path / "store.sqlite")
    yield opened
    await opened.close()


@pytest.fixture
async def make(store: SqlStore, bench: Bench) -> AsyncGenerator[Make]:
    """Runners as several processes have them."""
    made: list[InlineRunner] = []

    async def opened() -> SqlStore:
        return store

    def new(**options: Any) -> InlineRunner:
        runner = InlineRunner(
            options.pop("open_store", opened),
            options.pop("kinds", bench.kinds),
            new_id=Ids(),
            who=lambda: "ann",
            warn=bench.warn,
            rules=options.pop("rules", QUICK),
            **options,
        )
        made.append(runner)
        return runner

    yield new
    bench.gate.set()
    for runner in made:
        await runner.close()


async def until(seen: Callable[[], object]) -> None:
    """Waits for something that happens in the background; the test's own timeout bounds it."""
    while not seen():  # noqa: ASYNC110 - what is waited for is in other processes and files
        await asyncio.sleep(0.01)


async def until_state(runner: InlineRunner, job: Job, state: str) -> Job:
    while (now := await runner.get(job.id)).state != state:  # noqa: ASYNC110 - as above
        await asyncio.sleep(0.02)
    return now


async def states(runner: InlineRunner, *jobs: Job) -> list[str]:
    return [(await runner.get(job.id)).state for job in jobs]
