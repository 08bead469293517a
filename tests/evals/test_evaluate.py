"""Evaluations as people ask for them in Python: several models, rows that do not fit, money."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import burnish
from burnish.errors import NotFound, ServerFault, UsageError
from burnish.models.fake import Fake
from burnish.models.model import ModelReply, ModelRequest, Usage

Opened = Callable[..., burnish.Platform]


class Given:
    """A plug-in with one model."""

    def __init__(self, model: Fake) -> None:
        self._model = model

    def models(self) -> list[Fake]:
        return [self._model]


def said(request: ModelRequest) -> str:
    return request.messages[-1].content


def opened(model: Fake, **settings: Any) -> burnish.Platform:
    return burnish.open(plugins=[Given(model)], **settings)


ROWS = [
    {"id": f"r{n}", "inputs": {"text": f"item {n}"}, "expected": f"Say: item {n}", "tags": ["all"]}
    for n in range(12)
]


@pytest.mark.spec("TST-01")
def test_several_models_are_asked_at_once() -> None:
    model = Fake(latency_s=0.2)
    with opened(model) as p:
        p.prompts.create("say", "Say: {{ text }}")
        names = [f"fake:{name}" for name in "abcde"]
        done = p.evaluate("say", [{"inputs": {"text": "one"}}], models=names)
    assert [column.model for column in done.report.columns] == names
    # All wait together, as long as one would.
    assert model.most_in_flight == 5


@pytest.mark.spec("TST-02")
def test_rows_of_a_file_fill_the_variables_and_are_not_expanded_again(tmp_path: Path) -> None:
    table = tmp_path / "rows.csv"
    table.write_text('text,expected\n"{{ text }} {% if x %}","Say: {{ text }} {% if x %}"\n')
    lines = tmp_path / "rows.jsonl"
    lines.write_text(json.dumps({"text": "{{ other }}", "expected": "Say: {{ other }}"}) + "\n")
    model = Fake()
    with opened(model) as p:
        p.prompts.create("say", "Say: {{ text }}")
        for path in (table, lines):
            (column,) = p.evaluate("say", path, models="fake:a").report.columns
            assert (column.answered, column.passed.mean) == (1, 1.0)
    assert [said(request) for request in model.requests] == [
        "Say: {{ text }} {% if x %}",
        "Say: {{ other }}",
    ]


@pytest.mark.spec("TST-03", "TST-04", "TST-09")
def test_results_stay_and_say_what_they_cost() -> None:
    def answer(request: ModelRequest) -> ModelReply:
        text = said(request).upper() if request.model == "loud" else said(request)
        return ModelReply(text=text, usage=Usage(input_tokens=10, output_tokens=5))

    scorers = ["exact", "icontains:item", 'length:{"parameters": {"max": 100}}']
    with opened(Fake(answer, latency_s=0.01)) as p:
        p.prompts.create("say", "Say: {{ text }}")
        done = p.evaluate("say", ROWS, models=["fake:plain", "fake:loud"], scorers=scorers)
    with opened(Fake()) as p:
        (listed,) = p.evaluations.list(prompt="say")
        again = p.evaluations.report(listed.id[:12])
        results = list(p.evaluations.results(listed.id))
        runs = p.runs.page(limit=100).items
    assert again.report == done.report
    plain, loud = done.report.columns
    assert [(m.metric, m.n, m.mean) for m in loud.metrics] == [
        ("exact", 12, 0.0),
        ("icontains", 12, 1.0),
        ("length", 12, 1.0),
    ]
    assert all(m.interval is not None for column in (plain, loud) for m in column.metrics)
    assert plain.latency.p50_ms is not None
    assert plain.latency.p95_ms is not None
    assert 5 < plain.latency.p50_ms <= plain.latency.p95_ms
    assert len(results) == len(runs) == 24
    assert {r.run_id for r in results} == {run.id for run in runs}
    first = next(r for r in results if r.model == "fake:loud")
    assert (first.output, first.input_tokens, first.output_tokens) == ("SAY: ITEM 0", 10, 5)
    assert first.cost_usd == 0.0
    assert "fake:plain" in done.report.recommendation.text


def test_the_report_says_what_was_asked_of_whom_and_when() -> None:
    def answer(request: ModelRequest) -> str:
        return said(request) if "item 3" not in said(request) else "nothing"

    with opened(Fake(answer), author="ann") as p:
        p.prompts.create("say", "Say: {{ text }}")
        done = p.evaluate("say", ROWS, models="fake:a", dataset="rows", tags=["all"], seed=7)
        about = done.report.about
        assert about is not None
        assert (about.evaluation, about.dataset) == (done.evaluation.id, "rows@1")
        assert (about.tags, about.models, about.parameters) == (("all",), ("fake:a",), {"seed": 7})
        assert [each.name for each in about.scorers] == ["exact"]
        assert (about.who, about.created_at) == (done.evaluation.who, done.evaluation.created_at)
        (row,) = done.report.columns[0].rows
        assert (row.example, row.input) == ("r3", "item 3")
        assert (row.expected, row.output) == ("Say: item 3", "nothing")


def test_rows_of_a_dataset_that_is_gone_go_without_what_was_asked() -> None:
    with opened(Fake(lambda _: "no")) as p:
        p.prompts.create("say", "Say: {{ text }}")
        done = p.evaluate("say", ROWS[:2], models="fake:a", dataset="rows")
        p.datasets.delete("rows")
        (column,) = p.evaluations.report(done.evaluation.id).report.columns
        assert [(row.input, row.expected, row.output) for row in column.rows] == [
            ("", "", "no")
        ] * 2
        # Another one of that name is not the one that was asked.
        p.datasets.add("rows", ROWS[:2])
        (column,) = p.evaluations.report(done.evaluation.id).report.columns
        assert [row.input for row in column.rows] == ["", ""]


def test_answers_of_the_cache_keep_their_price_and_their_time() -> None:
    with opened(Fake(said, latency_s=0.02)) as p:
        p.prompts.create("say", "Say: {{ text }}")
        first = p.evaluate("say", ROWS, models="fake:a")
        again = p.evaluate("say", ROWS, models="fake:a")
        (before,), (after,) = first.report.columns, again.report.columns
        assert (before.cached, after.cached) == (0, 12)
        assert after.latency == before.latency
        assert after.cost.per_answer_usd == before.cost.per_answer_usd == 0.0


@pytest.mark.spec("TST-11")
def test_a_model_that_is_down_has_its_errors_and_the_others_their_scores() -> None:
    def answer(request: ModelRequest) -> str:
        if request.model == "down":
            raise ServerFault("the provider is down")
        return said(request)

    with opened(Fake(answer), models__max_retries=0) as p:
        p.prompts.create("say", "Say: {{ text }}")
        done = p.evaluate("say", ROWS, models=["fake:up", "fake:down"])
        up, down = done.report.columns
        assert (up.answered, up.passed.mean) == (12, 1.0)
        assert (down.answered, down.failed) == (0, 12)
        assert any("down" in fault.error for fault in done.report.faults)
        # What failed is asked for again, and nothing else.
        before = p.runs.count()
        p.resume_evaluation(done.evaluation.id)
        assert p.runs.count() - before == 12


def test_what_it_will_cost_is_told_before() -> None:
    def answer(request: ModelRequest) -> ModelReply:
        # As providers count: 4 tokens around each message, 3 before the answer.
        count = sum(len(each.content.split()) + 4 for each in request.messages) + 3
        return ModelReply(text="x", usage=Usage(input_tokens=count, output_tokens=1))

    with opened(Fake(answer)) as p:
        p.prompts.create("say", "Say in many words what follows: {{ text }}")
        rows = [{"inputs": {"text": "word " * n}, "expected": "x " * 20} for n in range(5, 45)]
        plan = p.plan_evaluation("say", rows, models=["openai:gpt-5-mini", "fake:a"], repeats=2)
        assert plan.estimate.calls == 160
        assert plan.estimate.cost_usd is not None
        assert plan.estimate.cost_usd > 0
        done = p.evaluate("say", rows, models="fake:a")
        spent = sum(r.input_tokens for r in p.evaluations.results(done.evaluation.id))
    # Half of the plan's models and one of its repeats were asked.
    assert plan.estimate.input_tokens == pytest.approx(4 * spent, rel=0.2)


@pytest.mark.spec("TST-07")
def test_where_nothing_tells_two_models_apart_no_winner_is_named_by_score() -> None:
    with opened(Fake()) as p:
        p.prompts.create("say", "Say: {{ text }}")
        done = p.evaluate("say", ROWS, models=["fake:a", "fake:b"])
    assert "No difference" in done.report.recommendation.text
    assert "cost 0.7 and latency 0.3" in done.report.recommendation.text


@pytest.mark.spec("TST-05")
def test_a_function_is_a_scorer() -> None:
    @burnish.scorer
    def polite(output: str) -> bool:
        return output.startswith("Say")

    def hangs(output: str) -> bool:
        time.sleep(5)
        return bool(output)

    def broken(output: str) -> bool:
        raise ValueError(output)

    slow = burnish.scorer(name="slow", timeout_s=0.2)(hangs)
    with opened(Fake()) as p:
        p.prompts.create("say", "Say: {{ text }}")
        done = p.evaluate("say", ROWS[:3], models="fake:a", scorers=[polite, slow, broken])
    metrics = {m.metric: m for m in done.report.columns[0].metrics}
    assert metrics["polite"].mean == 1.0
    assert (metrics["slow"].n, metrics["broken"].n) == (0, 0)
    assert {(f.metric, f.count) for f in done.report.faults} == {("slow", 3), ("broken", 3)}


def test_a_plan_is_left_to_workers_with_its_bounds() -> None:
    def polite(output: str) -> bool:
        return output.startswith("Say")

    model = Fake()
    with opened(model) as p:
        p.prompts.create("say", "Say: {{ text }}")
        plan = p.plan_evaluation("say", ROWS, models="fake:a")
        with pytest.raises(UsageError, match="min_score is 2"):
            p.submit_evaluation(plan.evaluation, min_score=2)
        with pytest.raises(UsageError, match="needs a baseline"):
            p.submit_evaluation(plan.evaluation, max_regression=0.1)
        job = p.submit_evaluation(plan.evaluation, min_score=0.5, priority=3)
        assert (job.state, job.priority, model.requests) == ("queued", 3, [])
        own = p.plan_evaluation("say", ROWS, models="fake:a", scorers=[polite])
        with pytest.raises(UsageError, match="polite is a function that no worker has"):
            p.submit_evaluation(own.evaluation)
        assert [each.id for each in p.evaluations.list()] == [plan.evaluation.id]
        assert p.jobs.work(once=True).done == 1
        result = p.jobs.get(job.id).result
    assert (result["gate"], result["answered"]) == ("passed", 12)
    assert result["columns"][0]["score"] == 1.0
    with opened(Fake()) as p:
        # Whoever has the results needs no job to look at them.
        assert p.evaluations.report(plan.evaluation.id).report.columns[0].answered == 12


def test_a_plan_that_is_run_is_held_to_its_bounds_by_whoever_goes_on() -> None:
    with opened(Fake(lambda _: "no")) as p:
        p.prompts.create("say", "Say: {{ text }}")
        plan = p.plan_evaluation("say", ROWS, models="fake:a")
        done = p.run_evaluation(plan.evaluation, min_score=0.5)
        assert done.verdict is not None
        assert (done.bounds.min_score, done.verdict.passed) == (0.5, False)
    with opened(Fake(lambda _: "no")) as p:
        again = p.resume_evaluation(plan.evaluation.id)
        assert (again.bounds, again.verdict) == (done.bounds, done.verdict)
        free = p.run_evaluation(p.plan_evaluation("say", ROWS, models="fake:a").evaluation)
        assert free.verdict is None


def test_a_function_is_never_taken_for_another_scorer() -> None:
    def exact(output: str) -> bool:
        return bool(output)

    with opened(Fake()) as p:
        p.prompts.create("say", "Say: {{ text }}")
        with pytest.raises(UsageError, match="another scorer that is called exact"):
            p.evaluate("say", ROWS[:3], models="fake:a", scorers=[exact])
        own = burnish.scorer(name="my-exact")(exact)
        done = p.evaluate("say", ROWS[:3], models="fake:a", scorers=[own])
    assert done.report.columns[0].score.mean == 1.0


def test_repeats_are_independent_and_flicker_is_told() -> None:
    count = [0]

    def answer(request: ModelRequest) -> str:
        count[0] += 1
        return said(request) if count[0] % 2 else "something else"

    with opened(Fake(answer)) as p:
        p.prompts.create("say", "Say: {{ text }}")
        done = p.evaluate("say", ROWS[:4], models="fake:a", repeats=3, concurrency=1)
        (column,) = done.report.columns
        assert count[0] == 12
        assert column.flicker.changed == 4
        # The same again costs nothing: all is remembered, each repeat by itself.
        again = p.evaluate("say", ROWS[:4], models="fake:a", repeats=3, concurrency=1)
        assert count[0] == 12
        assert again.report.columns[0].score == column.score


def test_two_prompts_are_compared_with_a_baseline() -> None:
    with opened(Fake()) as p:
        p.prompts.create("say", "Say: {{ text }}")
        p.prompts.update("say", "Tell: {{ text }}")
        p.prompts.set_label("say", "production", 1)
        done = p.evaluate("say@2", ROWS, models="fake:a", baseline="say@production")
    assert done.evaluation.prompts == ("say@2", "say@1")
    (found,) = done.report.comparisons
    assert (found.outcome, found.n) == ("worse", 12)


def test_rows_that_do_not_fit_say_so_and_the_rest_goes_on() -> None:
    rows = [*ROWS[:3], {"id": "odd", "inputs": {"other": 1}}]
    with opened(Fake()) as p:
        p.prompts.create("say", "Say: {{ text }}")
        done = p.evaluate("say", rows, models="fake:a")
    (column,) = done.report.columns
    assert (column.answered, column.failed) == (3, 1)
    assert "text" in done.report.faults[0].error


def test_a_dataset_that_changes_meanwhile_changes_no_evaluation() -> None:
    with opened(Fake()) as p:
        p.prompts.create("say", "Say: {{ text }}")
        p.datasets.add("rows", ROWS)
        plan = p.plan_evaluation("say", "rows", models="fake:a")
        p.datasets.add("rows", [{**ROWS[0], "expected": "changed"}])
        done = p.run_evaluation(plan.evaluation)
    assert done.evaluation.dataset == "rows@1"
    assert done.report.columns[0].passed.mean == 1.0


@pytest.mark.parametrize(
    ("prompts", "options", "kind", "told"),
    [
        ("nothing", {}, NotFound, "nothing"),
        ("say", {"models": []}, UsageError, "takes a model"),
        ("say", {"models": "fak:a"}, UsageError, "fak"),
        ("say", {"scorers": ["exakt"]}, UsageError, "did you mean exact"),
        ("say", {"repeats": 0}, UsageError, "repeats is 0"),
        ("say", {"split": "dev", "tags": ["none"]}, UsageError, "no example"),
        ([], {}, UsageError, "no prompt"),
        ("plain", {}, UsageError, "no variable of the examples"),
        ("say", {"baseline": "gone"}, NotFound, "gone"),
        ("say", {"max_cost_usd": -1}, UsageError, "cost"),
    ],
)
def test_what_could_give_nothing_is_refused_before_a_call(
    prompts: Any, options: dict[str, Any], kind: type[Exception], told: str
) -> None:
    model = Fake()
    with opened(model, generation__model="offline") as p:
        p.prompts.create("say", "Say: {{ text }}")
        p.prompts.create("plain", "No variable.")
        given: dict[str, Any] = {"models": "fake:a"} | options
        with pytest.raises(kind, match=told):
            p.evaluate(prompts, ROWS, **given)
        assert p.evaluations.list() == []
    assert model.requests == []


def test_an_evaluation_is_found_by_the_beginning_of_its_id_and_deleted() -> None:
    with opened(Fake()) as p:
        p.prompts.create("say", "Say: {{ text }}")
        done = p.evaluate("say", ROWS, models="fake:a")
        assert p.evaluations.get(done.evaluation.id[:10]) == p.evaluations.get(done.evaluation.id)
        p.evaluations.delete(done.evaluation.id)
        with pytest.raises(NotFound):
            p.evaluations.get(done.evaluation.id)
        assert p.runs.count() == 12


def test_how_many_are_asked_at_once_is_a_setting() -> None:
    model = Fake(latency_s=0.02)
    with opened(model, evaluation__concurrency=3) as p:
        p.prompts.create("say", "Say: {{ text }}")
        p.evaluate("say", ROWS, models="fake:a")
    assert model.most_in_flight == 3


@pytest.mark.parametrize("rows", [12, 1_100])
def test_the_report_of_a_run_is_that_of_what_it_stored(rows: int) -> None:
    """Of few results it is made of those that the run still has in memory."""

    def uneven(request: ModelRequest) -> ModelReply:
        text = said(request)
        if "7" in text:
            raise ServerFault("it is ill")
        return ModelReply(text=text, usage=Usage(input_tokens=len(text), output_tokens=3))

    given = [
        {"id": f"r{n}", "inputs": {"text": f"item {n}"}, "expected": f"Say: item {n % 9}"}
        for n in range(rows)
    ]
    with opened(Fake(uneven), models__max_retries=0) as p:
        p.prompts.create("say", "Say: {{ text }}")
        p.prompts.create("repeat", "Say: {{ text }} ")
        done = p.evaluate(["say", "repeat"], given, models="fake:a", baseline="say")
        read = p.evaluations.report(done.evaluation.id)
    assert done.report == read.report
    assert done.report.columns[0].failed > 0
