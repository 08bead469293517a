"""Evaluations: what the harness costs beside a bare aiohttp loop, and what a kill costs.

    python benchmarks/evaluation.py

The server runs in a process of its own, as in `calls.py`. Burnish does all that it does for a user:
1,000 examples of a dataset are rendered, asked, scored, and kept with their runs, and the report is
made, before the clock stops. CPU is the client's alone, with the libraries loaded and the examples
in the library; memory is that of a process which does one evaluation and nothing before it.
Offline cases ask a model in the same process, and show what the harness itself takes.

Wall and processor time are the best of the rounds, of both loops in turns: a machine that others
share is up to a third slower for minutes, which only ever adds.
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
from typing import Any, NamedTuple

from _report import report
from calls import AT_ONCE, LATENCY_S, RETRY_AFTER_S, client

CALLS, IDEAL_S = 1_000, 1_000 / AT_ONCE * LATENCY_S
ROUNDS, FAULTY, SEEDS = 9, 300, 3
OFFLINE = (20_000, 200_000)
PROMPT = "Say the number {{ n }}, then stop."
# What peers take for a call of their harness, of the same load (their versions beside them).
PEERS = "promptfoo 0.121 16.6, dspy 3.4 16.2, inspect_ai 0.3.285 30.1"


class Taken(NamedTuple):
    """`cpu_ms` of a call; the process's largest memory when all was kept, and when the report was
    made."""

    wall_s: float
    cpu_ms: float
    rss_mb: float
    report_mb: float


def expected(n: int) -> str:
    return f"You said: Say the number {n}, then stop."


async def prepare(count: int, home: str) -> None:
    """The library with the prompt and the examples, made by another process before."""
    import burnish

    path = Path(home) / "numbers.jsonl"
    with path.open("w") as file:
        for n in range(count):
            row = {"id": str(n), "inputs": {"n": str(n)}, "expected": expected(n)}
            file.write(json.dumps(row) + "\n")
    async with burnish.open_async(home) as p:
        await p.prompts.create("quiz/number", PROMPT)
        await p.datasets.add("numbers", path)


async def evaluated(home: str, count: int, model: str, *, warm: bool, **options: Any) -> Taken:
    import burnish

    async with burnish.open_async(home, **options) as p:
        asked: dict[str, Any] = {"models": model, "concurrency": AT_ONCE}
        if warm:
            await p.evaluate("quiz/number", "numbers", limit=1, fresh=True, **asked)
        plan = await p.plan_evaluation("quiz/number", "numbers", fresh=True, **asked)
        began, cpu = time.perf_counter(), time.process_time()
        kept_mb: list[float] = []

        def told(_: Any) -> None:
            # The last that is told comes after the report.
            if "burnish.evals.reported" not in sys.modules:
                kept_mb.append(peak_mb())

        done = await p.run_evaluation(plan.evaluation, progress=told)
        wall_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
        (column,) = done.report.columns
        assert (column.answered, column.score.mean) == (count, 1.0), column
    return Taken(wall_s, cpu_s / count * 1e3, max(kept_mb, default=peak_mb()), peak_mb())


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def online(home: str, count: int, url: str, *, warm: bool) -> Taken:
    options: dict[str, Any] = {"models__acme__base_url": url, "models__concurrency": AT_ONCE}
    return await evaluated(home, count, "acme:m", warm=warm, **options)


async def offline(home: str, count: int) -> Taken:
    from burnish.models.fake import Fake
    from burnish.models.model import ModelRequest

    def answer(request: ModelRequest) -> str:
        # What it keeps of what it was asked is for tests, and would be all there is to measure.
        fake.requests.clear()
        return f"You said: {request.messages[-1].content}"

    fake = Fake(answer)

    class Local:
        def models(self) -> list[Fake]:
            return [fake]

    options: dict[str, Any] = {"plugins": [Local()], "cache__responses": False}
    return await evaluated(home, count, "fake:echo", warm=True, **options)


def apart(kind: str, count: int, url: str = "") -> Taken:
    with tempfile.TemporaryDirectory() as home:
        for step in ("prepare", kind):
            done = subprocess.run(
                [sys.executable, __file__, step, home, str(count), url],
                check=True,
                stdout=subprocess.PIPE,
            )
    return Taken(*json.loads(done.stdout))


def with_latency() -> list[dict[str, Any]]:
    from tests.scenario.running import serving

    ours: list[Taken] = []
    floor: list[Any] = []
    for _ in range(ROUNDS):
        with serving(latency_s=LATENCY_S) as server:
            floor.append(client("aiohttp", server.url, CALLS))
        with serving(latency_s=LATENCY_S) as server:
            ours.append(apart("online", CALLS, server.url))
            counters = server.counters()
        assert (counters.received, counters.unique) == (CALLS + 1, CALLS)
    with serving(latency_s=LATENCY_S) as server:
        alone = apart("alone", CALLS, server.url)
    wall = min(t.wall_s for t in ours) / IDEAL_S
    cpu_ms = min(t.cpu_ms for t in ours)
    return [
        {
            "what": "1,000 calls of 50 ms, 50 at once: aiohttp",
            "times_ideal": round(min(t.wall_s for t in floor) / IDEAL_S, 3),
            "cpu_ms_a_call": round(min(t.cpu_ms for t in floor), 3),
            "memory_mb": round(statistics.median(t.rss_mb for t in floor)),
        },
        {
            "what": "1,000 calls of 50 ms, 50 at once: an evaluation",
            "times_ideal": round(wall, 3),
            "cpu_ms_a_call": round(cpu_ms, 3),
            "memory_mb": round(alone.rss_mb),
            "with_report_mb": round(alone.report_mb),
            "peers_cpu_ms": PEERS,
            "target": "<= 1.25 x ideal, <= 1.2 ms CPU, <= 90 MB, all kept and scored",
            "met": wall <= 1.25 and cpu_ms <= 1.2 and alone.rss_mb <= 90,
        },
    ]


def with_faults() -> dict[str, Any]:
    """5 % get 429, 2 % get 500, 1 % are dropped."""
    from tests.scenario.running import idle_s, serving

    lost: list[float] = []
    for seed in range(SEEDS):
        with serving(
            latency_s=LATENCY_S,
            seed=seed,
            too_many=0.05,
            broken=0.02,
            dropped=0.01,
            retry_after_s=RETRY_AFTER_S,
        ) as server:
            apart("online", FAULTY, server.url)
            counters = server.counters()
            lost.append(idle_s(server.log(), RETRY_AFTER_S))
        assert (counters.ok, counters.unique) == (FAULTY + 1, FAULTY)
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
        taken = apart("offline", count)
        rate = count / taken.wall_s
        row: dict[str, Any] = {
            "what": f"{count:,} offline cases, scored, kept and reported",
            "cases_per_s": round(rate),
            "memory_mb": round(taken.report_mb),
        }
        if rows:
            grown = taken.report_mb / rows[0]["memory_mb"]
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
        step, where, size, address = sys.argv[1:]
        if step == "prepare":
            asyncio.run(prepare(int(size), where))
        elif step == "offline":
            sys.stdout.write(json.dumps(asyncio.run(offline(where, int(size)))))
        else:
            made = online(where, int(size), address, warm=step == "online")
            sys.stdout.write(json.dumps(asyncio.run(made)))
    else:
        main()
