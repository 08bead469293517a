"""What a running experiment does by itself."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from tests.experiments.recorded import VARIANTS, prepared, recorded, running

import burnish
from burnish.errors import NotShown, UsageError
from burnish.experiments.report.report import report_of
from burnish.storage.experiment import Experiment, Moved, Outcome
from burnish.storage.ids import Ids
from burnish.storage.sqlite import open_sqlite

BETTER = {"A": 0.4, "short": 0.7}
ALIKE = {"A": 0.5, "short": 0.5}


async def standing(p: burnish.AsyncPlatform) -> int:
    return (await p.prompts.get("mail/late", "production")).version.revision


async def ago(home: Path, experiment: Experiment, **since: Any) -> None:
    """As if it had begun, or reached its step, so long ago."""
    store = await open_sqlite(home / "burnish.sqlite")
    at = datetime.now(UTC) - timedelta(**since)
    now = await store.experiments.by_name(experiment.name)
    assert now is not None
    moved = Moved(id=Ids()(), what="ramped", at=at)
    await store.experiments.change(structs.replace(now, step_at=at, started_at=at), moved)
    await store.close()


@pytest.mark.spec("EXP-08")
async def test_the_winner_is_promoted_once_at_the_stop_rule(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        own = await running(p, auto=True)
        await recorded(tmp_path, own, ALIKE, 30)
        (found,) = await p.experiments.check()
        assert (found.experiment.state, await standing(p)) == ("running", 1)
        await recorded(tmp_path, own, BETTER, 700)
        (found,) = await p.experiments.check()
        assert (found.experiment.state, found.experiment.promoted) == ("completed", 2)
        assert await standing(p) == 2
        await p.experiments.check()
        whats = [line.what for line in await p.experiments.log("shorter")]
        assert whats.count("promoted") == 1


@pytest.mark.spec("EXP-08")
async def test_what_was_taken_back_is_not_promoted_again(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        await recorded(tmp_path, await running(p, auto=True), BETTER)
        await p.experiments.check()
        await p.experiments.rollback("shorter")
        await p.experiments.check()
        assert await standing(p) == 1


@pytest.mark.spec("EXP-08")
async def test_two_processes_promote_once(tmp_path: Path) -> None:
    async with (
        burnish.open_async(str(tmp_path)) as one,
        burnish.open_async(str(tmp_path)) as other,
    ):
        await recorded(tmp_path, await running(one, auto=True), BETTER)
        both = (one.experiments.check(), other.experiments.check())
        await asyncio.gather(*both, return_exceptions=True)
        await one.experiments.check()
        whats = [line.what for line in await one.experiments.log("shorter")]
        assert (whats.count("promoted"), whats.count("completed")) == (1, 1)


async def test_a_winner_is_only_told_without_auto(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        await recorded(tmp_path, await running(p), BETTER)
        (found,) = await p.experiments.check()
        assert (found.experiment.state, found.experiment.winner) == ("completed", "short")
        assert await standing(p) == 1


@pytest.mark.spec("EXP-08")
async def test_it_is_promoted_without_being_asked(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path), experiments__check_every_s=0.2) as p:
        await recorded(tmp_path, await running(p, auto=True), BETTER)
        for _ in range(100):
            if await standing(p) == 2:
                break
            await asyncio.sleep(0.1)
        assert await standing(p) == 2


async def test_a_ramp_goes_up_with_time_and_halts_on_a_guardrail(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        own = await running(
            p,
            ramp=[0.01, 0.1, 0.5, 1.0],
            ramp_h=1,
            guardrails=["complained, lower, margin=0.05"],
        )
        assert own.taking == 0.01
        (found,) = await p.experiments.check()
        assert found.experiment.taking == 0.01
        for taking in (0.1, 0.5):
            await ago(tmp_path, own, hours=2)
            (found,) = await p.experiments.check()
            assert found.experiment.taking == taking
        bad = {"A": 0.1, "short": 0.6}
        await recorded(tmp_path, own, ALIKE)
        await recorded(tmp_path, own, bad, metric="complained", expose=False, seed=2)
        await ago(tmp_path, own, hours=2)
        (found,) = await p.experiments.check()
        assert (found.experiment.state, found.experiment.taking) == ("paused", 0.5)
        (line, *_) = await p.experiments.log("shorter")
        assert line.what == "halted"
        assert "complained: short is worse" in line.why


async def test_it_ends_when_its_days_are_over(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        own = await running(p, days=7)
        await recorded(tmp_path, own, ALIKE)
        (found,) = await p.experiments.check()
        assert found.experiment.state == "running"
        await ago(tmp_path, own, days=8)
        (found,) = await p.experiments.check()
        assert (found.experiment.state, found.experiment.winner) == ("completed", "")
        assert "its 7 days are over" in found.verdict


async def test_a_fixed_plan_tells_no_winner_before_its_end(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        own = await running(p, method="fixed", units=600)
        await recorded(tmp_path, own, BETTER, 500)
        found = await p.experiments.report("shorter")
        assert (found.winner, found.done) == ("", False)
        assert "looks once, at 600 units" in found.verdict
        await recorded(tmp_path, own, BETTER, 600)
        found = await p.experiments.report("shorter")
        assert (found.winner, found.done) == ("short", True)


async def test_a_group_plan_looks_as_often_as_planned(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        own = await running(p, method="group", units=1_000, looks=4)
        await recorded(tmp_path, own, BETTER, 200)
        found = await p.experiments.report("shorter")
        assert found.analysis is None
        assert "first of 4 looks is at 250" in found.verdict
        await recorded(tmp_path, own, BETTER, 620)
        found = await p.experiments.report("shorter")
        assert found.analysis is not None
        assert [arm.n for arm in found.analysis.arms] == [500, 500]
        assert found.analysis.contrasts[0].method == "look 2"
        assert (found.winner, found.done) == ("short", True)


async def test_beliefs_end_where_a_wrong_choice_loses_little(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        own = await running(p, method="bayes", loss=0.02)
        await recorded(tmp_path, own, {"A": 0.50, "short": 0.53}, 900)
        found = await p.experiments.report("shorter")
        assert (found.winner, found.done) == ("short", True)


async def test_an_end_by_beliefs_stays_whatever_comes_late(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        own = await running(p, method="bayes", loss=0.02)
        await recorded(tmp_path, own, BETTER, 30)
        found = await p.experiments.report("shorter")
        assert "nothing is decided before 50 units of each; 30 are in" in found.verdict
        await recorded(tmp_path, own, BETTER, 100, seed=2)
        (found,) = await p.experiments.check()
        assert (found.winner, found.experiment.state) == ("short", "completed")
        await recorded(tmp_path, own, {"A": 0.9, "short": 0.1}, 400, seed=3)
        found = await p.experiments.report("shorter")
        assert (found.winner, found.done) == ("short", True)


async def test_changed_shares_make_no_winner_of_better_times(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        own = await running(p, auto=True)
        await recorded(tmp_path, own, {"A": 0.45, "short": 0.45}, 500, slices=["first"])
        await p.experiments.set_shares("shorter", {"A": 20, "short": 80})
        # All goes better since, and most see one of the two.
        better, shares = {"A": 0.75, "short": 0.75}, {"A": 1, "short": 4}
        await recorded(tmp_path, own, better, 400, slices=["then"], shares=shares)
        (found,) = await p.experiments.check()
        assert (found.winner, found.experiment.state) == ("", "running")
        assert found.analysis is not None
        (contrast,) = found.analysis.contrasts
        assert abs(contrast.difference) < 0.05
        assert any("each unit is weighed by the chance" in note for note in found.notes)


async def test_a_ratio_is_weighed_where_shares_were_changed(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        own = await running(p, metric="solved, kind=ratio")
        await recorded(tmp_path, own, {"A": 0.4, "short": 0.6}, 600)
        await p.experiments.set_shares("shorter", {"A": 1, "short": 3})
        found = await p.experiments.report("shorter")
        assert found.analysis is not None
        assert found.winner == "short"
        assert [round(arm.value, 1) for arm in found.analysis.arms] == [0.4, 0.6]


async def test_who_gets_nobody_new_is_compared_by_whom_it_had(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        own = await running(p)
        await recorded(tmp_path, own, {"A": 0.5, "short": 0.5}, 600)
        await p.experiments.set_shares("shorter", {"A": 1, "short": 0})
        await recorded(tmp_path, own, {"A": 1.0}, 60, slices=["after"])
        found = await p.experiments.report("shorter")
        assert found.analysis is not None
        assert (found.winner, sum(arm.n for arm in found.analysis.arms) <= 1_260) == ("", True)


async def test_a_mean_of_which_nothing_was_recorded_is_not_zero(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        own = await running(p, guardrails=["words, kind=mean, lower, margin=0.1"])
        await recorded(tmp_path, own, ALIKE)
        for variant, units in (("A", 600), ("short", 200)):
            rates = {variant: 1.0}
            await recorded(tmp_path, own, rates, units, metric="words", expose=False)
        found = await p.experiments.report("shorter")
        (guard,) = found.guards
        assert guard.analysis is not None
        assert [arm.value for arm in guard.analysis.arms] == [1.0, 1.0]
        assert any(note.startswith("words: without an outcome:") for note in found.notes)


async def test_what_was_halted_goes_on_with_a_reason(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        own = await running(p, guardrails=["complained, lower"])
        await recorded(tmp_path, own, ALIKE)
        bad = {"A": 0.0, "short": 0.9}
        await recorded(tmp_path, own, bad, metric="complained", expose=False)
        await p.experiments.check()
        with pytest.raises(UsageError, match="a guardrail has halted experiment 'shorter'"):
            await p.experiments.start("shorter")
        again = await p.experiments.start("shorter", why="those were robots")
        assert again.state == "running"


async def test_a_strong_belief_alone_ends_nothing(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        own = await running(p, method="bayes", units=1_000, auto=True)
        await recorded(tmp_path, own, BETTER, 500)
        (found,) = await p.experiments.check()
        assert (found.winner, found.done, found.experiment.state) == ("", False, "running")
        assert "No verdict yet: this plan looks once, at 1,000 units" in found.verdict
        with pytest.raises(NotShown, match="nothing is shown to be best"):
            await p.experiments.promote("shorter")
        await recorded(tmp_path, own, BETTER, 1_000, seed=2)
        (found,) = await p.experiments.check()
        assert (found.winner, found.experiment.state) == ("short", "completed")


@pytest.mark.parametrize("method", ["fixed", "bayes"])
async def test_what_looks_once_calls_nothing_better_before(tmp_path: Path, method: str) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        own = await running(p, method=method, units=1_000)
        await recorded(tmp_path, own, BETTER, 500)
        found = await p.experiments.report("shorter")
        assert found.analysis is not None
        assert [each.outcome for each in found.analysis.contrasts] == ["not yet"]
        ended = await p.experiments.stop("shorter")
        assert (ended.winner, ended.state) == ("", "stopped")
        found = await p.experiments.report("shorter")
        assert found.verdict.startswith("No verdict: this plan looks once")


@pytest.mark.parametrize("method", ["fixed", "group"])
async def test_units_count_when_their_outcomes_had_time_to_come(
    tmp_path: Path, method: str
) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        wanted = {"metric": "solved, wait_h=1", "method": method, "units": 200}
        own = await running(p, **wanted)
        # They came within the last ten minutes, and nothing has come of them so far.
        await recorded(tmp_path, own, BETTER, 600)
        found = await p.experiments.report("shorter")
        assert (found.analysis, found.done) == (None, False)
        # Over more than an hour.
        await recorded(tmp_path, own, BETTER, 4_000, slices=["before"])
        found = await p.experiments.report("shorter")
        assert (found.winner, found.done) == ("short", True)


async def test_few_units_of_shares_that_follow_have_rates_that_can_be(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        own = await running(p, allocation="thompson")
        await recorded(tmp_path, own, {"A": 0.5, "short": 0.9}, 6)
        found = await p.experiments.report("shorter")
        assert found.analysis is not None
        shown = report_of(found).analysis
        assert shown is not None
        for arm in shown.arms:
            assert 0 <= arm.interval.low <= arm.value <= arm.interval.high <= 1
        assert shown.arms != found.analysis.arms
        # Three hundred of the other variant make nothing sure of six.
        await recorded(tmp_path, own, {"A": 0.5}, 300, seed=2, slices=["more"])
        found = await p.experiments.report("shorter")
        assert found.analysis is not None
        assert [each.outcome for each in found.analysis.contrasts] == ["no difference"]


async def test_a_difference_too_small_to_matter_ends_it(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        own = await running(p, matters=0.2)
        await recorded(tmp_path, own, ALIKE, 2_000)
        found = await p.experiments.report("shorter")
        assert (found.winner, found.done) == ("", True)
        assert "smaller than the 0.2 that matters" in found.verdict


async def test_units_in_other_shares_than_planned_stop_the_verdict(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        own = await running(p, weights={"A": 1, "short": 2})
        await recorded(tmp_path, own, BETTER)
        found = await p.experiments.report("shorter")
        assert found.winner == ""
        assert found.verdict.startswith("No verdict: units did not come in the planned shares")


async def test_a_variant_that_nobody_saw(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        own = await running(p)
        await recorded(tmp_path, own, {"A": 0.5})
        found = await p.experiments.report("shorter")
        assert found.verdict == (
            "No verdict: too early: short has fewer than two units with outcomes."
        )


async def test_a_draft_has_no_verdict(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        await prepared(p)
        await p.experiments.create("x", VARIANTS, metric="solved")
        found = await p.experiments.report("x")
        assert found.verdict.startswith("No verdict: too early: A, short have fewer than two units")


async def test_a_control_without_units_and_a_variant_that_gets_nobody_new(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        own = await running(p)
        await p.experiments.set_shares("shorter", {"A": 0, "short": 1})
        await recorded(tmp_path, own, {"short": 0.5}, 60)
        assert "too early: A has fewer" in (await p.experiments.report("shorter")).verdict
        await recorded(tmp_path, own, {"A": 0.5}, 60)
        found = await p.experiments.report("shorter")
        assert found.analysis is not None
        assert any("shares were changed" in note for note in found.notes)


async def test_all_outcomes_equal(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        own = await running(p)
        await recorded(tmp_path, own, {"A": 1.0, "short": 1.0})
        found = await p.experiments.report("shorter")
        assert found.winner == ""
        assert any("no value differs" in note for note in found.notes)


async def test_units_without_an_outcome_count_as_none_or_not_at_all(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        own = await running(p, guardrails=["score, margin=0.1"])
        await recorded(tmp_path, own, ALIKE, 100, metric="other")
        found = await p.experiments.report("shorter")
        assert found.analysis is not None
        assert [(arm.n, arm.value) for arm in found.analysis.arms] == [(100, 0.0), (100, 0.0)]
        assert found.guards[0].analysis is None


async def test_shares_follow_what_is_seen_and_the_estimate_stays_unbiased(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        own = await running(p, allocation="thompson", least=100, units=100_000)
        await recorded(tmp_path, own, {"A": 0.50, "short": 0.53}, 200)
        (found,) = await p.experiments.check()
        now = found.experiment
        assert now.generation == 1
        assert sum(now.shares.values()) == pytest.approx(1)
        assert min(now.shares.values()) >= 0.05
        assert now.shares["short"] > now.shares["A"]
        assert found.analysis is not None
        assert [arm.n for arm in found.analysis.arms] == [200, 200]
        (again,) = await p.experiments.check()
        assert again.experiment.generation == 1


async def test_a_reversal_in_every_slice_is_told(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        own = await running(p)
        # Better in each country, but mostly shown in the one that is hard.
        for country, shown in {
            "easy": {"A": (0.80, 900), "short": (0.90, 100)},
            "hard": {"A": (0.20, 100), "short": (0.35, 900)},
        }.items():
            for variant, (rate, units) in shown.items():
                await recorded(tmp_path, own, {variant: rate}, units, slices=[country])
        found = await p.experiments.report("shorter")
        assert any("each country (Simpson's paradox)" in note for note in found.notes)


async def test_what_units_did_before_takes_noise_away(tmp_path: Path) -> None:
    """Outcomes from before a unit saw its variant are its past."""
    async with burnish.open_async(str(tmp_path)) as p:
        own = await running(p, metric="words, kind=mean")
        await recorded(tmp_path, own, ALIKE, 300, metric="other")
        draw = random.Random(5)
        store = await open_sqlite(tmp_path / "burnish.sqlite")
        outcomes: list[Outcome] = []
        async for unit in store.experiments.values(own.id, "words"):
            usual = draw.gauss(100, 30)
            effect = 4.0 * (unit.variant == "short")
            for key, value, at in (
                ("before", usual, unit.at - timedelta(days=3)),
                ("after", usual + effect + draw.gauss(0, 5), unit.at),
            ):
                outcomes.append(
                    Outcome(
                        experiment_id=own.id,
                        unit=unit.unit,
                        metric="words",
                        key=key,
                        value=value,
                        at=at,
                    )
                )
        await store.experiments.record(outcomes)
        await store.close()
        found = await p.experiments.report("shorter")
        assert found.analysis is not None
        assert found.analysis.kept < 0.1
        (contrast,) = found.analysis.contrasts
        assert contrast.interval.low < 4 < contrast.interval.high
        assert contrast.interval.high - contrast.interval.low < 6
        assert any("before" in note for note in found.notes)


async def test_what_was_stopped_before_its_time_shows_no_winner_later(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        own = await running(p, method="fixed", units=5_000, days=7)
        await recorded(tmp_path, own, BETTER, 300)
        assert (await p.experiments.stop("shorter")).state == "stopped"
        await ago(tmp_path, own, days=8)
        found = await p.experiments.report("shorter")
        assert (found.winner, found.done) == ("", False)


async def test_two_units_break_no_guardrail(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        own = await running(p, guardrails=["complained, lower"])
        await recorded(tmp_path, own, ALIKE, 2)
        await recorded(tmp_path, own, {"A": 0.0, "short": 1.0}, 2, metric="complained")
        (found,) = await p.experiments.check()
        assert (found.experiment.state, found.guards[0].state) == ("running", "open")


async def test_shares_follow_without_one_that_gets_nobody(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        await prepared(p)
        three = [*VARIANTS, "third=mail/late@2, temperature=1"]
        await p.experiments.create(
            "shorter", three, metric="solved", allocation="thompson", least=50
        )
        own = await p.experiments.start("shorter")
        await p.experiments.set_shares("shorter", {"A": 1, "short": 1, "third": 0})
        await recorded(tmp_path, own, ALIKE, 200)
        await ago(tmp_path, own, hours=2)
        (found,) = await p.experiments.check()
        assert found.experiment.shares["third"] == 0
        await ago(tmp_path, own, hours=2)
        (found,) = await p.experiments.check()
        assert found.experiment.shares["third"] == 0


async def test_one_that_cannot_go_on_stops_no_other(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        own = await running(p, auto=True)
        await p.prompts.create("mail/late", "A third one for {{ order }}.")
        await recorded(tmp_path, own, BETTER)
        await p.prompts.set_label("mail/late", "production", 3)
        await p.prompts.create("note", "Note {{ it }}.")
        await p.prompts.set_label("note", "production", 1)
        await p.experiments.create("other", ["note@1", "B=note@1, temperature=1"], metric="solved")
        await p.experiments.start("other")
        await p.experiments.check()
        found = await p.experiments.check()
        assert {each.experiment.name for each in found} == {"shorter", "other"}
        blocked = next(each for each in found if each.experiment.name == "shorter")
        assert any("was moved from 1 to 3" in note for note in blocked.notes)
