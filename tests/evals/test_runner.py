"""Every answer once: what is there is not asked for again, whatever ended the run before."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec import structs

from burnish.errors import BudgetExceeded, BurnishError, ServerFault, StoreError
from burnish.evals.answering import mean_of, passed
from burnish.evals.prepared import Prepared
from burnish.evals.runner import Bench, Run
from burnish.evals.scored import Answered, Scorer
from burnish.evals.tally import Tally
from burnish.models.model import ModelRequest, Usage
from burnish.models.question import Answer
from burnish.prompts.prompt import Message, Variable
from burnish.prompts.render import Renderer
from burnish.storage.evaluation import Evaluation, Evaluations, Numbered
from burnish.storage.example import Example, ScorerSpec
from burnish.storage.result import Result, Score
from burnish.storage.sqlite import open_sqlite
from burnish.storage.store import Store

AT = datetime(2026, 1, 2, tzinfo=UTC)
TOPIC = Variable(name="topic")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[Store]:
    opened = await open_sqlite(tmp_path / "store.sqlite")
    yield opened
    await opened.close()


def prepared(name: str, text: str = "About {{ topic }}") -> Prepared:
    return Prepared(
        reference=f"{name}@1",
        name=name,
        version_id=f"id of {name}",
        messages=(Message("user", text),),
        variables=(TOPIC,),
        parameters=ModelRequest(model="", messages=()),
    )


class Equal:
    """Whether the answer is what the example expects."""

    async def score(self, answered: Answered) -> Score:
        right = answered.output == answered.example.expected
        return Score(metric="equal", value=float(right), passed=right)


Reply = Callable[[str, str], Answer | BurnishError]


def _upper(_model: str, text: str) -> Answer:
    return Answer(run_id="r", model="fake:x", text=text.upper())


class World:
    """A model without a model, which counts what it is asked."""

    def __init__(self, store: Evaluations, answer: Reply | None = None) -> None:
        self.store = store
        self.asked: Counter[tuple[str, str, int]] = Counter()
        self.in_flight = self.most_in_flight = 0
        self.answer: Reply = answer or _upper
        self.made: list[ScorerSpec] = []

    async def ask(
        self, prepared: Prepared, model: str, messages: tuple[Message, ...], repeat: int
    ) -> Answer:
        del prepared
        self.asked[model, messages[0].content, repeat] += 1
        self.in_flight += 1
        self.most_in_flight = max(self.in_flight, self.most_in_flight)
        try:
            await asyncio.sleep(0.001)
            found = self.answer(model, messages[0].content)
        finally:
            self.in_flight -= 1
        if isinstance(found, BurnishError):
            raise found
        return found

    def scorer(self, spec: ScorerSpec) -> Scorer:
        self.made.append(spec)
        return Equal()

    async def run(
        self,
        evaluation: Evaluation,
        examples: Sequence[Example],
        prompts: Sequence[Prepared] = (),
        told: Callable[[Tally], Awaitable[None]] | None = None,
    ) -> tuple[str, Run]:
        async def nobody(_: Tally) -> None: ...

        async def each() -> AsyncIterator[Example]:
            for example in examples:
                yield example

        with Renderer() as renderer:
            bench = Bench(store=self.store, renderer=renderer, ask=self.ask, scorer=self.scorer)
            made = prompts or [prepared(ref.partition("@")[0]) for ref in evaluation.prompts]
            run = Run(evaluation, made, bench, told=told or nobody)
            return await run.run(each(), await self.store.counts(evaluation.id)), run


def some(count: int) -> list[Example]:
    return [
        Example(id=f"e{n}", inputs={"topic": f"t{n}", "other": 1}, expected=f"ABOUT T{n}")
        for n in range(count)
    ]


async def begun(store: Store, **fields: Any) -> Evaluation:
    given: dict[str, Any] = {
        "id": "01970000-0000-7000-8000-000000000001",
        "prompts": ("a@1",),
        "models": ("fake:x", "fake:y"),
        "dataset": "d@1",
        "examples": 10,
        "repeats": 2,
        "scorers": (ScorerSpec(name="equal"),),
        "concurrency": 4,
        "created_at": AT,
    }
    evaluation = Evaluation(**(given | fields))
    await store.evaluations.add(evaluation)
    return evaluation


async def results(store: Store, evaluation: Evaluation) -> list[Result]:
    return [each async for each in store.evaluations.results(evaluation.id)]


async def test_each_prompt_model_example_and_repeat_is_asked_once(store: Store) -> None:
    evaluation = await begun(store, prompts=("a@1", "b@1"))
    world = World(store.evaluations)
    prompts = [prepared("a"), prepared("b", "On {{ topic }}")]
    assert (await world.run(evaluation, some(10), prompts))[0] == ""
    assert len(world.asked) == world.asked.total() == evaluation.size == 80
    assert 1 < world.most_in_flight <= 4
    found = await results(store, evaluation)
    cells = {(r.prompt, r.model, r.example, r.repeat) for r in found}
    assert len(cells) == len(found) == 80
    assert {r.passed for r in found if r.prompt == "a@1"} == {True}
    assert {(r.passed, r.score) for r in found if r.prompt == "b@1"} == {(False, 0.0)}
    # All of an example stand together.
    assert [r.example for r in found] == [f"e{n}" for n in range(10) for _ in range(8)]
    assert len(world.made) == 1


async def test_a_run_that_was_stopped_goes_on_where_it_stood(store: Store) -> None:
    evaluation = await begun(store, examples=40)
    first = World(store.evaluations)
    stop = asyncio.Event()

    async def told(tally: Tally) -> None:
        if tally.done >= 50:
            stop.set()

    task = asyncio.create_task(first.run(evaluation, some(40), told=told))
    await asyncio.wait_for(stop.wait(), 20)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    there = await store.evaluations.cells(evaluation.id)
    assert 50 <= len(there) < 160
    second = World(store.evaluations)
    _, run = await second.run(evaluation, some(40))
    assert second.asked.total() == 160 - len(there)
    assert (run.tally.done, run.tally.total) == (160, 160)
    assert await store.evaluations.cells(evaluation.id) == list(range(160))


async def test_a_model_that_fails_sinks_no_other(store: Store) -> None:
    evaluation = await begun(store)

    def answer(model: str, text: str) -> Answer | BurnishError:
        if model == "fake:y":
            return ServerFault("the provider is down")
        return Answer(
            run_id="r",
            model="fake:x",
            text=text.upper(),
            usage=Usage(input_tokens=3, output_tokens=2),
        )

    _, run = await World(store.evaluations, answer).run(evaluation, some(10))
    found = await results(store, evaluation)
    good = [r for r in found if r.model == "fake:x"]
    bad = [r for r in found if r.model == "fake:y"]
    assert (len(good), len(bad), run.tally.failed) == (20, 20, 20)
    assert all(r.passed and r.output_tokens == 2 for r in good)
    assert {r.error for r in bad} == {"server_fault: the provider is down"}
    assert {(r.score, r.passed) for r in bad} == {(None, None)}


async def test_an_example_that_does_not_fit_the_prompt_says_so_and_the_rest_goes_on(
    store: Store,
) -> None:
    evaluation = await begun(store, models=("fake:x",), repeats=1)
    examples = some(10)
    examples[3] = structs.replace(examples[3], inputs={"subject": "no topic"})
    await World(store.evaluations).run(evaluation, examples)
    found = await results(store, evaluation)
    assert "topic" in found[3].error
    assert "does not fit the prompt" in found[3].error
    assert sum(r.passed is True for r in found) == 9


async def test_values_are_never_rendered(store: Store) -> None:
    evaluation = await begun(store, models=("fake:x",), repeats=1, examples=1)
    world = World(store.evaluations)
    await world.run(evaluation, [Example(id="e", inputs={"topic": "{{ topic }} {% raw %}"})])
    assert list(world.asked) == [("fake:x", "About {{ topic }} {% raw %}", 0)]


async def test_money_ends_a_run_and_what_was_paid_for_is_there(store: Store) -> None:
    evaluation = await begun(store, models=("fake:x",), repeats=1, examples=30)
    left = [12]

    def answer(_model: str, text: str) -> Answer | BurnishError:
        left[0] -= 1
        if left[0] < 0:
            return BudgetExceeded("the next call could pass the bound")
        return Answer(run_id="r", model="fake:x", text=text, cost_usd=0.01)

    stop, run = await World(store.evaluations, answer).run(evaluation, some(30))
    assert (stop, run.dear) == ("cost", "the next call could pass the bound")
    assert len(await results(store, evaluation)) == 12
    assert run.tally.cost_usd == pytest.approx(0.12)


async def test_money_that_a_judge_would_spend_ends_a_run_too(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluation = await begun(store, models=("fake:x",), repeats=1, examples=30)

    class Dear:
        """Asks a model for a verdict while there is money for it."""

        left = 12

        async def score(self, answered: Answered) -> Score:
            await asyncio.sleep(0)
            self.left -= 1
            if self.left < 0:
                raise BudgetExceeded("the next call could pass the bound")
            return Score(metric="judge", value=1.0, passed=True)

    world, judge = World(store.evaluations), Dear()

    def made(_: ScorerSpec) -> Scorer:
        return judge

    monkeypatch.setattr(world, "scorer", made)
    stop, run = await world.run(evaluation, some(30))
    assert (stop, run.dear) == ("cost", "the next call could pass the bound")
    found = await results(store, evaluation)
    assert [result.score for result in found] == [1.0] * 12


async def test_a_call_waits_where_only_what_is_set_aside_passes_the_bound(store: Store) -> None:
    evaluation = await begun(store, models=("fake:x",), repeats=1, examples=20)
    world = World(store.evaluations)
    # As a budget does: only one call at once is within it, though all together are.

    def answer(_model: str, text: str) -> Answer | BurnishError:
        if world.in_flight > 1:
            return BudgetExceeded("the next call could pass the bound")
        return Answer(run_id="r", model="fake:x", text=text)

    world.answer = answer
    assert (await world.run(evaluation, some(20)))[0] == ""
    assert len(await results(store, evaluation)) == 20


async def test_results_that_cannot_be_kept_end_the_run(store: Store) -> None:
    evaluation = await begun(store, examples=200)

    class Full:
        """A store whose disk fills up."""

        puts = 0

        def __getattr__(self, name: str) -> Any:
            return getattr(store.evaluations, name)

        async def put(self, evaluation_id: str, results: Sequence[Numbered]) -> None:
            self.puts += 1
            if self.puts > 2:
                raise StoreError("the disk is full", hint="free some space")
            await store.evaluations.put(evaluation_id, results)

    world = World(cast("Evaluations", Full()))
    with pytest.raises(StoreError, match="disk is full"):
        await world.run(evaluation, some(200))
    assert 0 < len(await results(store, evaluation)) < 800
    assert world.asked.total() < 800


async def test_what_no_store_can_keep_is_kept_as_near_as_can_be(store: Store) -> None:
    evaluation = await begun(store, models=("fake:x",), repeats=1, examples=1)
    world = World(
        store.evaluations, lambda _m, _t: Answer(run_id="r", model="fake:x", text="a\0b\ud800c")
    )
    await world.run(evaluation, some(1))
    assert [r.output for r in await results(store, evaluation)] == ["a\ufffdb\ufffdc"]


def test_a_score_that_could_not_be_told_is_not_zero() -> None:
    right = Score(metric="a", value=1.0, passed=True, weight=3.0)
    wrong = Score(metric="b", value=0.0, passed=False)
    shown = Score(metric="c", value=0.0, passed=False, weight=0.0)
    lost = Score(metric="d", value=None, passed=False, error="the judge said nothing")
    assert (mean_of((right, wrong, shown)), passed((right, shown))) == (0.75, True)
    assert (mean_of((right, lost)), passed((right, lost))) == (None, None)
    assert (mean_of((shown,)), passed(())) == (None, None)


async def test_the_leader_of_many_columns_is_right_at_the_end(store: Store) -> None:
    names = tuple(f"p{n}@1" for n in range(40))
    evaluation = await begun(store, prompts=names, models=("fake:x",), repeats=1, examples=3)
    prompts = [
        prepared(
            name.partition("@")[0], "About {{ topic }}" if name == "p9@1" else "On {{ topic }}"
        )
        for name in names
    ]
    told: list[tuple[str, float] | None] = []

    async def tell(tally: Tally) -> None:
        told.append(tally.best)

    _, run = await World(store.evaluations).run(evaluation, some(3), prompts, told=tell)
    assert run.tally.best == told[-1] == ("p9@1", 1.0)
    # One that goes on knows what was scored before.
    again = Tally(evaluation)
    again.begin(await store.evaluations.counts(evaluation.id))
    assert (again.done, again.asked, again.best) == (120, 120, ("p9@1", 1.0))
