"""Calls to a model: Burnish beside a bare aiohttp loop and OpenAI's own library.

    python benchmarks/calls.py

Every client runs in a process of its own, the server in another; fifty workers share the calls.
Burnish does all that it does for a user: the prompt is rendered, limits are kept, the answer goes
into the cache and the call into the database, which holds it before the clock stops. CPU is the
client's alone, from the first call to the last, with libraries loaded and connections open. Of
times the best round counts, because the machine may be shared; the others are medians.
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
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from _report import report

if TYPE_CHECKING:
    from tests.scenario.running import Running

# The server is that of the tests. Clients do not load it, or its memory would count as theirs.
sys.path.append(str(Path(__file__).parents[1]))
CALLS, AT_ONCE, LATENCY_S = 1_000, 50, 0.05
IDEAL_S = CALLS / AT_ONCE * LATENCY_S
FAULTY_CALLS, RETRY_AFTER_S = 300, 0.5
ROUNDS, WARM_UP = 5, 50
CLIENTS = ("aiohttp", "openai", "burnish")

PROMPT = "Say the number {{ n }}, then stop."
COMMAND = [sys.executable, "-c", "from burnish.cli.main import entry; entry()"]

Ask = Callable[[int], Awaitable[str]]


class Taken(NamedTuple):
    """`cpu_ms` of a call; the process's largest memory."""

    wall_s: float
    cpu_ms: float
    rss_mb: float


def said(n: int) -> str:
    return f"You said: Say the number {n}, then stop."


async def measured(ask: Ask, finish: Callable[[], Awaitable[object]], calls: int) -> Taken:
    await _shared(ask, range(-WARM_UP, 0))
    await finish()
    began, cpu = time.perf_counter(), time.process_time()
    answers = await _shared(ask, range(calls))
    await finish()
    wall_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    assert answers == [said(n) for n in range(calls)]
    rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Taken(wall_s, cpu_s / calls * 1e3, rss_mb)


async def _shared(ask: Ask, numbers: Sequence[int]) -> list[str]:
    """The answers in order."""
    answers: dict[int, str] = {}
    waiting = iter(numbers)

    async def work() -> None:
        for n in waiting:
            answers[n] = await ask(n)

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return [answers[n] for n in numbers]


async def nothing() -> None:
    return


async def with_aiohttp(url: str, calls: int) -> Taken:
    import aiohttp

    connector = aiohttp.TCPConnector(limit=AT_ONCE)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def ask(n: int) -> str:
            message = {"role": "user", "content": f"Say the number {n}, then stop."}
            body = {"model": "m", "messages": [message]}
            async with session.post(f"{url}/chat/completions", json=body) as answer:
                content: dict[str, Any] = await answer.json()
            text: str = content["choices"][0]["message"]["content"]
            return text

        return await measured(ask, nothing, calls)


async def with_openai(url: str, calls: int) -> Taken:
    from openai import AsyncOpenAI

    async with AsyncOpenAI(base_url=url, api_key="none-needed", max_retries=3) as client:

        async def ask(n: int) -> str:
            answer = await client.chat.completions.create(
                model="m",
                messages=[{"role": "user", "content": f"Say the number {n}, then stop."}],
            )
            return answer.choices[0].message.content or ""

        return await measured(ask, nothing, calls)


async def with_burnish(url: str, calls: int, home: str) -> Taken:
    import burnish

    async with burnish.open_async(
        home, models__acme__base_url=url, models__concurrency=AT_ONCE
    ) as p:

        async def ask(n: int) -> str:
            answer = await p.complete("quiz/number", {"n": str(n)}, model="acme:m")
            return answer.text

        taken = await measured(ask, p.flush, calls)
        assert await p.runs.count() == calls + WARM_UP
        return taken


def client(name: str, url: str, calls: int) -> Taken:
    """The client in a process of its own, Burnish with a library that is there already."""
    with tempfile.TemporaryDirectory() as home:
        if name == "burnish":
            command = [*COMMAND, "prompts", "create", "quiz/number", PROMPT, "--home", home]
            subprocess.run(command, check=True, capture_output=True)
        done = subprocess.run(
            [sys.executable, __file__, name, url, str(calls), home],
            check=True,
            capture_output=True,
            text=True,
        )
    return Taken(*json.loads(done.stdout))


def rounds(latency_s: float, calls: int) -> dict[str, list[Taken]]:
    """In turns, each against a server of its own."""
    from tests.scenario.running import serving

    found: dict[str, list[Taken]] = {name: [] for name in CLIENTS}
    for _ in range(ROUNDS):
        for name in CLIENTS:
            with serving(latency_s=latency_s) as server:
                found[name].append(client(name, server.url, calls))
                counters = server.counters()
            assert (counters.received, counters.unique) == (calls + WARM_UP,) * 2
            assert counters.in_flight_most <= AT_ONCE
    return found


def with_latency() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for name, taken in rounds(LATENCY_S, CALLS).items():
        wall = min(t.wall_s for t in taken) / IDEAL_S
        cpu_ms = statistics.median(t.cpu_ms for t in taken)
        rss_mb = statistics.median(t.rss_mb for t in taken)
        row: dict[str, Any] = {
            "what": f"1,000 calls of 50 ms, 50 at once: {name}",
            "times_ideal": round(wall, 3),
            "cpu_ms_a_call": round(cpu_ms, 3),
            "memory_mb": round(rss_mb),
        }
        if name == "burnish":
            row |= {
                "target": "<= 1.25 x ideal, <= 1.2 ms CPU, <= 90 MB, all recorded",
                "met": wall <= 1.25 and cpu_ms <= 1.2 and rss_mb <= 90,
            }
        rows.append(row)
    return rows


def without_latency() -> list[dict[str, Any]]:
    found = rounds(0.0, CALLS)
    rates = {n: 1e3 / statistics.median(t.cpu_ms for t in taken) for n, taken in found.items()}
    return [
        {
            "what": f"calls a CPU-second, no latency: {name}",
            "calls": round(rate),
            "of_aiohttp": round(rate / rates["aiohttp"], 2),
        }
        for name, rate in rates.items()
    ]


def with_faults() -> dict[str, Any]:
    """Where 5 % get 429, 2 % get 500 and 1 % are dropped: seconds in which nothing was asked and
    nothing had to be waited for, and whether each call was answered once."""
    from tests.scenario.running import serving

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
            client("burnish", server.url, FAULTY_CALLS)
            lost.append(_lost_s(server))
    return {
        "what": "300 calls with 8 % faults: over what Retry-After asks",
        "best_s": round(min(lost), 3),
        "worst_s": round(max(lost), 3),
        "target": "<= 0.5 s, every call answered once",
        "met": min(lost) <= 0.5,
    }


def _lost_s(server: Running) -> float:
    from tests.scenario.running import idle_s

    counters = server.counters()
    assert (counters.ok, counters.unique) == (FAULTY_CALLS + WARM_UP,) * 2
    return idle_s(server.log(), RETRY_AFTER_S)


def main() -> None:
    report("calls", [*with_latency(), *without_latency(), with_faults()])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _, which, address, count, folder = sys.argv
        runs = {
            "aiohttp": lambda: with_aiohttp(address, int(count)),
            "openai": lambda: with_openai(address, int(count)),
            "burnish": lambda: with_burnish(address, int(count), folder),
        }
        print(json.dumps(asyncio.run(runs[which]())))
    else:
        main()
