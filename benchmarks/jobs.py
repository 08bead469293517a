"""What a job costs, beside DBOS 3.4 where it is installed, both on SQLite in WAL mode.

    python benchmarks/jobs.py

A job of ours has no steps, and neither has any real one: work is one function that writes down
under keys of its own what it has done. So a job is compared with a workflow of one step.
"""

from __future__ import annotations

import asyncio
import importlib.util
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from _report import report

from burnish.jobs.inline import InlineRunner
from burnish.jobs.job import JobContext
from burnish.storage.ids import Ids
from burnish.storage.sqlite import open_sqlite

ROUNDS, ALONE, QUEUED, IDLE_S = 5, 100, 100, 5.0
Times = dict[str, list[tuple[float, float]]]


async def ours(folder: Path) -> tuple[Times, float]:
    store = await open_sqlite(folder / "store.sqlite")

    async def opened() -> Any:
        return store

    async def work(_: JobContext) -> int:
        return 1

    async def idle(_: JobContext) -> None:
        await asyncio.sleep(60)

    kinds = {"work": work, "idle": idle}
    runner = InlineRunner(opened, kinds, new_id=Ids(), who=lambda: "", warn=print)

    async def alone() -> None:
        for _ in range(ALONE):
            await runner.wait((await runner.submit("work")).id)

    async def queued() -> None:
        for _ in range(QUEUED):
            await runner.submit("work", here=False)
        await runner.work(once=True)

    times = await rounds(alone, queued)
    await runner.submit("idle")
    await asyncio.sleep(0.5)
    begun = time.process_time()
    await asyncio.sleep(IDLE_S)
    idle_ms = (time.process_time() - begun) / IDLE_S * 1e3
    await runner.close()
    await store.close()
    return times, idle_ms


async def dbos(folder: Path) -> Times:
    # Any: it is in no lock, and the types of what is not there are not known.
    library: Any = importlib.import_module("dbos").DBOS
    address = folder / "jobs.sqlite"
    library(
        config={
            "name": "measured-jobs",
            "system_database_url": f"sqlite:///{address}",
            "application_version": "1",
            "executor_id": "measured-0",
            "log_level": "ERROR",
        }
    )

    @library.step()
    async def step(number: int) -> int:
        return number

    @library.workflow()
    async def work(number: int) -> int:
        return await step(number)

    library.launch()
    with closing(sqlite3.connect(address)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    await library.register_queue_async("q", worker_concurrency=2, polling_interval_sec=0.1)

    async def alone() -> None:
        for number in range(ALONE):
            await work(number)

    async def queued() -> None:
        handles = [await library.enqueue_workflow_async("q", work, n) for n in range(QUEUED)]
        for handle in handles:
            await handle.get_result(polling_interval_sec=0.02)

    times = await rounds(alone, queued)
    library.destroy()
    return times


async def rounds(
    alone: Callable[[], Awaitable[None]], queued: Callable[[], Awaitable[None]]
) -> Times:
    """Seconds that passed and that the processor worked, for one job."""
    times: Times = {"one after the other": [], "queued, two at once": []}
    await alone()
    for _ in range(ROUNDS):
        for (_, found), run, count in zip(
            times.items(), (alone, queued), (ALONE, QUEUED), strict=True
        ):
            wall, cpu = time.perf_counter(), time.process_time()
            await run()
            found.append(
                ((time.perf_counter() - wall) / count, (time.process_time() - cpu) / count)
            )
    return times


def rows(who: str, times: Times) -> list[dict[str, Any]]:
    return [
        {
            "what": f"{who}: {what}",
            "ms": round(statistics.median(wall for wall, _ in found) * 1e3, 1),
            "cpu_ms": round(statistics.median(cpu for _, cpu in found) * 1e3, 1),
        }
        for what, found in times.items()
    ]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        times, idle_ms = asyncio.run(ours(Path(folder)))
        told = rows("a job", times)
        told.append({"what": "a job that waits, each second", "cpu_ms": round(idle_ms, 1)})
        if importlib.util.find_spec("dbos"):
            told += rows("a DBOS 3.4 workflow of one step", asyncio.run(dbos(Path(folder))))
    report("jobs", told)


if __name__ == "__main__":
    main()
