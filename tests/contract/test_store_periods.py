"""What every store must make of a period: sums of runs, results, versions, moves and units."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from burnish.storage.evaluation import Evaluation, Numbered
from burnish.storage.experiment import (
    Experiment,
    Exposure,
    MetricSpec,
    Moved,
    Plan,
    Variant,
    What,
)
from burnish.storage.ids import Ids
from burnish.storage.job import Job, JobState
from burnish.storage.period import Doings, PromptResults, PromptRuns, Spent, Units
from burnish.storage.result import Result
from burnish.storage.run import Run
from burnish.storage.stats import StatFilter
from burnish.storage.store import Store

IDS = Ids()
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = StatFilter(since=NOON - 24 * HOUR, until=NOON)
BEFORE = StatFilter(since=NOON - 48 * HOUR, until=NOON - 24 * HOUR)


def run(hours_ago: float, **fields: Any) -> Run:
    base: dict[str, Any] = {"id": IDS(), "kind": "complete", "model": "m"}
    return Run(**base | fields, created_at=NOON - hours_ago * HOUR)


async def test_the_total_bounds_its_percentile_where_there_are_enough(store: Store) -> None:
    assert await store.periods.total(DAY) is None
    await store.runs.add([run(1, prompt="a", latency_ms=n) for n in range(1, 101)])
    few = await store.periods.total(DAY)
    assert few is not None
    assert (few.stat.runs, few.prompts, few.p95_low_ms, few.p95_high_ms) == (100, 1, None, None)
    await store.runs.add([run(2, prompt="b", latency_ms=n) for n in range(101, 1001)])
    await store.runs.add([run(30, prompt="c"), run(0, prompt="d"), run(3)])
    many = await store.periods.total(DAY)
    assert many is not None
    assert (many.stat.runs, many.prompts) == (1001, 2)
    # The ranks 950 +- 2.576 * sqrt(1000 * 0.95 * 0.05), of latencies that are their ranks.
    assert many.p95_low_ms == pytest.approx(932, rel=0.02)
    assert many.p95_high_ms == pytest.approx(968, rel=0.02)


async def test_steps_are_counted_back_from_the_end(store: Store) -> None:
    await store.runs.add(
        [
            run(0.5, input_tokens=3, output_tokens=2, cost_usd=0.25),
            run(2.5, error="timeout: no", cost_usd=0.0),
            run(6, cost_usd=None),
        ]
    )
    found = await store.periods.steps(DAY, 3)
    assert [(step.at, step.runs, step.errors, step.tokens, step.cost_usd) for step in found] == [
        (NOON - 6 * HOUR, 1, 0, 0, None),
        (NOON - 3 * HOUR, 2, 1, 5, 0.25),
    ]


async def test_the_dearest_come_first(store: Store) -> None:
    await store.runs.add(
        [
            run(1, prompt="cheap", cost_usd=0.1),
            run(1, prompt="dear", model="n", cost_usd=2.0, error="e"),
            run(1, prompt="free", cost_usd=None),
            run(1, prompt="cheap", cost_usd=None, input_tokens=7),
        ]
    )
    dear = Spent(name="dear", runs=1, errors=1, tokens=0, cost_usd=2.0, cost_unknown=0)
    cheap = Spent(name="cheap", runs=2, errors=0, tokens=7, cost_usd=0.1, cost_unknown=1)
    assert await store.periods.spent("prompt", DAY, 2) == [dear, cheap]
    assert [each.name for each in await store.periods.spent("model", DAY, 9)] == ["n", "m"]


async def test_prompts_are_told_beside_the_period_before(store: Store) -> None:
    await store.runs.add(
        [
            run(1, prompt="a", valid=True),
            run(2, prompt="a", valid=False),
            run(26, prompt="a", valid=True, error="e"),
            run(26, prompt="gone"),
            run(1, prompt="b"),
            run(1),
        ]
    )
    found = await store.periods.prompts(DAY, BEFORE, 9)
    assert [each.name for each in found] == ["a", "b", "gone"]
    assert found[0] == PromptRuns(
        name="a", runs=2, errors=0, validated=2, valid=1,
        runs_before=1, errors_before=1, validated_before=1, valid_before=1,
    )  # fmt: skip


async def test_failures_are_counted_by_what_stands_before_their_text(store: Store) -> None:
    await store.runs.add(
        [
            run(1, error="timeout: no answer in 5 s"),
            run(2, error="timeout: no answer in 9 s"),
            run(2, error="ValueError"),
            run(2, error="x" * 300),
            run(30, error="timeout: long ago"),
            run(2),
        ]
    )
    found = [(each.reason, each.runs) for each in await store.periods.failures(DAY, 9)]
    assert found == [("timeout", 2), ("ValueError", 1), ("x" * 120, 1)]


def evaluation(hours_ago: float, **fields: Any) -> Evaluation:
    base: dict[str, Any] = {"id": IDS(), "prompts": ("a@1",), "models": ("m",), "dataset": "d@1"}
    ended = NOON - hours_ago * HOUR
    return Evaluation(**base | fields, created_at=ended - HOUR, ended_at=ended)


async def _answered(store: Store, of: Evaluation, *passed: tuple[str, bool | None]) -> None:
    await store.evaluations.add(of)
    prompt, model = of.prompts[0], of.models[0]
    results = [
        Numbered(n, Result(prompt=prompt, model=model, example=example, passed=was))
        for n, (example, was) in enumerate(passed)
    ]
    await store.evaluations.put(of.id, results)


async def test_results_are_summed_up_by_example(store: Store) -> None:
    first, again, old = evaluation(1), evaluation(2), evaluation(30)
    await _answered(store, first, ("x", True), ("x", True), ("y", False), ("z", None))
    await _answered(store, again, ("x", False))
    await _answered(store, old, ("x", True))
    assert await store.periods.results(DAY.since or NOON, NOON, 9) == [
        # x: 2 of 3, y: 0 of 1; z was not judged.
        PromptResults(
            prompt="a@1",
            dataset="d@1",
            examples=2,
            judged=4,
            passed=2,
            passed_squares=4,
            judged_squares=10,
            products=6,
        )
    ]
    count, newest = await store.periods.evaluations(DAY.since or NOON, NOON, 1)
    assert (count, newest) == (2, [first])


async def test_versions_are_beside_others_that_were_asked_the_same(store: Store) -> None:
    def tried(prompt: str, model: str = "m", dataset: str = "d@1") -> Evaluation:
        return evaluation(1, prompts=(prompt,), models=(model,), dataset=dataset)

    await _answered(store, tried("a@1"), ("x", True), ("x", False), ("y", True), ("z", True))
    await _answered(store, tried("a@2"), ("x", True), ("y", False))
    await _answered(store, tried("b@1"), ("x", False), ("x", False), ("y", True))
    # Another model and another dataset say nothing of these.
    await _answered(store, tried("b@1", "n"), ("x", True), ("z", True))
    await _answered(store, tried("b@1", dataset="e@1"), ("x", True))
    found = await store.periods.results(DAY.since or NOON, NOON, 9)
    by_name = {(each.prompt, each.dataset): each for each in found}
    # Of x: 1 of 2 passed, where of the others' three answers one did; of y 1 of 1, where one of
    # two did; nobody else was asked z.
    a = by_name["a@1", "d@1"].beside
    assert a is not None
    assert msgspec.structs.asdict(a) == {
        "examples": 2,
        "others": 5,
        "judged": 3,
        "passed": 2,
        "expected": pytest.approx(2 / 3 + 1 / 2),
        "judged_squares": 5,
        "passed_squares": 2,
        "expected_squares": pytest.approx(4 / 9 + 1 / 4),
        "judged_passed": 3,
        "judged_expected": pytest.approx(4 / 3 + 1 / 2),
        "passed_expected": pytest.approx(2 / 3 + 1 / 2),
    }
    assert by_name["a@1", "d@1"].examples == 3
    assert (by_name["b@1", "d@1"].judged, by_name["b@1", "e@1"].beside) == (5, None)
    b = by_name["b@1", "d@1"].beside
    assert b is not None
    assert (b.examples, b.judged, b.passed, b.others) == (2, 3, 1, 5)


def experiment(name: str, **fields: Any) -> Experiment:
    variants = (Variant(name="A", prompt="a@1"), Variant(name="B", prompt="a@2"))
    plan = Plan(variants=variants, control="A", metric=MetricSpec(name="solved"), auto=name == "by")
    base: dict[str, Any] = {"kind": "online", "prompt": "a", "salt": "s", "plan": plan}
    return Experiment(id=IDS(), name=name, created_at=NOON - 90 * HOUR, **base | fields)


def moved(what: What, hours_ago: float, by: str = "ann", **facts: Any) -> Moved:
    return Moved(id=IDS(), what=what, by=by, facts=facts, at=NOON - hours_ago * HOUR)


async def test_moves_and_units_of_experiments(store: Store) -> None:
    own = experiment("e")
    await store.experiments.add(own, moved("created", 30))
    halted, promoted = moved("halted", 3), moved("promoted", 2)
    own = await store.experiments.change(own, halted)
    await store.experiments.change(own, promoted)
    since = NOON - 24 * HOUR
    wanted: tuple[What, ...] = ("halted", "promoted", "created")
    count, found = await store.periods.moves(since, NOON, wanted, 9)
    assert (count, [(each.name, each.moved) for each in found]) == (
        2, [("e", promoted), ("e", halted)],
    )  # fmt: skip
    count, found = await store.periods.moves(since, NOON, wanted, 1)
    assert (count, [each.moved for each in found]) == (2, [promoted])
    await store.experiments.expose(
        [
            Exposure(
                experiment_id=own.id,
                unit=str(hours),
                variant="A",
                at=NOON - hours * HOUR,
                since=NOON - hours * HOUR,
            )
            for hours in (-1, 0, 1, 2, 30)
        ]
    )
    # What was seen after the period is no part of it.
    assert await store.periods.units([own.id], since, NOON) == {own.id: Units(seen=3, new=2)}


async def test_experiments_under_way_at_a_time_and_ended_in_a_period(store: Store) -> None:
    def lasted(name: str, begun: float | None, ended: float | None) -> Experiment:
        times = [None if each is None else NOON - each * HOUR for each in (begun, ended)]
        state = "running" if ended is None else "stopped"
        return experiment(name, state=state, started_at=times[0], ended_at=times[1])

    ends: dict[str, Moved] = {}
    for own in (
        lasted("draft", None, None),
        lasted("later", 0, None),
        lasted("old", 60, 25),
        lasted("runs", 50, None),
        lasted("over", 40, 2),
        lasted("then", 30, 0),
    ):
        await store.experiments.add(own, moved("created", 90))
        await store.experiments.change(own, moved("stopped", 48))
        ends[own.name] = moved("stopped", 2)
        await store.experiments.change(
            msgspec.structs.replace(own, revision=own.revision + 1), ends[own.name]
        )
    count, found = await store.periods.running(NOON, 9)
    assert (count, [each.name for each in found]) == (2, ["then", "runs"])
    count, found = await store.periods.running(NOON, 1)
    assert (count, [each.name for each in found]) == (2, ["then"])
    count, over = await store.periods.ended(NOON - 24 * HOUR, NOON, 9)
    assert count == 1
    # The last of its ends.
    assert [(each.experiment.name, each.moved) for each in over] == [("over", ends["over"])]
    count, over = await store.periods.ended(NOON - 48 * HOUR, NOON, 1)
    assert (count, [each.experiment.name for each in over]) == (2, ["over"])


async def test_what_a_check_did_by_itself_was_done_by_nobody(store: Store) -> None:
    own, auto = experiment("by hand"), experiment("by")
    whats: tuple[What, ...] = (
        "started", "paused", "resumed", "shares", "ramped", "halted", "completed", "stopped",
        "promoting", "promoted", "asked", "rolled back",
    )  # fmt: skip
    await store.experiments.add(own, moved("created", 1))
    for what in whats:
        own = await store.experiments.change(own, moved(what, 1))
    await store.experiments.add(auto, moved("created", 1, "ben"))
    for what in ("promoting", "promoted", "rolled back", "promoting"):
        auto = await store.experiments.change(auto, moved(what, 1, "ben", forced=False))
    await store.experiments.change(auto, moved("promoted", 1, "cleo", forced=True))
    found = await store.periods.doings(DAY, 9)
    assert {each.who: each.moves for each in found} == {"ann": 8, "ben": 2, "cleo": 1}


async def test_the_gate_of_the_last_job_is_told(store: Store) -> None:
    async def job(key: str, gate: str, job_id: str = "", state: JobState = "done") -> None:
        made = Job(
            id=job_id or IDS(), kind="evaluation", state=state, created_at=NOON,
            result={"gate": gate} if state == "done" else None,
        )  # fmt: skip
        await store.jobs.add(made, key)

    left, planned, again, unbound = (IDS() for _ in range(4))
    await job(left, "failed")
    await job("", "passed", planned)
    await job(again, "failed")
    await job(f"{again} 2", "failed")
    await job(f"{again} 3", "passed")
    await job(f"{again} 4", "", state="queued")
    await job(unbound, "failed")
    await job(f"{unbound} 2", "")
    found = await store.periods.gates([left, planned, again, unbound])
    assert found == {left: "failed", planned: "passed", again: "passed"}


async def test_who_did_what(store: Store) -> None:
    await store.runs.add(
        [
            run(1, who="ann", cost_usd=0.5, error="e"),
            run(1, who="ann", cost_usd=None),
            run(1, who="ben", cost_usd=None),
            run(1, who="ben", model="offline"),
            run(30, who="old"),
        ]
    )
    await store.evaluations.add(evaluation(1, who="cleo"))
    where = StatFilter(since=DAY.since, until=NOON, not_model="offline")
    assert await store.periods.doings(where, 9) == [
        Doings(who="ann", runs=2, errors=1, cost_usd=0.5, cost_unknown=1),
        Doings(who="ben", runs=1, cost_unknown=1),
        Doings(who="cleo", evaluations=1),
    ]
