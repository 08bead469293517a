"""Three hundred calls to a provider that limits, fails and hangs up."""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Iterator

import pytest

import burnish
from burnish import Answer

from .running import Running, idle_s, rests, serving
from .server import Served

CALLS, AT_ONCE = 300, 50
LATENCY_S, RETRY_AFTER_S = 0.05, 0.5
# The shortest and the longest wait before the first repeats of a fault that names no wait.
SHORTEST_S, LONGEST_S = (0.05, 0.1, 0.2), (0.1, 0.2, 0.4)


@pytest.fixture
def server() -> Iterator[Running]:
    with serving(
        latency_s=LATENCY_S,
        seed=4,
        too_many=0.05,
        broken=0.02,
        dropped=0.01,
        retry_after_s=RETRY_AFTER_S,
    ) as running:
        yield running


async def asked(p: burnish.AsyncPlatform) -> list[Answer]:
    await p.prompts.create("quiz/number", "Tell me what number {{ n }} stands for.")
    return await asyncio.gather(
        *(p.complete("quiz/number", {"n": str(n)}, model="acme:m") for n in range(CALLS))
    )


@pytest.mark.spec("MOD-09")
async def test_every_call_gets_its_answer_once_and_each_wait_is_kept(server: Running) -> None:
    async with burnish.open_async(
        models__acme__base_url=server.url, models__concurrency=AT_ONCE
    ) as p:
        answers = await asked(p)
        (stat,) = await p.stats("model")
        runs = (await p.runs.page(limit=1_000)).items
    log, counters = await asyncio.to_thread(server.log), await asyncio.to_thread(server.counters)
    faults = counters.received - counters.ok
    assert set(counters.outcomes) == {"ok", "429", "500", "drop"}

    # Each call has the answer to its own question, and the server answered none twice.
    assert [answer.text for answer in answers] == [
        f"You said: Tell me what number {n} stands for." for n in range(CALLS)
    ]
    assert (counters.ok, counters.unique, counters.repeated) == (CALLS, CALLS, 0)
    assert counters.received == CALLS + faults
    assert counters.in_flight_most <= AT_ONCE

    # What is recorded is what the server saw.
    assert len(runs) == len({run.id for run in runs}) == CALLS
    assert {run.id for run in runs} == {answer.run_id for answer in answers}
    assert sum(run.requests for run in runs) == counters.received
    assert sum(run.retries for run in runs) == faults
    tried = [str(attempt.status or "drop") for run in runs for attempt in run.attempts]
    assert {s: tried.count(s) for s in set(tried)} == {
        s.replace("ok", "200"): n for s, n in counters.outcomes.items()
    }
    assert (stat.runs, stat.successes, stat.requests) == (CALLS, CALLS, counters.received)

    _check_waits(log)
    # Neither waiting as told nor waiting for an answer. How little this is on a quiet machine,
    # benchmarks/calls.py tells; the slack is for a busy one, and a client that rests twice as
    # long as it is told passes it.
    slack_s = sum(LONGEST_S) + RETRY_AFTER_S * len(rests(log, RETRY_AFTER_S))
    assert idle_s(log, RETRY_AFTER_S) <= slack_s


def _check_waits(log: list[Served]) -> None:
    """By the server's own clock, on which a repeat can only come later than it was sent."""
    by_content: defaultdict[str, list[Served]] = defaultdict(list)
    for one in sorted(log, key=lambda one: one.received_at):
        by_content[one.key].append(one)
    for tries in by_content.values():
        for number, (one, again) in enumerate(itertools.pairwise(tries)):
            wait_s = RETRY_AFTER_S if one.outcome == "429" else SHORTEST_S[number]
            assert again.received_at - one.ended_at >= wait_s
    # Nobody else begins either: only what was on its way when the client read the answer. Without
    # a rest the server would get several times as many.
    for one in log:
        if one.outcome == "429":
            rest = (one.ended_at, one.ended_at + RETRY_AFTER_S)
            assert sum(rest[0] < other.received_at < rest[1] for other in log) <= AT_ONCE
