"""Experiments on a dataset that end before their time, and go on: nothing is asked twice."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

import burnish
from burnish.errors import BurnishError, Conflict, ServerFault
from burnish.models.fake import Fake
from burnish.models.model import Capabilities, ModelRequest
from burnish.storage.experiment import Experiment

from .offline import THREE, VARIANTS, asked, right, rows, said, trying

SLOW_S = 0.01


async def begun(
    p: burnish.AsyncPlatform, model: Fake, calls: int = 20, **options: Any
) -> tuple[Experiment, asyncio.Task[Experiment]]:
    """It runs, and so many calls have been made."""
    await p.experiments.create("tried", VARIANTS, data="rows", **options)
    task = asyncio.create_task(p.experiments.start("tried"))
    while len(model.requests) < calls:  # noqa: ASYNC110 - the model has no event for it
        await asyncio.sleep(0.005)
    return await p.experiments.get("tried"), task


@pytest.mark.spec("EXP-02", "EXP-09")
@pytest.mark.parametrize(
    ("how", "state"), [("cancel", "stopped"), ("stop", "stopped"), ("pause", "paused")]
)
async def test_who_ends_it_early_goes_on_without_asking_again(
    tmp_path: Path, how: str, state: str
) -> None:
    model = Fake(right({"A": 0.6, "B": 0.9}), latency_s=SLOW_S)
    async with trying(tmp_path, model) as p:
        experiment, task = await begun(p, model, concurrency=4)
        if how == "cancel":
            await p.jobs.cancel(experiment.job_id)
        elif how == "stop":
            await p.experiments.stop("tried")
        else:
            await p.experiments.pause("tried")
        ended = await task
        assert ended.state == state
        found = await p.experiments.report("tried")
        assert (found.done, found.winner, ended.winner) == (False, "", "")
        assert "answers are in; go on with burnish experiments start tried" in found.verdict
        kept = [each async for each in p.evaluations.results(ended.evaluations[0])]
        before = len(model.requests)
        assert 0 < len(kept) < 200

        again = await p.experiments.start("tried", why="there is time")
        log = await p.experiments.log("tried")
    assert (again.state, again.winner, again.evaluations) == ("completed", "b", ended.evaluations)
    assert [each.what for each in log][:2] == ["completed", "resumed"]
    assert log[1].why == "there is time"
    assert sorted(asked(model)) == sorted((letter, str(n)) for letter in "AB" for n in range(100))
    # What was under way when it ended may be asked once more.
    assert len(model.requests) - before <= 200 - len(kept)
    assert len(model.requests) <= 200 + 4


async def test_a_platform_that_closes_leaves_it_running_for_the_next(tmp_path: Path) -> None:
    model = Fake(right({"A": 0.6, "B": 0.9}), latency_s=SLOW_S)
    async with trying(tmp_path, model) as p:
        _, task = await begun(p, model, concurrency=4)
        task.cancel()
    async with trying(tmp_path, model) as p:
        now = await p.experiments.get("tried")
        found = await p.experiments.report("tried")
        assert now.state == "running"
        assert "No verdict yet" in found.verdict
        assert any("waits for a worker" in note for note in found.notes)
        await p.jobs.work(once=True)
        assert (await p.experiments.get("tried")).state == "completed"
    assert len(model.requests) <= 200 + 4


async def test_workers_do_what_is_left_to_them(tmp_path: Path) -> None:
    model = Fake(right({"A": 0.6, "B": 0.9}))
    async with trying(tmp_path, model) as p:
        await p.experiments.create("later", VARIANTS, data="rows")
        now = await p.experiments.start("later", background=True)
        assert (now.state, len(model.requests)) == ("running", 0)
        await p.jobs.work(once=True)
        ended = await p.experiments.get("later")
        job = await p.jobs.get(now.job_id)
    assert (ended.state, ended.winner) == ("completed", "b")
    assert (job.kind, job.state, job.result["winner"]) == ("experiment", "done", "b")
    assert (job.progress.done, job.progress.facts["calls"]) == (200, 200)


async def test_the_bound_on_money_ends_it_and_holds_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Paid(Fake):
        @property
        def provider(self) -> str:
            return "openai"

    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    model = Paid(right({"A": 0.5, "B": 0.95}), capabilities=Capabilities(), latency_s=0.001)
    each = "model=openai:gpt-5-mini,max_tokens=20"
    # Two evaluations, as their configs differ, that spend from one bound.
    variants = (f"a=say@1,{each}", f"b=say@2,{each},temperature=1")
    async with trying(tmp_path, model) as p:
        options: dict[str, Any] = {"data": "rows", "max_cost_usd": 0.0003, "concurrency": 4}
        await p.experiments.create("paid", variants, **options)
        ended = await p.experiments.start("paid")
        found = await p.experiments.report("paid")
        spent = sum([await spent_on(p, each) for each in ended.evaluations])
        assert ended.state == "stopped"
        assert 0.0002 < spent <= 0.0003
        # It was not what they said that ended it, so they count.
        assert found.done
        assert found.analysis is not None
        pairs = found.analysis.contrasts[0].pairs or 0
        assert pairs >= min(found.tally.units.values()) - 4
        assert any("the bound on money ended it" in note for note in found.notes)
        log = await p.experiments.log("paid")
        assert "could bring the cost" in log[0].why
        before = len(model.requests)
        again = await p.experiments.start("paid")
    assert len(model.requests) > before
    assert again.evaluations == ended.evaluations
    assert max(asked(model).values()) == 1


async def spent_on(p: burnish.AsyncPlatform, evaluation: str) -> float:
    return sum([each.cost_usd or 0.0 async for each in p.evaluations.results(evaluation)])


async def test_a_model_that_fails_for_one_variant_leaves_nothing_to_compare(
    tmp_path: Path,
) -> None:
    down = True

    def answer(request: ModelRequest) -> str:
        prompt, number = said(request)
        if prompt == "B" and down:
            raise ServerFault("the provider is down")
        return number if prompt == "B" or int(number) % 3 else "no"

    model = Fake(answer)
    async with trying(tmp_path, model) as p:
        await p.experiments.create("half", VARIANTS, data="rows")
        ended = await p.experiments.start("half")
        found = await p.experiments.report("half")
        assert (ended.state, found.analysis, found.winner) == ("stopped", None, "")
        assert "b has 0 answers with score (100 of 100 calls failed" in found.verdict
        assert not any("calls failed" in note for note in found.notes)
        assert "the provider is down" in found.verdict
        log = await p.experiments.log("half")
        assert log[0].why == "no answer of b has a score"
        down = False
        again = await p.experiments.start("half")
    assert (again.state, again.winner) == ("completed", "b")
    # The other one's answers were there.
    assert {asked(model)["A", str(n)] for n in range(100)} == {1}


async def test_the_others_are_compared_where_one_of_three_is_silent(tmp_path: Path) -> None:
    correct = right({"A": 0.5, "B": 0.95})

    def answer(request: ModelRequest) -> str:
        if said(request)[0] == "C":
            raise ServerFault("the provider is down")
        return correct(request)

    async with trying(tmp_path, answer) as p:
        await p.experiments.create("three", THREE, data="rows")
        ended = await p.experiments.start("three")
        found = await p.experiments.report("three")
    assert ended.state == "stopped"
    assert found.analysis is not None
    assert [each.variant for each in found.analysis.contrasts] == ["b"]
    assert found.winner == "b"
    assert any(note.startswith("c is not compared: c has 0 answers") for note in found.notes)


async def test_one_whose_control_is_silent_tells_nothing(tmp_path: Path) -> None:
    def answer(request: ModelRequest) -> str:
        if said(request)[0] == "A":
            raise ServerFault("the provider is down")
        return said(request)[1]

    async with trying(tmp_path, answer) as p:
        await p.experiments.create("three", THREE, data="rows")
        await p.experiments.start("three")
        found = await p.experiments.report("three")
    assert found.analysis is None
    assert found.verdict.startswith("No verdict: a has 0 answers with score")


@pytest.mark.parametrize("replaced", [False, True])
async def test_a_dataset_that_goes_on_the_way_ends_it_with_the_reason(
    tmp_path: Path, replaced: bool
) -> None:
    model = Fake(right({"A": 0.6, "B": 0.9}), latency_s=SLOW_S)
    async with trying(tmp_path, model) as p:
        _, task = await begun(p, model, concurrency=4)
        await p.experiments.pause("tried")
        await task
        await p.datasets.delete("rows")
        if replaced:
            await p.datasets.add("rows", rows(100))
        before = len(model.requests)
        reason = "another dataset" if replaced else "no dataset 'rows'"
        with pytest.raises(BurnishError, match=reason):
            await p.experiments.start("tried")
        now = await p.experiments.get("tried")
        log = await p.experiments.log("tried")
        assert (now.state, len(model.requests)) == ("stopped", before)
        assert reason in log[0].why
        assert sum((await p.experiments.report("tried")).tally.units.values()) > 0


async def test_a_prompt_that_goes_on_the_way_ends_it_with_the_reason(tmp_path: Path) -> None:
    model = Fake(right({"A": 0.6, "B": 0.9}), latency_s=SLOW_S)
    async with trying(tmp_path, model) as p:
        _, task = await begun(p, model, concurrency=4)
        await p.experiments.pause("tried")
        await task
        await p.prompts.delete("say")
        with pytest.raises(BurnishError, match=r"the experiment failed: .*'say'"):
            await p.experiments.start("tried")
        assert (await p.experiments.get("tried")).state == "stopped"
        assert sum((await p.experiments.report("tried")).tally.units.values()) > 0


async def test_answers_that_were_deleted_are_asked_for_again(tmp_path: Path) -> None:
    """Those of the cache are there, so no model is."""
    model = Fake(right({"A": 0.6, "B": 0.9}), latency_s=SLOW_S)
    async with trying(tmp_path, model) as p:
        _, task = await begun(p, model, concurrency=4)
        await p.experiments.pause("tried")
        ended = await task
        await p.evaluations.delete(ended.evaluations[0])
        found = await p.experiments.report("tried")
        assert any("1 evaluation of it was deleted" in note for note in found.notes)
        again = await p.experiments.start("tried")
    assert (again.state, again.winner, again.evaluations) == ("completed", "b", ended.evaluations)
    assert len(model.requests) <= 200 + 4


async def test_two_that_start_it_at_once_do_not_do_it_twice(tmp_path: Path) -> None:
    model = Fake(right({"A": 0.6, "B": 0.9}), latency_s=SLOW_S)
    async with trying(tmp_path, model) as p, trying(tmp_path, model) as q:
        _, task = await begun(p, model)
        with pytest.raises(Conflict, match="another process is at experiment 'tried'"):
            await q.experiments.start("tried")
        assert (await task).state == "completed"
    assert len(model.requests) == 200


async def test_a_job_whose_experiment_never_began_begins_it(tmp_path: Path) -> None:
    """Who submitted it was killed between the two."""
    model = Fake(right({"A": 0.6, "B": 0.9}))
    async with trying(tmp_path, model) as p:
        draft = await p.experiments.create("tried", VARIANTS, data="rows")
        job = await p.jobs.submit("experiment", {"id": draft.id}, key=draft.id)
        await p.jobs.wait(job.id)
        ended = await p.experiments.get("tried")
    assert (ended.state, ended.winner, ended.job_id) == ("completed", "b", job.id)


async def test_evaluations_that_were_not_stored_when_it_was_killed_are_made(
    tmp_path: Path,
) -> None:
    model = Fake(right({"A": 0.6, "B": 0.9}))
    async with trying(tmp_path, model) as p:
        await p.experiments.create("tried", VARIANTS, data="rows")
        now = await p.experiments.start("tried", background=True)
        await p.evaluations.delete(now.evaluations[0])
        await p.jobs.work(once=True)
        ended = await p.experiments.get("tried")
    assert (ended.state, ended.evaluations) == ("completed", now.evaluations)
    assert len(model.requests) == 200


async def test_an_evaluation_of_it_goes_on_with_its_job(tmp_path: Path) -> None:
    model = Fake(right({"A": 0.6, "B": 0.9}))
    async with trying(tmp_path, model) as p:
        await p.experiments.create("tried", VARIANTS, data="rows")
        now = await p.experiments.start("tried", background=True)
        done = await p.resume_evaluation(now.evaluations[0])
        assert (done.report.results, done.verdict) == (200, None)
        assert (await p.experiments.get("tried")).state == "completed"


async def test_an_evaluation_of_it_can_be_held_to_a_bound(tmp_path: Path) -> None:
    model = Fake(right({"A": 0.6, "B": 0.9}))
    async with trying(tmp_path, model) as p:
        await p.experiments.create("tried", VARIANTS, data="rows")
        now = await p.experiments.start("tried", background=True)
        for _ in range(2):  # by the experiment's job, then by one of its own
            done = await p.resume_evaluation(now.evaluations[0], min_score=0.95)
            assert done.verdict is not None
            assert not done.verdict.passed
        assert (await p.experiments.get("tried")).state == "completed"


async def test_somebody_who_stops_it_meanwhile_has_the_last_word(tmp_path: Path) -> None:
    model = Fake(right({"A": 0.6, "B": 0.9}), latency_s=SLOW_S)
    async with trying(tmp_path, model) as p:
        _, task = await begun(p, model, calls=190, concurrency=4)
        stopped = await p.experiments.stop("tried", why="enough")
        await task
        now = await p.experiments.get("tried")
        log = await p.experiments.log("tried")
    assert structs.replace(now, revision=0) == structs.replace(stopped, revision=0)
    assert (log[0].what, log[0].why) == ("stopped", "enough")
