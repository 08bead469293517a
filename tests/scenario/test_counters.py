"""What is told of calls is what the provider counted: to the call, and to the token."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Run

import burnish
from burnish.errors import AllModelsFailed, CircuitOpen, ServerFault

from .running import Running, serving
from .server import Tokens

IDEA = "summarise support tickets for the weekly report in 5 bullets"
IDEAS = [f"write a short note on {what}" for what in ("rain", "bread", "trains", "lamps", "maps")]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """The same server under two names; one request in eight fails, which is tried again."""
    with serving(seed=2, broken=0.08, too_many=0.06, retry_after_s=0.05) as running:
        monkeypatch.setenv("OPENAI_BASE_URL", running.url)
        monkeypatch.setenv("OPENAI_API_KEY", "key-of-the-test")
        monkeypatch.setenv("BURNISH_MODELS__ACME__BASE_URL", running.url)
        yield running


async def a_mixed_day() -> None:
    async with burnish.open_async() as p:
        for _ in range(2):  # the second time from memory, as a new revision
            made = await p.generate(IDEA, model="openai:gpt-5-mini", count=3, name="mail/weekly")
            assert len(made.candidates) == 3
        # The judge answers what nobody asked for, again and again: the ranker chooses.
        picked = await p.generate(IDEAS[0], model="openai:gpt-5-mini", count=2, selector="acme:j")
        assert picked.choice is not None
        assert picked.choice.by == "ranker"
        await p.prompts.create("quiz/one", "Tell me about {{ what }}.")
        # Four at once are one call; each of another question is one of its own.
        await asyncio.gather(
            *(p.complete("quiz/one", {"what": "sun"}, model="acme:m") for _ in range(4)),
            *(p.complete("quiz/one", {"what": f"{n}"}, model="acme:m") for n in range(40)),
        )
        await p.complete("quiz/one", {"what": "sun"}, model="acme:m", fresh=True)
        answer = await p.complete(
            "quiz/one", {"what": "sea"}, model="acme:down-1", fallbacks=["openai:gpt-5-mini"]
        )
        assert [attempt.status for attempt in answer.attempts][:4] == [503] * 4
        with pytest.raises(ServerFault, match="503"):
            await p.complete("quiz/one", {"what": "sky"}, model="acme:down-2")
    # That provider rests now; for another platform it does not.
    async with burnish.open_async(models__max_retries=0) as p:
        with pytest.raises(AllModelsFailed):
            await p.complete(
                "quiz/one", {"what": "air"}, model="acme:down-1", fallbacks=["acme:down-2"]
            )


@pytest.mark.spec("MET-06")
def test_statistics_by_model_agree_with_the_server_s_own(
    server: Running, spawn: Run, tmp_path: Path
) -> None:
    asyncio.run(a_mixed_day())
    (tmp_path / "ideas.txt").write_text("\n".join(IDEAS), encoding="utf-8")
    batch = ("batch", "ideas.txt", "--model", "openai:gpt-5-mini", "--phases", "draft,refine")
    assert spawn(*batch).code == 0
    streamed = spawn("generate", IDEAS[1], "--model", "acme:s", "--stream")
    assert streamed.code == 0, streamed.err
    assert spawn(*batch, "--output", "again.jsonl").code == 0  # all remembered

    told = spawn("stats", "--by", "model", "--json")
    stats: dict[str, dict[str, Any]] = {
        each["group"].partition(":")[2]: each for each in json.loads(told.out)
    }
    models = server.counters().models
    counted = ("requests", "input_tokens", "output_tokens")
    assert {name: [each[field] for field in counted] for name, each in stats.items()} == {
        name: [getattr(each, field) for field in counted] for name, each in models.items()
    }
    # An answer that was asked of the model is a success, but for the judge's, which were no use.
    asked = {name: each["successes"] - each["cache_hits"] for name, each in stats.items()}
    assert asked == {name: each.answers for name, each in models.items()} | {"j": 0}
    _check_shape(stats, models)


def _check_shape(stats: dict[str, dict[str, Any]], models: dict[str, Tokens]) -> None:
    """The day held what it should: repeats, remembered answers, failures; one row a model."""
    assert set(models) == {"gpt-5-mini", "m", "j", "s", "down-1", "down-2"}
    order = [each["runs"] for each in stats.values()]
    assert order == sorted(order, reverse=True)
    assert stats["gpt-5-mini"]["retries"] > 0
    # Nine calls, and in the batch ten, came a second time.
    assert stats["gpt-5-mini"]["cache_hits"] == 9 + 10
    assert stats["m"]["cache_hits"] == 3
    assert stats["m"]["runs"] == 45
    assert (stats["j"]["requests"], stats["j"]["errors"]) == (4, 1)
    assert (stats["down-1"]["requests"], stats["down-1"]["errors"]) == (5, 2)
    # Its provider rested after the fifth fault in a row, the first of this model.
    assert (stats["down-2"]["requests"], stats["down-2"]["errors"]) == (2, 2)
    assert stats["down-1"]["avg_latency_ms"] is None


async def test_a_call_that_is_stopped_on_its_way_is_counted() -> None:
    with serving(latency_s=0.5) as server:
        async with burnish.open_async(models__acme__base_url=server.url) as p:
            await p.prompts.create("quiz/one", "Tell me about {{ what }}.")
            call = asyncio.ensure_future(p.complete("quiz/one", {"what": "rain"}, model="acme:m"))
            while not server.counters().received:  # noqa: ASYNC110 - of another process
                await asyncio.sleep(0.01)
            call.cancel()
            await asyncio.wait([call])
            while not (page := await p.runs.page()).items:  # noqa: ASYNC110 - nobody waits for it
                await asyncio.sleep(0.01)
        (run,) = page.items
        assert (run.requests, run.retries) == (1, 0)
        assert run.error == "cancelled: the call was stopped before its answer came"
        assert run.attempts[0].status == 0


async def test_a_fault_that_opens_the_circuit_is_what_the_run_says() -> None:
    with serving() as server:
        async with burnish.open_async(
            models__acme__base_url=server.url, models__breaker_failures=1
        ) as p:
            await p.prompts.create("quiz/one", "Tell me about {{ what }}.")
            for error in (ServerFault, CircuitOpen):
                with pytest.raises(error):
                    await p.complete("quiz/one", {"what": "rain"}, model="acme:down")
            never, once = (await p.runs.page()).items
        assert [(a.status, a.sent) for a in once.attempts] == [(503, True), (0, False)]
        assert once.error.startswith("server_fault")
        assert (once.requests, once.retries) == (1, 0)
        assert [(a.status, a.sent) for a in never.attempts] == [(0, False)]
        assert never.error.startswith("circuit_open")
        assert (never.requests, never.retries) == (0, 0)
        assert server.counters().received == 1
