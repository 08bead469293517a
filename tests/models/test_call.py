"""The one way to a model: what is retried, limited, remembered, priced and recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.models.conftest import Bench, MakeBench, Named

from burnish.errors import (
    AllModelsFailed,
    BadReply,
    BudgetExceeded,
    CircuitOpen,
    ConnectionLost,
    KeyRefused,
    ModelFailed,
    ModelTimeout,
    OutputRejected,
    RateLimited,
    ServerFault,
    UsageError,
)
from burnish.models import prices
from burnish.models.budget import Budget
from burnish.models.model import ModelReply, ModelRequest, Usage
from burnish.models.question import Answer, Piece, Question
from burnish.prompts.prompt import Message
from burnish.settings import LimitSettings

pytestmark = pytest.mark.usefixtures("no_network")


def ask(text: str = "hello", model: str = "acme:m", **how: Any) -> Question:
    shape = {
        k: how.pop(k) for k in list(how) if k in ModelRequest.__struct_fields__ and k != "model"
    }
    parameters = ModelRequest(model="", messages=(), **shape)
    return Question(model=model, messages=(Message("user", text),), parameters=parameters, **how)


def reply(
    text: str, read: int | None = None, wrote: int | None = None, cached: int = 0
) -> ModelReply:
    return ModelReply(
        text=text, usage=Usage(input_tokens=read, output_tokens=wrote, cached_tokens=cached)
    )


def long_enough(text: str) -> str:
    return "" if len(text) > 8 else "it is too short"


def only_good(text: str) -> str:
    return "" if text == "good" else "no"


def never_good(text: str) -> str:
    return "bad"


class Timed(Named):
    """Notes when each call began, by the test's clock."""

    clock: Callable[[], float]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.began: list[float] = []

    async def complete(self, request: ModelRequest) -> ModelReply:
        self.began.append(self.clock())
        return await super().complete(request)


class Gated(Named):
    """Each question is answered, or fails, when the test opens the gate of its text."""

    def __init__(self, **ends: ModelFailed | None) -> None:
        super().__init__("acme")
        self._ends = ends
        self._gates = {text: asyncio.Event() for text in ends}
        self._asked = {text: asyncio.Event() for text in ends}

    async def complete(self, request: ModelRequest) -> ModelReply:
        text = request.messages[-1].content
        self._asked[text].set()
        await self._gates[text].wait()
        if error := self._ends[text]:
            raise error
        return await super().complete(request)

    async def begin(self, b: Bench, text: str) -> asyncio.Task[Answer]:
        task = asyncio.create_task(b.caller.complete(ask(text)))
        await self._asked[text].wait()
        return task

    async def end(self, text: str, task: asyncio.Task[Answer]) -> Answer:
        self._gates[text].set()
        return await task


@pytest.mark.spec("MOD-09")
class TestRetries:
    async def test_faults_that_pass_are_retried_with_growing_waits(self, bench: MakeBench) -> None:
        b = bench(
            Named("acme", ["fine"], faults=[ServerFault("500"), ConnectionLost("gone"), None])
        )
        answer = await b.caller.complete(ask())
        assert (answer.text, answer.retries, answer.requests) == ("fine", 2, 3)
        assert b.time.slept == [0.1, 0.2]
        (run,) = b.runs
        assert (run.output, run.retries, run.requests, run.error) == ("fine", 2, 3, "")
        assert [a.error.partition(":")[0] for a in run.attempts] == [
            "server_fault",
            "connection_lost",
            "",
        ]

    async def test_waits_have_jitter(self, bench: MakeBench) -> None:
        from burnish.models.attempts import Attempts

        waits: set[float] = set()
        for chance in (0.0, 0.5, 1.0):
            b = bench(Named("acme", ["fine"], faults=[ServerFault("500")]))
            attempts: Attempts = b.caller._attempts  # pyright: ignore[reportPrivateUsage]
            attempts._chance = lambda chance=chance: chance  # pyright: ignore[reportPrivateUsage]
            await b.caller.complete(ask())
            waits.add(round(b.time.slept[0], 4))
        assert waits == {0.05, 0.075, 0.1}

    @pytest.mark.parametrize("error", [KeyRefused("no"), ModelFailed("odd")])
    async def test_what_cannot_pass_is_not_retried(
        self, bench: MakeBench, error: ModelFailed
    ) -> None:
        model = Named("acme", faults=[error])
        b = bench(model)
        with pytest.raises(type(error)):
            await b.caller.complete(ask())
        assert len(model.requests) == 1
        assert b.runs[0].error.startswith(error.code)

    async def test_as_often_as_the_provider_s_setting_says(self, bench: MakeBench) -> None:
        model = Named("acme", faults=[ServerFault("500")] * 9)
        b = bench(model, limits=LimitSettings(max_retries=1), max_retries=7, breaker_failures=0)
        with pytest.raises(ServerFault):
            await b.caller.complete(ask())
        assert len(model.requests) == 2

    async def test_retry_after_slows_all_calls_with_that_key(self, bench: MakeBench) -> None:
        slow = RateLimited("slow down", retry_after_s=3)
        model = Named("acme", ["fine"], faults=[slow])
        b = bench(model, limits=LimitSettings(concurrency=1))
        first, second = await asyncio.gather(
            b.caller.complete(ask("one")), b.caller.complete(ask("two"))
        )
        assert first.text == second.text == "fine"
        assert b.time.slept == [3.0]
        assert b.time.now == 3.0
        assert len(model.requests) == 3

    async def test_after_a_rest_calls_leave_one_by_one(self, bench: MakeBench) -> None:
        model = Timed("acme", faults=[RateLimited("slow down", retry_after_s=3)])
        b = bench(model, limits=LimitSettings(concurrency=50))
        model.clock = b.time
        await asyncio.gather(*(b.caller.complete(ask(str(n))) for n in range(50)))
        first, *after = model.began
        assert (first, after[0], len(after)) == (0.0, 3.0, 50)
        assert after == sorted(set(after))
        assert after[-1] <= 3.25

    async def test_gaps_after_a_rest_have_jitter(self, bench: MakeBench) -> None:
        lasts: list[float] = []
        for chance in (0.0, 1.0):
            model = Timed("acme", faults=[RateLimited("slow down", retry_after_s=3)])
            b = bench(model, limits=LimitSettings(concurrency=50), chance=lambda c=chance: c)
            model.clock = b.time
            await asyncio.gather(*(b.caller.complete(ask(str(n))) for n in range(50)))
            lasts.append(model.began[-1] - 3)
        assert lasts == pytest.approx([0.1225, 0.245])

    async def test_after_a_rest_calls_leave_at_the_rate_of_their_limit(
        self, bench: MakeBench
    ) -> None:
        model = Timed("acme", faults=[RateLimited("slow down", retry_after_s=3)])
        limits = LimitSettings(concurrency=50, requests_per_minute=600)
        b = bench(model, limits=limits)
        model.clock = b.time
        await asyncio.gather(*(b.caller.complete(ask(str(n))) for n in range(30)))
        assert model.began[1:] == pytest.approx([3 + n / 10 for n in range(30)])

    async def test_a_rest_costs_no_turn_that_was_waited_for(self, bench: MakeBench) -> None:
        model = Timed("acme", faults=[RateLimited("slow down", retry_after_s=60)])
        b = bench(model, limits=LimitSettings(tokens_per_minute=600, concurrency=2))
        model.clock = b.time
        words = "word " * 100
        await asyncio.gather(*(b.caller.complete(ask(f"{n} {words}")) for n in range(2)))
        first, second, _ = model.began
        assert first > 9
        assert second == pytest.approx(first + 60, abs=0.25)

    async def test_the_last_try_of_a_call_slows_the_others_as_well(self, bench: MakeBench) -> None:
        model = Timed("acme", faults=[RateLimited("slow down", retry_after_s=3)])
        b = bench(model, max_retries=0)
        model.clock = b.time
        with pytest.raises(RateLimited):
            await b.caller.complete(ask("one"))
        await b.caller.complete(ask("two"))
        assert model.began == [0.0, 3.0]

    async def test_a_wait_longer_than_the_timeout_is_not_waited(self, bench: MakeBench) -> None:
        b = bench(Named("acme", faults=[RateLimited("tomorrow", retry_after_s=9_000)]))
        with pytest.raises(RateLimited, match="tomorrow"):
            await b.caller.complete(ask())
        assert b.time.slept == []

    async def test_an_adapter_that_hangs_is_ended(self, bench: MakeBench) -> None:
        model = Named("acme", latency_s=30)
        b = bench(model, limits=LimitSettings(timeout_s=0.01, max_retries=0), real_time=True)
        with pytest.raises(ModelTimeout, match=r"no answer in 0\.01 s"):
            await b.caller.complete(ask())
        assert model.in_flight == 0

    async def test_an_adapter_that_breaks_becomes_one_of_our_errors(self, bench: MakeBench) -> None:
        def broken(request: ModelRequest) -> str:
            raise KeyError("choices sk-abcdefghijklmnopqrstuvwx")

        b = bench(Named("acme", broken))
        with pytest.raises(ModelFailed, match="the adapter of acme failed: KeyError") as caught:
            await b.caller.complete(ask())
        assert "sk-abc" not in str(caught.value)


@pytest.mark.spec("GEN-24")
class TestBadAnswers:
    async def test_empty_twice_then_text(self, bench: MakeBench) -> None:
        b = bench(Named("acme", ["", "", "text"]))
        answer = await b.caller.complete(ask())
        assert (answer.text, b.runs[0].retries) == ("text", 2)

    async def test_four_empty_answers_end_in_one_typed_error(self, bench: MakeBench) -> None:
        b = bench(Named("acme", [""]))
        with pytest.raises(BadReply):
            await b.caller.complete(ask())
        assert [(r.requests, r.retries) for r in b.runs] == [(4, 3)]

    @pytest.mark.spec("GEN-25")
    async def test_an_answer_that_breaks_a_rule_is_asked_for_again(self, bench: MakeBench) -> None:
        model = Named("acme", ["short", "long enough"])
        b = bench(model)
        answer = await b.caller.complete(ask(check=long_enough))
        assert (answer.text, answer.retries, b.runs[0].valid) == ("long enough", 1, True)
        told = model.requests[1].messages
        assert [m.role for m in told] == ["user", "assistant", "user"]
        assert told[1].content == "short"
        assert "it is too short" in told[2].content

    async def test_what_never_passes_is_one_error_and_one_run(self, bench: MakeBench) -> None:
        b = bench(Named("acme", ["no"]))
        with pytest.raises(OutputRejected, match="4 answers that break a rule; the last: bad"):
            await b.caller.complete(ask(check=never_good))
        (run,) = b.runs
        assert (run.valid, run.requests, run.retries) == (False, 4, 3)
        assert not b.memory.kept


@pytest.mark.spec("MOD-08")
class TestFallbacks:
    async def test_the_second_answers_when_the_first_is_down(self, bench: MakeBench) -> None:
        down = Named("acme", faults=[ServerFault("503", status=503)] * 9)
        b = bench(down, Named("backup", ["here"]), max_retries=1)
        answer = await b.caller.complete(ask(fallbacks=("backup:b",)))
        assert (answer.text, answer.model) == ("here", "backup:b")
        failed, good = b.runs
        assert (failed.model, failed.requests, failed.error) == ("acme:m", 2, "server_fault: 503")
        assert (good.model, good.requests) == ("backup:b", 1)
        assert [(a.model, a.status) for a in good.attempts] == [
            ("acme:m", 503),
            ("acme:m", 503),
            ("backup:b", 200),
        ]

    async def test_one_error_lists_each_cause(self, bench: MakeBench) -> None:
        b = bench(
            Named("acme", faults=[KeyRefused("no key", model="acme:m")]),
            Named("backup", faults=[KeyRefused("wrong key", model="backup:b")]),
            fallbacks=("backup:b",),
        )
        with pytest.raises(AllModelsFailed, match="acme:m: no key; backup:b: wrong key") as caught:
            await b.caller.complete(ask())
        assert [type(cause) for cause in caught.value.causes] == [KeyRefused, KeyRefused]

    @pytest.mark.spec("MOD-15")
    async def test_a_provider_that_keeps_failing_rests(self, bench: MakeBench) -> None:
        model = Named("acme", ["back"], faults=[ServerFault("500")] * 3)
        b = bench(model, max_retries=0, breaker_failures=3, breaker_rest_s=30.0)
        for text in "abc":
            with pytest.raises(ServerFault):
                await b.caller.complete(ask(text))
        with pytest.raises(CircuitOpen, match="failed 3 times in a row"):
            await b.caller.complete(ask("d"))
        assert len(model.requests) == 3
        assert b.runs[-1].requests == 0
        b.time.now += 31
        assert (await b.caller.complete(ask("e"))).text == "back"

    async def test_of_a_resting_provider_one_call_tries_first(self, bench: MakeBench) -> None:
        model = Named("acme", faults=[ServerFault("500")] * 2, latency_s=0.01)
        b = bench(model, max_retries=0, breaker_failures=1)
        with pytest.raises(ServerFault):
            await b.caller.complete(ask("a"))
        b.time.now += 31
        results = await asyncio.gather(
            *(b.caller.complete(ask(text)) for text in "bcd"), return_exceptions=True
        )
        kinds = sorted(type(result).__name__ for result in results)
        assert kinds == ["CircuitOpen", "CircuitOpen", "ServerFault"]

    @pytest.mark.spec("MOD-15")
    @pytest.mark.parametrize(
        ("opens", "later"),
        [
            (ServerFault("500"), KeyRefused("no")),
            (RateLimited("rest", retry_after_s=999), ServerFault("500")),
        ],
    )
    async def test_an_older_call_that_fails_lets_nobody_in_beside_the_one_that_tries(
        self, bench: MakeBench, opens: ModelFailed, later: ModelFailed
    ) -> None:
        model = Gated(older=later, failing=opens, trying=None, another=None)
        failures = 1 if isinstance(opens, ServerFault) else 3
        b = bench(model, max_retries=1, breaker_failures=failures)
        older, failing = await model.begin(b, "older"), await model.begin(b, "failing")
        with pytest.raises(type(opens)):
            await model.end("failing", failing)
        b.time.now += 1_000
        trying = await model.begin(b, "trying")
        with pytest.raises(type(later)):
            await model.end("older", older)
        with pytest.raises(CircuitOpen):
            await model.end("another", asyncio.create_task(b.caller.complete(ask("another"))))
        assert (await model.end("trying", trying)).text == "trying"


@pytest.mark.spec("MOD-10")
class TestLimits:
    async def test_never_more_at_once_than_the_limit(self, bench: MakeBench) -> None:
        model = Named("acme", latency_s=0.005)
        b = bench(model, limits=LimitSettings(concurrency=2))
        await asyncio.gather(*(b.caller.complete(ask(str(n))) for n in range(9)))
        assert model.most_in_flight == 2

    async def test_requests_a_minute(self, bench: MakeBench) -> None:
        b = bench(Named("acme"), limits=LimitSettings(requests_per_minute=60, concurrency=1))
        for n in range(4):
            await b.caller.complete(ask(str(n)))
        assert b.time.now == pytest.approx(3.0)

    async def test_tokens_a_minute(self, bench: MakeBench) -> None:
        b = bench(Named("acme"), limits=LimitSettings(tokens_per_minute=600, concurrency=1))
        for n in range(3):
            await b.caller.complete(ask(f"{n} " + "word " * 100))
        assert b.time.now > 20

    async def test_a_cancelled_wait_keeps_no_place(self, bench: MakeBench) -> None:
        model = Named("acme", latency_s=0.02)
        b = bench(model, limits=LimitSettings(concurrency=1), real_time=True)
        calls = [asyncio.ensure_future(b.caller.complete(ask(str(n)))) for n in range(5)]
        await asyncio.sleep(0.005)
        for call in calls[:4]:
            call.cancel()
        assert (await calls[4]).text == "4"
        await asyncio.gather(*calls, return_exceptions=True)
        assert model.in_flight == 0


@pytest.mark.spec("MOD-12")
class TestBudget:
    async def test_a_call_that_could_pass_the_bound_is_not_made(self, bench: MakeBench) -> None:
        model = Named("openai", ["fine"])
        b = bench(model)
        budget = Budget(max_cost_usd=0.001)
        with pytest.raises(BudgetExceeded, match="openai:gpt-5-mini could bring the cost to"):
            await b.caller.complete(
                ask(model="openai:gpt-5-mini", max_tokens=100_000, budget=budget)
            )
        assert not model.requests
        assert b.runs[0].requests == 0
        answer = await b.caller.complete(
            ask(model="openai:gpt-5-mini", max_tokens=100, budget=budget)
        )
        assert answer.cost_usd == pytest.approx(budget.spent_usd)

    async def test_calls_at_once_cannot_pass_it_together(self, bench: MakeBench) -> None:
        model = Named("openai", [reply("x", 10, 100)], latency_s=0.01)
        b = bench(model)
        budget = Budget(max_cost_usd=0.0009)
        calls = (
            b.caller.complete(ask(str(n), "openai:gpt-5-mini", max_tokens=200, budget=budget))
            for n in range(5)
        )
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert sum(isinstance(r, BudgetExceeded) for r in results) == 3
        assert budget.spent_usd <= 0.0009

    async def test_an_unknown_price_cannot_keep_to_a_bound(self, bench: MakeBench) -> None:
        b = bench(Named("acme"))
        with pytest.raises(BudgetExceeded, match="the price of acme:m is unknown"):
            await b.caller.complete(ask(budget=Budget(max_cost_usd=1)))

    async def test_without_the_table_prices_are_unknown_and_a_bound_says_how_to_get_it(
        self, bench: MakeBench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def nothing(name: str) -> None:
            assert name == "genai_prices"

        monkeypatch.setattr(prices, "find_spec", nothing)
        b = bench(Named("openai", [reply("fine", 10, 10)]))
        assert (await b.caller.complete(ask(model="openai:gpt-5-mini"))).cost_usd is None
        with pytest.raises(BudgetExceeded) as refused:
            await b.caller.complete(
                ask("again", model="openai:gpt-5-mini", budget=Budget(max_cost_usd=1))
            )
        assert "burnish[prices]" in refused.value.hint

    async def test_a_bound_on_calls_counts_retries_too(self, bench: MakeBench) -> None:
        model = Named("acme", faults=[ServerFault("500")] * 9)
        b = bench(model, breaker_failures=0)
        with pytest.raises(BudgetExceeded, match="number 3; 2 are allowed"):
            await b.caller.complete(ask(budget=Budget(max_calls=2)))
        assert len(model.requests) == 2

    async def test_a_call_s_own_time_is_told_without_its_waits(self, bench: MakeBench) -> None:
        """Not the wait for a turn in the process, nor tries that failed before."""
        answer = msgspec.structs.replace(reply("fine"), waited_ms=1e6)
        b = bench(Named("acme", [answer, reply("so")], faults=[ServerFault("500")]))
        waited, asked = await b.caller.complete(ask()), await b.caller.complete(ask(text="other"))
        assert (waited.model_ms, waited.retries) == (0.0, 1)
        assert waited.latency_ms > 0
        assert asked.model_ms == asked.attempts[-1].latency_ms
        assert asked.model_ms
        assert 0 < asked.model_ms < asked.latency_ms

    async def test_what_is_remembered_costs_nothing(self, bench: MakeBench) -> None:
        b = bench(Named("acme"))
        await b.caller.complete(ask())
        assert (await b.caller.complete(ask(budget=Budget(max_calls=1)))).cached


class TestCache:
    @pytest.mark.spec("CAC-01")
    async def test_the_second_time_no_call_is_made(self, bench: MakeBench) -> None:
        model = Named("openai", [reply("fine", 1_000, 500)])
        b = bench(model)
        question = ask(model="openai:gpt-5-mini")
        first, second = await b.caller.complete(question), await b.caller.complete(question)
        assert len(model.requests) == 1
        assert (second.text, second.cached, second.cost_usd) == ("fine", True, 0.0)
        # What it once cost and took is still told.
        assert second.first_cost_usd == first.cost_usd
        assert first.cost_usd
        assert second.model_ms == first.model_ms
        assert first.run_id != second.run_id
        assert [(r.cached, r.requests, r.output_tokens) for r in b.runs] == [
            (False, 1, 500),
            (True, 0, 0),
        ]

    @pytest.mark.spec("CAC-02")
    @pytest.mark.parametrize(
        "other",
        [
            {"text": "hello "},
            {"model": "acme:n"},
            {"temperature": 0.701},
            {"max_tokens": 101},
            {"top_p": 0.5},
            {"seed": 1},
            {"stop": ("x",)},
            {"schema": {"type": "object"}},
            {"tools": ({"name": "f"},)},
            {"tool_choice": "auto"},
            {"extra": {"user": "u"}},
            {"sample": 1},
            {"fallbacks": ("acme:z",)},
        ],
    )
    async def test_the_key_covers_the_whole_request(
        self, bench: MakeBench, other: dict[str, Any]
    ) -> None:
        model = Named("acme", ["fine"])
        b = bench(model)
        usual: dict[str, Any] = {"temperature": 0.7, "max_tokens": 100}
        await b.caller.complete(ask(**usual))
        await b.caller.complete(ask(**usual))
        assert len(model.requests) == 1
        await b.caller.complete(ask(**(usual | other)))
        assert len(model.requests) == 2

    @pytest.mark.spec("CAC-02")
    async def test_a_system_text_is_part_of_the_key_and_parts_do_not_run_together(
        self, bench: MakeBench
    ) -> None:
        model = Named("acme", ["fine"])
        b = bench(model)
        for messages in (
            (Message("system", "a"), Message("user", "b")),
            (Message("system", "ab"), Message("user", "")),
            (Message("user", "a"), Message("user", "b")),
        ):
            await b.caller.complete(Question(model="acme:m", messages=messages))
        assert len(model.requests) == 3

    @pytest.mark.spec("CAC-07")
    async def test_ten_at_once_are_one_call(self, bench: MakeBench) -> None:
        model = Named("acme", ["fine"], latency_s=0.01)
        b = bench(model)
        answers = await asyncio.gather(*(b.caller.complete(ask()) for _ in range(10)))
        assert len(model.requests) == 1
        assert {a.text for a in answers} == {"fine"}
        assert len({a.run_id for a in answers}) == 10
        assert sum(r.requests for r in b.runs) == 1
        assert sum(r.cached for r in b.runs) == 9

    async def test_one_of_several_may_leave(self, bench: MakeBench) -> None:
        model = Named("acme", ["fine"], latency_s=0.02)
        b = bench(model)
        first, second = (asyncio.ensure_future(b.caller.complete(ask())) for _ in range(2))
        await asyncio.sleep(0.005)
        first.cancel()
        assert (await second).text == "fine"
        assert len(model.requests) == 1

    async def test_when_all_have_left_the_call_is_stopped(self, bench: MakeBench) -> None:
        model = Named("acme", ["fine"], latency_s=30)
        b = bench(model)
        calls = [asyncio.ensure_future(b.caller.complete(ask())) for _ in range(2)]
        await asyncio.sleep(0.005)
        assert model.in_flight == 1
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        await asyncio.sleep(0)
        assert model.in_flight == 0

    async def test_errors_are_not_remembered(self, bench: MakeBench) -> None:
        b = bench(Named("acme", ["fine"], faults=[KeyRefused("no"), None]))
        with pytest.raises(KeyRefused):
            await b.caller.complete(ask())
        assert (await b.caller.complete(ask())).text == "fine"

    async def test_fresh_asks_again(self, bench: MakeBench) -> None:
        model = Named("acme", ["one", "two"])
        b = bench(model)
        await b.caller.complete(ask())
        assert (await b.caller.complete(ask(fresh=True))).text == "two"
        assert (await b.caller.complete(ask())).text == "two"


@pytest.mark.spec("MOD-11")
class TestCost:
    async def test_tokens_and_cost_are_recorded(self, bench: MakeBench) -> None:
        b = bench(Named("openai", [reply("fine", 1_200, 300, cached=100)]))
        await b.caller.complete(ask(model="openai:gpt-5-mini"))
        (run,) = b.runs
        assert (run.input_tokens, run.output_tokens, run.cached_tokens) == (1_200, 300, 100)
        assert run.cost_usd == pytest.approx(0.0008775)
        assert not run.estimated

    async def test_the_price_is_the_table_s_own(self, bench: MakeBench) -> None:
        from genai_prices import Usage as Tokens
        from genai_prices import calc_price

        for provider, table, name in (
            ("openai", "openai", "gpt-4o-mini"),
            ("anthropic", "anthropic", "claude-haiku-4-5"),
            ("gemini", "google", "gemini-2.5-flash"),
            ("xai", "x-ai", "grok-4.7"),  # priced by length
            ("groq", "groq", "openai/gpt-oss-120b"),
        ):
            for read in (1_000, 300_000):
                b = bench(Named(provider, [reply("fine", read, 700, cached=60)]))
                answer = await b.caller.complete(ask(model=f"{provider}:{name}"))
                tokens = Tokens(input_tokens=read, output_tokens=700, cache_read_tokens=60)
                oracle = calc_price(tokens, model_ref=name, provider_id=table).total_price
                assert answer.cost_usd == pytest.approx(float(oracle), rel=1e-9)

    async def test_an_unknown_price_is_unknown(self, bench: MakeBench) -> None:
        b = bench(Named("acme", [reply("fine", 10, 10)]))
        assert (await b.caller.complete(ask())).cost_usd is None
        assert b.runs[0].cost_usd is None

    async def test_refused_answers_are_paid_for(self, bench: MakeBench) -> None:
        b = bench(Named("openai", [reply("bad", 100, 100), reply("good", 200, 100)]))
        question = ask(model="openai:gpt-5-mini", check=only_good)
        answer = await b.caller.complete(question)
        assert (answer.usage.input_tokens, answer.usage.output_tokens) == (300, 200)

    async def test_usage_that_is_not_told_is_estimated_and_learnt(self, bench: MakeBench) -> None:
        text = "one two three four five six seven eight nine ten"
        model = Named("acme", [reply(text, 10, 20), reply(text), reply(text, 0, 0)])
        b = bench(model)
        for n in range(3):
            await b.caller.complete(ask(str(n)))
        told, guessed, zero = b.runs
        assert (told.estimated, guessed.estimated, zero.estimated) == (False, True, True)
        assert guessed.output_tokens == zero.output_tokens == 20  # twice the plain estimate


class TestStream:
    async def test_pieces_come_before_the_end_and_join_into_the_answer(
        self, bench: MakeBench
    ) -> None:
        b = bench(Named("acme", ["one two three"]))
        pieces = [piece async for piece in b.caller.stream(ask())]
        assert len(pieces) > 2
        assert "".join(p.text for p in pieces) == "one two three"
        assert pieces[-1].answer is not None
        assert pieces[-1].answer.text == "one two three"

    async def test_a_stream_that_breaks_off_begins_again(self, bench: MakeBench) -> None:
        b = bench(Named("acme", ["fine"], faults=[ConnectionLost("gone"), None]))
        pieces = [piece async for piece in b.caller.stream(ask())]
        restart = next(n for n, piece in enumerate(pieces) if piece.restart)
        assert "gone" in pieces[restart].restart
        assert "".join(p.text for p in pieces[restart:]) == "fine"

    async def test_what_is_remembered_is_streamed_too(self, bench: MakeBench) -> None:
        model = Named("acme", ["one two"])
        b = bench(model)
        await b.caller.complete(ask())
        pieces: list[Piece] = [piece async for piece in b.caller.stream(ask())]
        assert "".join(p.text for p in pieces) == "one two"
        assert pieces[-1].answer is not None
        assert pieces[-1].answer.cached
        assert len(model.requests) == 1

    async def test_leaving_early_stops_the_call(self, bench: MakeBench) -> None:
        model = Named("acme", ["a b c d e f"], latency_s=0.005)
        b = bench(model)
        stream = b.caller.stream(ask())
        async for _ in stream:
            break
        await stream.aclose()
        assert model.in_flight == 0


async def test_hooks_see_each_call_and_attempt_but_no_text(bench: MakeBench) -> None:
    b = bench(Named("acme", ["secret text"], faults=[ServerFault("500"), None]))
    answer = await b.caller.complete(ask("my secret text"))
    kinds = [event.kind for event in b.events]
    assert kinds == ["begin", "attempt", "attempt", "end"]
    assert {event.run_id for event in b.events} == {answer.run_id}
    assert "secret" not in repr(b.events)


async def test_a_run_says_who_asked_what_of_which_model(bench: MakeBench) -> None:
    b = bench(Named("acme", ["fine"]))
    await b.caller.complete(
        ask(
            "hi",
            temperature=0.3,
            kind="evaluate",
            prompt="ops/x",
            phase="draft",
            trace_id="t",
            parent_id="p",
        )
    )
    (run,) = b.runs
    assert (run.kind, run.prompt, run.phase, run.trace_id, run.parent_id, run.who) == (
        "evaluate",
        "ops/x",
        "draft",
        "t",
        "p",
        "ana",
    )
    assert run.parameters == {"temperature": 0.3}
    assert run.input == (Message("user", "hi"),)


async def test_an_unknown_provider_or_model_says_what_is_right(bench: MakeBench) -> None:
    b = bench(Named("acme"))
    for name, what in (
        ("opnai:x", "did you mean openai"),
        ("acme", "'acme' names no model"),
        ("openai:gpt-5-mini", "OPENAI_API_KEY is not set"),
    ):
        with pytest.raises(UsageError, match=what):
            await b.caller.complete(ask(model=name))


class TestTogether:
    async def test_a_probe_that_is_not_made_frees_the_provider(self, bench: MakeBench) -> None:
        model = Named("openai", [reply("fine", 1, 1)], faults=[ServerFault("500")])
        b = bench(model, max_retries=0, breaker_failures=1)
        name = "openai:gpt-5-mini"
        with pytest.raises(ServerFault):
            await b.caller.complete(ask("a", name))
        b.time.now += 31
        with pytest.raises(BudgetExceeded):
            await b.caller.complete(ask("b", name, budget=Budget(max_cost_usd=1e-9)))
        assert (await b.caller.complete(ask("c", name))).text == "fine"

    async def test_calls_with_the_same_rule_share_one_call_and_its_end(
        self, bench: MakeBench
    ) -> None:
        model = Named("acme", ["no"], latency_s=0.005)
        b = bench(model)
        calls = (b.caller.complete(ask(check=never_good)) for _ in range(10))
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert {type(result) for result in results} == {OutputRejected}
        assert len(model.requests) == 4
        assert (len(b.runs), sum(run.requests for run in b.runs)) == (10, 4)

    async def test_another_rule_is_another_call(self, bench: MakeBench) -> None:
        model = Named("acme", ["a text"], latency_s=0.005)
        b = bench(model)
        free, bound = await asyncio.gather(
            b.caller.complete(ask()),
            b.caller.complete(ask(check=only_good)),
            return_exceptions=True,
        )
        assert not isinstance(free, BaseException)
        assert isinstance(bound, OutputRejected)

    async def test_a_stand_in_s_answer_is_kept_as_its_own(self, bench: MakeBench) -> None:
        first = Named("acme", ["first"], faults=[ServerFault("503")] * 2)
        second = Named("backup", ["second"])
        b = bench(first, second, fallbacks=("backup:b",), max_retries=0, breaker_failures=0)
        assert [(await b.caller.complete(ask())).text for _ in range(3)] == [
            "second",
            "second",
            "first",
        ]
        assert len(second.requests) == 1


class TestOddAnswers:
    @pytest.mark.parametrize(
        "usage", [Usage(input_tokens=-5, output_tokens=2**70), Usage(input_tokens=0)]
    )
    async def test_counts_that_cannot_be_are_estimated(
        self, bench: MakeBench, usage: Usage
    ) -> None:
        b = bench(Named("acme", [ModelReply(text="some words to count here", usage=usage)]))
        await b.caller.complete(ask())
        (run,) = b.runs
        assert run.estimated
        assert 0 < run.output_tokens < 100

    async def test_characters_that_no_store_keeps_are_replaced(self, bench: MakeBench) -> None:
        b = bench(Named("acme", ["a\0b\udc80c"]))
        assert (await b.caller.complete(ask())).text == "a\ufffdb\ufffdc"
        with pytest.raises(UsageError, match="half of a surrogate pair"):
            await b.caller.complete(ask("\udc80"))

    async def test_a_call_that_ran_out_of_time_may_have_cost(self, bench: MakeBench) -> None:
        model = Named("openai", latency_s=9)
        limits = LimitSettings(timeout_s=0.01, max_retries=0)
        b = bench(model, limits=limits, real_time=True)
        budget = Budget(max_cost_usd=1)
        with pytest.raises(ModelTimeout):
            await b.caller.complete(ask("x", "openai:gpt-5-mini", max_tokens=1_000, budget=budget))
        assert b.runs[0].cost_usd is None
        assert budget.spent_usd > 0.001

    async def test_an_observer_that_fails_ends_no_call(self, bench: MakeBench) -> None:
        b = bench(Named("acme", ["fine"]))

        def broken(event: object) -> None:
            raise ValueError("mine")

        b.caller._observers = (broken,)  # pyright: ignore[reportPrivateUsage]
        assert (await b.caller.complete(ask())).text == "fine"

    async def test_closing_stops_calls_and_records_them(self, bench: MakeBench) -> None:
        model = Named("acme", latency_s=30)
        b = bench(model, real_time=True)
        call = asyncio.ensure_future(b.caller.complete(ask()))
        await asyncio.sleep(0.01)
        await b.caller.close()
        with pytest.raises(UsageError, match="closed meanwhile"):
            await call
        await asyncio.sleep(0.01)
        assert model.in_flight == 0
        assert [run.error.partition(":")[0] for run in b.runs] == ["cancelled"]
