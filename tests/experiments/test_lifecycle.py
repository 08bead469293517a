"""From a draft to an end: which plans and which moves there are."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.experiments.recorded import VARIANTS, prepared, recorded, running

import burnish
from burnish.errors import Conflict, NotFound, UsageError


@pytest.mark.spec("EXP-01")
async def test_three_variants_with_weights_a_metric_and_a_stop_rule(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        await prepared(p)
        made = await p.experiments.create(
            "tone",
            ["mail/late@1", "short=mail/late@2", "warm=mail/late@2, temperature=0.9, weight=2"],
            metric="solved",
            guardrails=["cost_usd, margin=0.001", "words, kind=mean, lower"],
            method="group",
            units=900,
            looks=3,
            targets={"country": ["de", "fr"]},
        )
        assert made.state == "draft"
        assert [(v.name, v.prompt, v.weight) for v in made.plan.variants] == [
            ("A", "mail/late@1", 1.0),
            ("short", "mail/late@2", 1.0),
            ("warm", "mail/late@2", 2.0),
        ]
        assert made.plan.variants[2].config == {"temperature": 0.9}
        assert [(g.name, g.margin, g.lower_is_better) for g in made.plan.guardrails] == [
            ("cost_usd", 0.001, True),
            ("words", 0.0, True),
        ]
        assert await p.experiments.get("tone") == made
        begun = await p.experiments.start("tone")
        assert begun.shares == {"A": 0.25, "short": 0.25, "warm": 0.5}


async def test_variants_are_pinned_to_what_a_label_means_now(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        await prepared(p)
        made = await p.experiments.create(
            "x", ["mail/late@production", "mail/late@latest"], metric="solved"
        )
        assert [v.prompt for v in made.plan.variants] == ["mail/late@1", "mail/late@2"]


@pytest.mark.spec("EXP-01")
@pytest.mark.parametrize(
    ("variants", "options", "reason"),
    [
        (["mail/late@1"], {}, "two variants or more"),
        (["A=mail/late@1", "A=mail/late@2"], {}, "called 'A'"),
        (["mail/late@1", "a b=mail/late@2"], {}, "cannot name a variant"),
        (["mail/late@1", "mail/late@2, weight=0"], {}, "weight 0"),
        (["mail/late@1", "mail/late@2, weight=nan"], {}, "weight nan"),
        (["mail/late@1", "mail/late@2, hot"], {}, "sets nothing"),
        (["mail/late@1", "note@1"], {}, "several prompts"),
        (VARIANTS, {"metric": ""}, "no metric decides"),
        (VARIANTS, {"metric": "solved, kind=median"}, "no metric"),
        (VARIANTS, {"metric": "solved, often"}, "says nothing of a metric"),
        (VARIANTS, {"metric": "1st"}, "cannot name a metric"),
        (VARIANTS, {"guardrails": ["solved"]}, "named twice"),
        (VARIANTS, {"guardrails": ["cost_usd, margin=-1"]}, "margin of -1"),
        (VARIANTS, {"control": "B"}, "no variant is 'B'"),
        (VARIANTS, {"weights": {"B": 1}}, "no variant is 'B'"),
        (VARIANTS, {"method": "fixed"}, "wants the units"),
        (VARIANTS, {"method": "group"}, "wants the units"),
        (VARIANTS, {"method": "guess"}, "no method 'guess'"),
        (VARIANTS, {"level": 1.0}, "level is 1"),
        (VARIANTS, {"units": 1}, "units is 1"),
        (VARIANTS, {"days": 0}, "days is 0"),
        (VARIANTS, {"loss": 0.001}, "for the method bayes"),
        (VARIANTS, {"method": "bayes"}, "wants an end"),
        (VARIANTS, {"metric": "solved, wait_h=-1"}, "outcomes that take -1 hours"),
        (VARIANTS, {"holdout": 0.95}, "holdout is 0.95"),
        (VARIANTS, {"layer_share": 0.5}, "without a layer"),
        (VARIANTS, {"ramp": [0.5, 0.1, 1.0]}, "a ramp of"),
        (VARIANTS, {"ramp": [0.1, 0.5]}, "a ramp of"),
        (VARIANTS, {"targets": {"country": []}}, "no values"),
        (VARIANTS, {"allocation": "thompson", "method": "fixed", "units": 90}, "do not go with"),
        (VARIANTS, {"label": "latest"}, "cannot be set"),
    ],
)
async def test_an_illegal_plan_is_refused_with_the_reason(
    tmp_path: Path, variants: list[str], options: dict[str, Any], reason: str
) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        await prepared(p)
        await p.prompts.create("note", "Note {{ it }}.")
        wanted: dict[str, Any] = {"metric": "solved", **options}
        with pytest.raises(UsageError, match=reason):
            await p.experiments.create("x", variants, **wanted)
        assert await p.experiments.list() == []


async def test_a_version_that_is_not_there_and_a_name_that_is_taken(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        await prepared(p)
        with pytest.raises(NotFound, match="no revision 9"):
            await p.experiments.create("x", ["mail/late@1", "mail/late@9"], metric="solved")
        await p.experiments.create("x", VARIANTS, metric="solved")
        with pytest.raises(Conflict, match="'x' already"):
            await p.experiments.create("x", VARIANTS, metric="solved")
        with pytest.raises(NotFound, match="no experiment 'y'"):
            await p.experiments.get("y")


@pytest.mark.spec("EXP-09")
async def test_states_and_their_log(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        await running(p)
        assert (await p.experiments.pause("shorter", why="complaints")).state == "paused"
        assert (await p.experiments.start("shorter")).state == "running"
        assert (await p.experiments.stop("shorter")).state == "stopped"
        log = await p.experiments.log("shorter")
        assert [line.what for line in reversed(log)] == [
            "created",
            "started",
            "paused",
            "resumed",
            "stopped",
        ]
        assert log[2].why == "complaints"


@pytest.mark.spec("EXP-09")
async def test_moves_that_there_are_not_are_refused(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        await prepared(p)
        await p.experiments.create("x", VARIANTS, metric="solved")
        for move in (p.experiments.pause, p.experiments.stop):
            with pytest.raises(Conflict, match="is a draft"):
                await move("x")
        await p.experiments.start("x")
        with pytest.raises(Conflict, match="is running"):
            await p.experiments.start("x")
        with pytest.raises(Conflict, match="stop it first"):
            await p.experiments.delete("x")
        await p.experiments.stop("x")
        for move in (p.experiments.start, p.experiments.pause, p.experiments.stop):
            with pytest.raises(Conflict, match="is stopped"):
                await move("x")
        assert (await p.experiments.get("x")).state == "stopped"


@pytest.mark.spec("EXP-09")
async def test_it_is_completed_where_its_stop_rule_is_met(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        own = await running(p)
        await recorded(tmp_path, own, {"A": 0.4, "short": 0.7})
        ended = await p.experiments.stop("shorter")
        assert (ended.state, ended.winner) == ("completed", "short")
        assert "Take short" in ended.verdict


async def test_only_one_experiment_is_at_a_label(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        await running(p)
        await p.experiments.create("other", VARIANTS, metric="solved")
        with pytest.raises(Conflict, match="'shorter' is at 'production'"):
            await p.experiments.start("other")
        await p.experiments.stop("shorter")
        assert (await p.experiments.start("other")).state == "running"


async def test_experiments_of_a_layer_share_its_units_out(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        await prepared(p)
        slots: dict[str, tuple[float, float]] = {}
        for name, share in (("a", 0.5), ("b", 0.3), ("c", 0.2)):
            await p.experiments.create(
                name, VARIANTS, metric="solved", layer="mail", layer_share=share
            )
            slots[name] = (await p.experiments.start(name)).slot
        assert slots["a"] == (0.0, 0.5)
        assert slots["b"] == (0.5, 0.8)
        assert slots["c"] == pytest.approx((0.8, 1.0))
        await p.experiments.create("d", VARIANTS, metric="solved", layer="mail", layer_share=0.3)
        with pytest.raises(Conflict, match="no room"):
            await p.experiments.start("d")
        await p.experiments.stop("b")
        assert (await p.experiments.start("d")).slot == pytest.approx((0.5, 0.8))


async def test_two_that_start_at_once_do_not_both_run(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as one, burnish.open_async(str(tmp_path)) as other:
        await prepared(one)
        for name in ("a", "b"):
            await one.experiments.create(name, VARIANTS, metric="solved")
        for _ in range(5):
            both = (one.experiments.start("a"), other.experiments.start("b"))
            ended = await asyncio.gather(*both, return_exceptions=True)
            running_now = await one.experiments.list(state="running")
            assert len(running_now) <= 1
            assert any(isinstance(each, Conflict) for each in ended)
            if running_now:
                break


async def test_weights_are_of_all_variants(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        await prepared(p)
        with pytest.raises(UsageError, match="short has no weight"):
            await p.experiments.create("x", VARIANTS, metric="solved", weights={"A": 90})


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"scorers": ["exact"]}, "scorers is for"),
        ({"repeats": 2}, "repeats is for"),
        ({"max_cost_usd": 1.0}, "max_cost_usd is for"),
    ],
)
async def test_what_would_do_nothing_without_examples_is_refused(
    tmp_path: Path, options: dict[str, Any], reason: str
) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        await prepared(p)
        with pytest.raises(UsageError, match=reason):
            await p.experiments.create("x", VARIANTS, metric="solved", **options)


async def test_a_label_that_is_not_there_is_told_at_the_start(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        await prepared(p)
        await p.experiments.create("x", VARIANTS, metric="solved", label="beta")
        with pytest.raises(NotFound, match="no label 'beta'"):
            await p.experiments.start("x")


async def test_shares_change_while_it_runs(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        await running(p)
        now = await p.experiments.set_shares("shorter", {"A": 90, "short": 10}, why="careful")
        assert now.shares == {"A": 0.9, "short": 0.1}
        assert now.generation == 1
        with pytest.raises(UsageError, match="nobody would get"):
            await p.experiments.set_shares("shorter", {"A": 0, "short": 0})
        with pytest.raises(UsageError, match="no variant is 'B'"):
            await p.experiments.set_shares("shorter", {"B": 1})
        with pytest.raises(UsageError, match="'short' has no share"):
            await p.experiments.set_shares("shorter", {"A": 1})
        await p.experiments.set_shares("shorter", {"A": 1, "short": 0})
        with pytest.raises(UsageError, match="'short' got nobody for a while"):
            await p.experiments.set_shares("shorter", {"A": 1, "short": 1})


async def test_a_plan_of_looks_keeps_its_shares(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        await running(p, method="group", units=500)
        with pytest.raises(UsageError, match="a group plan keeps its shares"):
            await p.experiments.set_shares("shorter", {"A": 1, "short": 3})


async def test_what_is_deleted_is_gone(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        own = await running(p)
        await recorded(tmp_path, own, {"A": 0.5, "short": 0.5}, 5)
        await p.experiments.stop("shorter")
        await p.experiments.delete("shorter")
        assert await p.experiments.list() == []


async def test_lists_are_of_a_state_and_a_prompt(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        await running(p)
        await p.experiments.create("later", VARIANTS, metric="solved")
        assert [e.name for e in await p.experiments.list()] == ["later", "shorter"]
        assert [e.name for e in await p.experiments.list(state="draft")] == ["later"]
        assert await p.experiments.list(prompt="other") == []
        wrong: Any = "gone"
        with pytest.raises(UsageError, match="no state"):
            await p.experiments.list(state=wrong)
