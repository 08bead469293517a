"""Experiments on a dataset: the same examples for each variant, and what they come to."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from burnish.errors import Conflict, NotShown, ServerFault, UsageError
from burnish.models.fake import Fake
from burnish.models.model import Capabilities, ModelRequest

from .offline import THREE, VARIANTS, asked, right, rows, said, trying

stats: Any = import_module("scipy.stats")


@pytest.mark.spec("EXP-02")
async def test_each_variant_answers_the_same_examples(tmp_path: Path) -> None:
    model = Fake(right({"A": 0.6, "B": 0.9}))
    async with trying(tmp_path, model) as p:
        await p.experiments.create("better", VARIANTS, data="rows")
        ended = await p.experiments.start("better", why="it is polite")
        found = await p.experiments.report("better")
        log = await p.experiments.log("better")
        (evaluation,) = ended.evaluations
        results = [each async for each in p.evaluations.results(evaluation)]
    assert asked(model) == {(letter, str(n)): 1 for letter in "AB" for n in range(100)}
    assert (ended.state, ended.winner, ended.verdict) == ("completed", "b", found.verdict)
    assert [each.what for each in log] == ["completed", "started", "created"]
    assert log[1].why == "it is polite"
    assert log[0].facts["units"] == {"a": 100, "b": 100}

    assert found.analysis is not None
    assert found.analysis.paired
    (contrast,) = found.analysis.contrasts
    ours, theirs = (
        {each.example: each.score or 0.0 for each in results if each.prompt == prompt}
        for prompt in ("say@2", "say@1")
    )
    gained = sum(ours[key] > theirs[key] for key in ours)
    lost = sum(ours[key] < theirs[key] for key in ours)
    assert contrast.difference == pytest.approx((gained - lost) / 100)
    assert contrast.p == pytest.approx(stats.binomtest(lost, gained + lost).pvalue)
    assert (contrast.pairs, contrast.method, contrast.outcome) == (100, "mcnemar", "better")
    assert found.done
    assert found.winner == "b"
    assert found.verdict.startswith("Take b: rate")
    assert "over 100 examples" in found.verdict


async def test_an_evaluation_says_the_same_of_the_same_answers(tmp_path: Path) -> None:
    async with trying(tmp_path, right({"A": 0.6, "B": 0.9})) as p:
        await p.experiments.create("better", VARIANTS, data="rows")
        ended = await p.experiments.start("better")
        found = await p.experiments.report("better")
        report = (await p.evaluations.report(ended.evaluations[0])).report
    assert found.analysis is not None
    (contrast,), (compared,) = found.analysis.contrasts, report.comparisons
    assert (contrast.difference, contrast.p) == (compared.difference, compared.p)
    assert contrast.interval == compared.interval
    for arm, column in zip(found.analysis.arms, report.columns, strict=True):
        assert (arm.value, arm.interval) == (column.score.mean, column.score.interval)


async def test_variants_differ_in_model_and_config(tmp_path: Path) -> None:
    model = Fake()
    variants = [
        "a=say@1,model=fake:m",
        "hot=say@1,model=fake:m,temperature=1.5,max_tokens=9",
        "big=say@1,model=fake:n",
        "both=say@2,model=fake:n",
        "cold=say@2,model=fake:m,temperature=0",
    ]
    async with trying(tmp_path, model, examples=3) as p:
        await p.experiments.create("five", variants, data="rows")
        ended = await p.experiments.start("five")
        found = await p.experiments.report("five")
        evaluations = [await p.evaluations.get(each) for each in ended.evaluations]
    # Two prompts by two models, but not each by each; then a config each.
    assert [(each.prompts, each.models) for each in evaluations] == [
        (("say@1",), ("fake:m",)),
        (("say@1", "say@2"), ("fake:n",)),
        (("say@1",), ("fake:m",)),
        (("say@2",), ("fake:m",)),
    ]
    sent = {(r.model, said(r)[0], r.temperature, r.max_tokens) for r in model.requests}
    assert sent == {
        ("m", "A", None, None),
        ("m", "A", 1.5, 9),
        ("n", "A", None, None),
        ("n", "B", None, None),
        ("m", "B", 0, None),
    }
    assert len(model.requests) == 15
    assert found.tally.units == dict.fromkeys(("a", "hot", "big", "both", "cold"), 3)


async def test_prompts_times_models_are_one_evaluation(tmp_path: Path) -> None:
    variants = [f"{p}{m}=say@{p},model=fake:{m}" for m in "mn" for p in (1, 2)]
    variants = [f"v{each}" for each in variants]
    async with trying(tmp_path, Fake(), examples=3) as p:
        await p.experiments.create("four", variants, data="rows")
        ended = await p.experiments.start("four")
        (evaluation,) = [await p.evaluations.get(each) for each in ended.evaluations]
    assert (evaluation.prompts, evaluation.models) == (("say@1", "say@2"), ("fake:m", "fake:n"))


async def test_a_variant_without_a_model_has_the_usual_one_and_promotes_none(
    tmp_path: Path,
) -> None:
    """Beside one that names another model, so that the columns have to be told apart."""
    model = Fake(right({"A": 0.5, "B": 0.95}))
    variants = ("a=say@1", "b=say@2", "c=say@2,model=fake:n")
    async with trying(tmp_path, model, generation__model="fake:m") as p:
        await p.prompts.set_label("say", "production", 1)
        await p.experiments.create("which", variants, data="rows")
        ended = await p.experiments.start("which")
        found = await p.experiments.report("which")
        promotion = await p.experiments.promote("which", "b")
        assert [each.model for each in ended.plan.variants] == ["", "", "fake:n"]
        assert found.tally.units == {"a": 100, "b": 100, "c": 100}
        # The version itself, not a new one with the model in it.
        assert (promotion.revision, promotion.moved) == (2, True)
        back = await p.experiments.rollback("which")
        labels = {each.name: each.revision for each in await p.prompts.labels("say")}
        assert (back.before, labels["production"]) == (1, 1)


@pytest.mark.spec("EXP-07")
async def test_what_is_not_shown_is_not_promoted(tmp_path: Path) -> None:
    async with trying(tmp_path, right({"A": 0.7, "B": 0.7})) as p:
        await p.experiments.create("same", VARIANTS, data="rows")
        await p.experiments.start("same")
        with pytest.raises(NotShown, match="nothing is shown to be best"):
            await p.experiments.promote("same")
        found = await p.experiments.report("same")
    assert found.winner == ""
    assert "No difference is shown" in found.verdict
    assert "examples would show it" in found.verdict


@pytest.mark.spec("EXP-08")
async def test_the_winner_is_promoted_by_itself_where_it_is_to_be(tmp_path: Path) -> None:
    async with trying(tmp_path, right({"A": 0.5, "B": 0.95})) as p:
        await p.prompts.set_label("say", "production", 1)
        await p.experiments.create("auto", VARIANTS, data="rows", auto=True)
        await p.experiments.start("auto")
        for _ in range(2):
            await p.experiments.check()
        log = await p.experiments.log("auto")
        assert [each.what for each in log].count("promoted") == 1
        version = await p.prompts.get("say@production")
        assert version.version.messages[0].content == "B {{ n }}"


async def test_three_variants_are_corrected_for(tmp_path: Path) -> None:
    async with trying(tmp_path, right({"A": 0.6, "B": 0.75, "C": 0.95})) as p:
        await p.experiments.create("three", THREE, data="rows")
        ended = await p.experiments.start("three")
        found = await p.experiments.report("three")
        results = [each async for each in p.evaluations.results(ended.evaluations[0])]
    assert found.analysis is not None
    small, large = found.analysis.contrasts
    assert small.interval.level == large.interval.level == pytest.approx(0.975)
    passed = {(r.prompt, r.example): bool(r.passed) for r in results}
    raw = [exact_p(passed, "say@1", other) for other in ("say@2", "say@3")]
    low, high = sorted(raw)
    assert large.p == pytest.approx(2 * low)
    assert small.p == pytest.approx(max(2 * low, high))
    assert (large.outcome, found.winner) == ("better", "c")


def exact_p(passed: dict[tuple[str, str], bool], one: str, other: str) -> float:
    pairs = [(passed[one, f"r{n}"], passed[other, f"r{n}"]) for n in range(100)]
    gained, lost = pairs.count((False, True)), pairs.count((True, False))
    return float(stats.binomtest(lost, gained + lost).pvalue)


async def test_means_are_compared_by_ranks_and_bootstrap(tmp_path: Path) -> None:
    def answer(request: ModelRequest) -> str:
        prompt, number = said(request)
        return f"{number} and {number}" if prompt == "B" else f"{number} or so and more"

    options: dict[str, Any] = {"data": "rows", "scorers": ["f1"]}
    async with trying(tmp_path, answer, examples=40) as p:
        await p.experiments.create("f", VARIANTS, metric="f1, kind=mean", **options)
        await p.experiments.start("f")
        found = await p.experiments.report("f")
    assert found.analysis is not None
    (contrast,) = found.analysis.contrasts
    assert (contrast.method, contrast.outcome, found.winner) == ("wilcoxon", "better", "b")
    assert found.analysis.metric == "mean"
    assert contrast.lift is not None
    ours, theirs = found.analysis.arms
    assert contrast.lift == pytest.approx(theirs.value / ours.value - 1)


async def test_repeats_count_as_one_example(tmp_path: Path) -> None:
    model = Fake(right({"A": 0.4, "B": 0.9}))
    async with trying(tmp_path, model, examples=40) as p:
        await p.experiments.create("often", VARIANTS, data="rows", repeats=3)
        await p.experiments.start("often")
        found = await p.experiments.report("often")
    assert len(model.requests) == 2 * 40 * 3
    assert found.analysis is not None
    assert found.analysis.contrasts[0].pairs == 40
    assert found.tally.units == {"a": 40, "b": 40}
    assert any("asked 3 times, and counts once" in note for note in found.notes)


@pytest.mark.parametrize(
    ("margin", "state", "winner"), [(0.1, "broken", ""), (0.5, "open", "b"), (0.7, "held", "b")]
)
async def test_a_guardrail_keeps_a_winner_back(
    tmp_path: Path, margin: float, state: str, winner: str
) -> None:
    correct = right({"A": 0.5, "B": 0.95})

    def answer(request: ModelRequest) -> str:
        """Half of B's are too long."""
        prompt, number = said(request)
        return correct(request) + " and so on" * (prompt == "B" and int(number) % 2)

    options: dict[str, Any] = {
        "scorers": ["contains", 'not-contains:{"value": "so on", "weight": 0, "metric": "brief"}'],
        "guardrails": [f"brief, margin={margin}"],
    }
    async with trying(tmp_path, answer) as p:
        await p.experiments.create("long", VARIANTS, data="rows", **options)
        ended = await p.experiments.start("long")
        found = await p.experiments.report("long")
        (guard,) = found.guards
        assert (guard.state, guard.worst) == (state, "b")
        assert (found.winner, ended.winner) == (winner, winner)
        if state == "broken":
            assert "a guardrail is broken" in found.verdict
            with pytest.raises(NotShown):
                await p.experiments.promote("long")


async def test_what_a_paid_model_costs_is_a_metric(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Paid(Fake):
        @property
        def provider(self) -> str:
            return "openai"

    def answer(request: ModelRequest) -> str:
        prompt, number = said(request)
        return number * (1 if prompt == "A" else 50)

    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    variants = ("a=say@1,model=openai:gpt-5-mini", "b=say@2,model=openai:gpt-5-mini")
    model = Paid(lambda r: " ".join(answer(r)), capabilities=Capabilities())
    async with trying(tmp_path, model, examples=30) as p:
        await p.experiments.create("cost", variants, data="rows", metric="cost_usd")
        await p.experiments.start("cost")
        found = await p.experiments.report("cost")
    assert found.analysis is not None
    (contrast,) = found.analysis.contrasts
    assert contrast.difference > 0
    assert (contrast.outcome, found.winner) == ("worse", "a")


@pytest.mark.parametrize(
    ("options", "split", "count", "note"),
    [
        ({}, "test", 25, "which prompts are judged by, not tuned on"),
        ({"split": "all"}, None, 100, "of all splits: a variant that was tuned"),
        ({"split": "training"}, "train", 75, "may have been tuned on"),
        ({"tags": ["few"]}, None, 10, "of all splits"),
        ({"limit": 22}, "test", 22, "22 examples of split@1: its test split"),
    ],
)
async def test_it_is_judged_by_what_prompts_are_not_tuned_on(
    tmp_path: Path, options: dict[str, Any], split: str | None, count: int, note: str
) -> None:
    data = [
        {**row, "split": "train" if n % 4 else "test", "tags": ["few"] if n < 10 else []}
        for n, row in enumerate(rows(100))
    ]
    async with trying(tmp_path, Fake()) as p:
        await p.datasets.add("split", data)
        await p.experiments.create("held", VARIANTS, data="split", **options)
        ended = await p.experiments.start("held")
        (evaluation,) = [await p.evaluations.get(each) for each in ended.evaluations]
        found = await p.experiments.report("held")
    assert (evaluation.split, evaluation.examples) == (split, count)
    assert any(note in each for each in found.notes), found.notes


async def test_values_that_are_all_alike_show_no_difference(tmp_path: Path) -> None:
    async with trying(tmp_path, right({"A": 1.0, "B": 1.0})) as p:
        await p.experiments.create("alike", VARIANTS, data="rows", guardrails=["cost_usd"])
        ended = await p.experiments.start("alike")
        found = await p.experiments.report("alike")
    assert (ended.state, found.winner) == ("completed", "")
    assert "The values are alike so far" in found.verdict
    assert any("no value differs from another" in note for note in found.notes)
    # What costs nothing costs no more than the control.
    assert [guard.state for guard in found.guards] == ["held"]


async def test_who_fails_on_what_is_hard_does_not_seem_better_for_it(tmp_path: Path) -> None:
    def answer(request: ModelRequest) -> str:
        prompt, number = said(request)
        is_hard = int(number) % 5 == 0
        if prompt == "B" and is_hard:
            raise ServerFault("too hard")
        return "no" if is_hard or (prompt == "A" and int(number) % 9 == 0) else number

    async with trying(tmp_path, answer) as p:
        await p.experiments.create("hard", VARIANTS, data="rows")
        await p.experiments.start("hard")
        found = await p.experiments.report("hard")
    assert found.analysis is not None
    (contrast,) = found.analysis.contrasts
    assert contrast.pairs == 80
    assert any("20 of 100 calls failed: " in note for note in found.notes)
    assert contrast.interval.low > 0
    assert contrast.p is not None
    assert contrast.p < 0.05
    assert contrast.outcome == "better"  # its failures were wrong answers of the control as well

    def worse(request: ModelRequest) -> str:
        prompt, number = said(request)
        if prompt == "B" and int(number) % 5 == 0:
            raise ServerFault("too hard")
        return "no" if prompt == "A" and int(number) % 9 == 0 else number

    async with trying(tmp_path / "other", worse) as p:
        await p.experiments.create("hard", VARIANTS, data="rows")
        await p.experiments.start("hard")
        found = await p.experiments.report("hard")
    assert found.analysis is not None
    (contrast,) = found.analysis.contrasts
    assert contrast.p is not None
    assert (contrast.p < 0.05, contrast.outcome, found.winner) == (True, "no difference", "")
    assert any("counted as the worst" in note for note in found.notes)
    assert "in the notes" in found.verdict


async def test_a_completed_one_is_not_begun_again(tmp_path: Path) -> None:
    async with trying(tmp_path, Fake(), examples=3) as p:
        await p.experiments.create("once", VARIANTS, data="rows")
        await p.experiments.start("once")
        with pytest.raises(Conflict, match="is completed"):
            await p.experiments.start("once")


async def test_a_difference_below_what_matters_is_told(tmp_path: Path) -> None:
    async with trying(tmp_path, right({"A": 1.0, "B": 1.0})) as p:
        await p.experiments.create("small", VARIANTS, data="rows", matters=0.2)
        await p.experiments.start("small")
        found = await p.experiments.report("small")
    assert "smaller than the 0.2 that matters" in found.verdict


@pytest.mark.parametrize(
    ("variants", "options", "reason"),
    [
        (VARIANTS, {"method": "bayes"}, "the method bayes makes no sense"),
        (VARIANTS, {"units": 90}, "a number of units makes no sense"),
        (VARIANTS, {"days": 3}, "a number of days makes no sense"),
        (VARIANTS, {"holdout": 0.1}, "a holdout makes no sense"),
        (VARIANTS, {"metric": "tokens, kind=ratio"}, "a ratio makes no sense"),
        (VARIANTS, {"guardrails": ["tokens, kind=mean, wait_h=1"]}, "to wait for outcomes makes"),
        (("say@1", "say@2,temprature=1"), {}, "no 'temprature'; did you mean 'temperature'\\?"),
        (("say@1", "say@2,top_k=1"), {}, "no 'top_k'; it takes temperature, max_tokens, top_p"),
        (
            ("say@1", "say@2,temperature=9"),
            {},
            "of variant 'B' is wrong: temperature: expected a number up to 2",
        ),
        (("say@1", "say@2,temperature=hot"), {}, "temperature: expected a number, got text"),
    ],
)
async def test_a_plan_that_means_nothing_on_a_dataset_is_refused(
    tmp_path: Path, variants: tuple[str, ...], options: dict[str, Any], reason: str
) -> None:
    async with trying(tmp_path, Fake(), examples=3) as p:
        with pytest.raises(UsageError, match=reason):
            await p.experiments.create("x", variants, data="rows", **options)
