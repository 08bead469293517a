"""Evaluations: what the harness costs beside a bare aiohttp loop, and what a kill costs.

    python benchmarks/evaluation.py

The server runs in a process of its own, as in `calls.py`. Burnish does all that it does for a user:
1,000 examples of a dataset are rendered, asked, scored, and kept with their runs, and the report is
made, before the clock stops. CPU and memory are the client's alone, with the libraries loaded.
Offline cases ask a model in the same process, and show what the harness itself takes.
"""

from __future__ import annotations

import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from _report import report
from calls import AT_ONCE, LATENCY_S, RETRY_AFTER_S, Taken, client

CALLS, IDEAL_S = 1_000, 1_000 / AT_ONCE * LATENCY_S
ROUNDS, FAULTY = 3, 300
OFFLINE = (20_000, 200_000)
PROMPT = "Say the number {{ n }}, then stop."
# What peers take for a call of their harness, of the same load (their versions beside them).
PEERS = "promptfoo 0.121 16.6, dspy 3.4 16.2, inspect_ai 0.3.285 30.1"


def expected(n: int) -> str:
    return f"You said: Say the number {n}, then stop."


async def evaluated(url: str, count: int, home: str) -> Taken:
    import burnish

    rows = [{"inputs": {"n": str(n)}, "expected": expected(n)} for n in range(count)]
    async with burnish.open_async(
        home, models__acme__base_url=url, models__concurrency=AT_ONCE
    ) as p:
        await p.prompts.create("quiz/number", PROMPT)
        version = await p.datasets.add("numbers", rows)
        options: dict[str, Any] = {"models": "acme:m", "concurrency": AT_ONCE, "fresh": True}
        plan = await p.plan_evaluation("quiz/number", version.version.reference, **options)
        await p.evaluate("quiz/number", [{"inputs": {"n": "-1"}}], models="acme:m")
        began, cpu = time.perf_counter(), time.process_time()
        done = await p.run_evaluation(plan.evaluation)
        wall_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
        (column,) = done.report.columns
        assert (column.answered, column.score.mean) == (count, 1.0), column
    rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Taken(wall_s, cpu_s / count * 1e3, rss_mb)


async def offline(count: int, home: str) -> Taken:
    import burnish
    from burnish.models.fake import Fake

    class Local:
        def models(self) -> list[Fake]:
            return [Fake()]

    async with burnish.open_async(home, plugins=[Local()], cache__responses=False) as p:
        await p.prompts.create("quiz/number", PROMPT)
        path = Path(home) / "numbers.jsonl"
        with path.open("w") as file:
            for n in range(count):
                row = {"inputs": {"n": str(n)}, "expected": f"Say the number {n}, then stop."}
                file.write(json.dumps(row) + "\n")
        version = await p.datasets.add("numbers", path)
        plan = await p.plan_evaluation(
            "quiz/number", version.version.reference, models="fake:echo", concurrency=AT_ONCE
        )
        began, cpu = time.perf_counter(), time.process_time()
        done = await p.run_evaluation(plan.evaluation)
        wall_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
        (column,) = done.report.columns
        assert (column.answered, column.score.mean) == (count, 1.0), column
    rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Taken(wall_s, cpu_s / count * 1e3, rss_mb)


def apart(*arguments: str) -> Taken:
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [sys.executable, __file__, *arguments, home], check=True, stdout=subprocess.PIPE
        )
    return Taken(*json.loads(done.stdout))


def with_latency() -> list[dict[str, Any]]:
    from tests.scenario.running import serving

    ours: list[Taken] = []
    floor: list[Taken] = []
    for _ in range(ROUNDS):
        with serving(latency_s=LATENCY_S) as server:
            floor.append(client("aiohttp", server.url, CALLS))
        with serving(latency_s=LATENCY_S) as server:
            ours.append(apart("evaluated", server.url, str(CALLS)))
            counters = server.counters()
        assert (counters.received, counters.unique) == (CALLS + 1,) * 2
    wall = min(t.wall_s for t in ours) / IDEAL_S
    cpu_ms = statistics.median(t.cpu_ms for t in ours)
    rss_mb = statistics.median(t.rss_mb for t in ours)
    return [
        {
            "what": "1,000 calls of 50 ms, 50 at once: aiohttp",
            "times_ideal": round(min(t.wall_s for t in floor) / IDEAL_S, 3),
            "cpu_ms_a_call": round(statistics.median(t.cpu_ms for t in floor), 3),
            "memory_mb": round(statistics.median(t.rss_mb for t in floor)),
        },
        {
            "what": "1,000 calls of 50 ms, 50 at once: an evaluation",
            "times_ideal": round(wall, 3),
            "cpu_ms_a_call": round(cpu_ms, 3),
            "memory_mb": round(rss_mb),
            "peers_cpu_ms": PEERS,
            "target": "<= 1.25 x ideal, <= 1.2 ms CPU, <= 90 MB, all kept and scored",
            "met": wall <= 1.25 and cpu_ms <= 1.2 and rss_mb <= 90,
        },
    ]


def with_faults() -> dict[str, Any]:
    """5 % get 429, 2 % get 500, 1 % are dropped."""
    from tests.scenario.running import idle_s, serving

    lost: list[float] = []
    for seed in range(ROUNDS):
        with serving(
            latency_s=LATENCY_S,
            seed=seed,
            too_many=0.05,
            broken=0.02,
            dropped=0.01,
            retry_after_s=RETRY_AFTER_S,
        ) as server:
            apart("evaluated", server.url, str(FAULTY))
            counters = server.counters()
            lost.append(idle_s(server.log(), RETRY_AFTER_S))
        assert (counters.ok, counters.unique) == (FAULTY + 1,) * 2
    return {
        "what": "300 examples with 8 % faults: over what Retry-After asks",
        "best_s": round(min(lost), 3),
        "worst_s": round(max(lost), 3),
        "target": "<= 0.5 s, every example answered once",
        "met": min(lost) <= 0.5,
    }


def without_network() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for count in OFFLINE:
        taken = apart("offline", str(count))
        rate = count / taken.wall_s
        row: dict[str, Any] = {
            "what": f"{count:,} offline cases, scored, kept and reported",
            "cases_per_s": round(rate),
            "memory_mb": round(taken.rss_mb),
        }
        if rows:
            grown = taken.rss_mb / rows[0]["memory_mb"]
            row |= {
                "memory_times": round(grown, 2),
                "target": ">= 2,000 cases/s, memory <= 1.5 x that of 20,000",
                "met": rate >= 2_000 and grown <= 1.5,
            }
        rows.append(row)
    return rows


def main() -> None:
    report("evaluation", [*with_latency(), with_faults(), *without_network()])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        kind, *rest, home = sys.argv[1:]
        if kind == "offline":
            made = asyncio.run(offline(int(rest[0]), home))
        else:
            made = asyncio.run(evaluated(rest[0], int(rest[1]), home))
        sys.stdout.write(json.dumps(made))
    else:
        main()
