"""Recording runs, statistics over many of them, and the cache of answers.

    python benchmarks/runs.py [runs]

Draining is measured in turns with the limit, a bare `executemany` of 1 kB rows in groups of 50 into
a table of twelve columns and one index (a run has 25, and five of the store's seven indexes take
it). `runs` (1,000,000) is how many the larger statistics add up.
"""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from _report import percentiles_ms, report, timed

import burnish
from burnish.storage.cache import ResponseCache
from burnish.storage.ids import Ids
from burnish.storage.recorder import Recorder
from burnish.storage.run import Attempt, Run
from burnish.storage.sql import SqlStore
from burnish.storage.sqlite import open_sqlite
from burnish.storage.stats import StatBy, StatFilter

ROUNDS, ROWS = 7, 40_000
KILLS = 20
NOW = datetime.now(UTC)
WORKER = Path(__file__).parents[1] / "tests" / "chaos" / "recording.py"
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(burnish.__file__).parents[1])}


def full_runs(count: int) -> list[Run]:
    """Of about 1 kB, as a model's call leaves them."""
    ids = Ids()
    return [
        Run(
            id=ids(),
            kind="complete",
            model=f"openai:gpt-{n % 5}",
            prompt=f"writer/task{n % 20}",
            parameters={"temperature": 0.5},
            input=[{"role": "user", "content": "x" * 300}],
            output="y" * 500,
            input_tokens=100,
            output_tokens=200,
            cost_usd=0.001,
            latency_ms=500.0 + n % 977,
            requests=1,
            attempts=(Attempt(model="openai:gpt", status=200, latency_ms=500.0),),
            who="ann",
            created_at=datetime.now(UTC),
        )
        for n in range(count)
    ]


async def drained(folder: Path) -> tuple[float, float]:
    """Rows a second until all are in the file, and microseconds of a `record`."""
    store = await open_sqlite(folder / "b.sqlite")
    recorder = Recorder(store.runs.add, report=print)
    runs = full_runs(ROWS)
    start = time.perf_counter()
    for run in runs:
        await recorder.room()
        recorder.record(run)
    await recorder.flush()
    rate = ROWS / (time.perf_counter() - start)
    few = full_runs(5_000)
    start = time.perf_counter()
    for run in few:
        recorder.record(run)
    each_us = (time.perf_counter() - start) / len(few) * 1e6
    await recorder.close()
    await store.close()
    return rate, each_us


def bare(folder: Path) -> float:
    with closing(sqlite3.connect(folder / "bare.sqlite", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        columns = ", ".join(f"c{n}" for n in range(11))
        connection.execute(f"CREATE TABLE rows (id TEXT PRIMARY KEY, {columns})")
        connection.execute("CREATE INDEX ix ON rows (c2)")
        ids, at = Ids(), NOW.isoformat()
        rows = [
            (ids(), "complete", "m", at, "x" * 400, "y" * 500, 1, 2, 0.1, 5.0, "", "ann")
            for _ in range(ROWS)
        ]
        query = f"INSERT INTO rows VALUES ({', '.join('?' * 12)})"
        start = time.perf_counter()
        for first in range(0, ROWS, 50):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(query, rows[first : first + 50])
            connection.execute("COMMIT")
        return ROWS / (time.perf_counter() - start)


def recording() -> list[dict[str, Any]]:
    rates: list[float] = []
    limits: list[float] = []
    records: list[float] = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            rate, record_us = asyncio.run(drained(Path(folder)))
            rates.append(rate)
            records.append(record_us)
            limits.append(bare(Path(folder)))
    rate, limit, record_us = max(rates), statistics.median(limits), min(records)
    ratio = statistics.median(mine / other for mine, other in zip(rates, limits, strict=True))
    return [
        {
            "what": "record a run, on the caller's side",
            "us": round(record_us, 2),
            "target": "<= 5 us",
            "met": record_us <= 5,
        },
        {
            "what": "runs of 1 kB drained to disk",
            "rows_per_s": round(rate),
            "median_rows_per_s": round(statistics.median(rates)),
            "target": ">= 40,000 rows/s",
            "met": rate >= 40_000,
        },
        {
            "what": "drained, against bare executemany in groups of 50",
            "median_ratio": round(ratio, 2),
            "median_bare_rows_per_s": round(limit),
            "target": ">= 0.55",
            "met": ratio >= 0.55,
        },
    ]


def lost_ms(folder: Path, lines: int) -> float:
    """How old the oldest run was that a kill made disappear."""
    path = folder / "b.sqlite"
    with subprocess.Popen(
        [sys.executable, str(WORKER), str(path)], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(lines)]
        process.kill()
        said += process.stdout.readlines()
    words = [line.split() for line in said if line.endswith("\n")]
    recorded = {int(n): float(at) for n, at in words if n != "flushed"}
    with closing(sqlite3.connect(path)) as connection:
        kept = connection.execute("SELECT count(*) FROM runs").fetchone()[0]
    lost = [at for n, at in recorded.items() if n > kept]
    return (max(recorded.values()) - min(lost)) * 1e3 if lost else 0.0


def losses() -> dict[str, Any]:
    chance = random.Random(5)
    found: list[float] = []
    for _ in range(KILLS):
        with tempfile.TemporaryDirectory() as folder:
            found.append(lost_ms(Path(folder), chance.randrange(200, 1500)))
    middle = statistics.median(found)
    return {
        "what": f"runs lost by kill -9 ({KILLS} kills, 7,000 runs a second)",
        "median_ms": round(middle, 1),
        "worst_ms": round(max(found), 1),
        "target": "<= 20 ms of records",
        "met": middle <= 20,
    }


def small_runs(first: int, count: int, hours: int) -> Iterator[Run]:
    chance = random.Random(first)
    for n in range(first, first + count):
        yield Run(
            id=f"{n:012}",
            kind="complete",
            model=f"m{chance.randrange(5)}",
            prompt=f"agent{chance.randrange(5)}/task{chance.randrange(4)}",
            input_tokens=100,
            cost_usd=0.001,
            latency_ms=chance.lognormvariate(6, 0.8),
            created_at=NOW - timedelta(hours=chance.random() * hours),
        )


async def fill(store: SqlStore, first: int, count: int, hours: int) -> None:
    for start in range(first, first + count, 5_000):
        await store.runs.add(list(small_runs(start, min(5_000, first + count - start), hours)))


async def asked(store: SqlStore, by: StatBy) -> dict[str, float]:
    await store.runs.stats(by, StatFilter())
    times: list[float] = []
    for _ in range(20):
        start = time.perf_counter()
        await store.runs.stats(by, StatFilter())
        times.append(time.perf_counter() - start)
    return percentiles_ms(times)


async def statistics_over(larger: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        store = await open_sqlite(Path(folder) / "b.sqlite")
        filled = 0
        for count, hours, limit_ms in ((200_000, 7 * 24, 100), (larger, 30 * 24, 500)):
            await fill(store, filled, count - filled, hours)
            filled = count
            for by in ("model", "agent", "prompt"):
                found = await asked(store, by)
                rows.append(
                    {
                        "what": f"statistics by {by} over {count:,} runs of {hours // 24} days",
                        **found,
                        "target": f"p50 <= {limit_ms} ms",
                        "met": found["p50_ms"] <= limit_ms,
                    }
                )
        await store.close()
    return rows


def cache_rows() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cache.sqlite"
        filled = ResponseCache(path)
        value, count = b"v" * 2_000, 20_000
        puts: list[float] = []
        for n in range(count):
            start = time.perf_counter()
            filled.put(f"{n:064}", value, 600)
            puts.append(time.perf_counter() - start)
            if n % 500 == 0:
                filled.flush()
        filled.close()
        cache = ResponseCache(path)
        keys = iter(random.Random(1).sample(range(count), 5_000))
        disk = percentiles_ms(timed(lambda: cache.get(f"{next(keys):064}"), 5_000))
        hot = f"{1:064}"
        cache.get(hot)
        memory = percentiles_ms(timed(lambda: cache.get(hot), 20_000))
        assert cache.stats().misses == 0
        cache.close()
    put_us = statistics.median(puts) * 1e6
    return [
        {
            "what": "cache hit in memory",
            **{name: round(ms, 4) for name, ms in memory.items()},
            "target": "<= 0.1 ms",
            "met": memory["p95_ms"] <= 0.1,
        },
        {
            "what": "cache hit in the file, of 20,000 answers",
            **disk,
            "target": "<= 0.1 ms",
            "met": disk["p95_ms"] <= 0.1,
        },
        {
            "what": "put into the cache, on the caller's side",
            "us": round(put_us, 2),
            "target": "<= 5 us",
            "met": put_us <= 5,
        },
    ]


def main(larger: int) -> None:
    rows = [*recording(), losses(), *cache_rows(), *asyncio.run(statistics_over(larger))]
    report("runs", rows)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
