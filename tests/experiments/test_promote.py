"""From what is shown to what people get, and back."""

from pathlib import Path
from typing import Any

import pytest
from tests.experiments.recorded import prepared, recorded, running

import burnish
from burnish.errors import Conflict, NotPermitted, NotShown, StoreError, UsageError
from burnish.experiments.report.report import report_of

BETTER = {"A": 0.4, "short": 0.7}
ALIKE = {"A": 0.5, "short": 0.5}


async def standing(p: burnish.AsyncPlatform) -> int:
    return (await p.prompts.get("mail/late", "production")).version.revision


@pytest.mark.spec("EXP-07")
async def test_the_label_moves_to_the_winner_with_the_evidence(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        await recorded(tmp_path, await running(p), BETTER)
        done = await p.experiments.promote("shorter")
        assert (done.variant, done.revision, done.moved) == ("short", 2, True)
        assert await standing(p) == 2
        (move, *_) = await p.prompts.label_log("mail/late", "production")
        assert move.why.startswith("experiment shorter: short won, +0.")
        line = next(x for x in await p.experiments.log("shorter") if x.what == "promoted")
        assert line.facts["units"] == {"A": 600, "short": 600}
        assert line.facts["contrasts"][0]["outcome"] == "better"
        assert (await p.experiments.get("shorter")).state == "completed"


@pytest.mark.spec("EXP-07")
async def test_what_is_not_shown_is_refused_unless_forced_with_a_reason(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        await recorded(tmp_path, await running(p), ALIKE)
        with pytest.raises(NotShown, match="nothing is shown to be best"):
            await p.experiments.promote("shorter")
        with pytest.raises(NotShown, match="short is not shown"):
            await p.experiments.promote("shorter", "short")
        with pytest.raises(UsageError, match="wants a reason"):
            await p.experiments.promote("shorter", "short", force=True)
        with pytest.raises(UsageError, match="no variant is 'long'"):
            await p.experiments.promote("shorter", "long", force=True, why="x")
        assert await standing(p) == 1
        assert (await p.experiments.get("shorter")).state == "running"
        await p.experiments.promote("shorter", "short", force=True, why="the boss likes it")
        assert await standing(p) == 2
        log = await p.experiments.log("shorter")
        assert ("promoted", "the boss likes it") in [(x.what, x.why) for x in log]
        assert (await p.experiments.get("shorter")).state == "stopped"


@pytest.mark.spec("EXP-07")
async def test_a_broken_guardrail_keeps_a_winner_back(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        own = await running(p, guardrails=["complained, lower, margin=0.05"])
        await recorded(tmp_path, own, BETTER)
        bad = {"A": 0.1, "short": 0.6}
        await recorded(tmp_path, own, bad, metric="complained", expose=False, seed=2)
        found = await p.experiments.report("shorter")
        assert found.guards[0].state == "broken"
        assert "guardrail is broken" in found.verdict
        with pytest.raises(NotShown, match="complained: short is worse by"):
            await p.experiments.promote("shorter", "short")


async def test_what_is_promoted_is_not_promoted_again(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        await recorded(tmp_path, await running(p), BETTER)
        await p.experiments.promote("shorter")
        with pytest.raises(Conflict, match="at revision 2 already"):
            await p.experiments.promote("shorter")


async def test_a_promotion_is_taken_back(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        await recorded(tmp_path, await running(p), BETTER)
        with pytest.raises(Conflict, match="has promoted nothing"):
            await p.experiments.rollback("shorter")
        await p.experiments.promote("shorter")
        await p.experiments.rollback("shorter", why="customers hate it")
        log = await p.experiments.log("shorter")
        told = [each.what for each in report_of(await p.experiments.report("shorter"), (), log).log]
        assert told[:3] == ["rolled back", "completed", "promoted"]
        assert "promoting" not in told
        assert await standing(p) == 1
        (move, *_) = await p.prompts.label_log("mail/late", "production")
        assert move.why == "customers hate it"


async def test_what_was_moved_is_marked_whoever_changes_the_experiment_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        await recorded(tmp_path, await running(p), BETTER)
        move = p.prompts.set_label

        async def moved(*given: Any, **options: Any) -> Any:
            await p.experiments.set_shares("shorter", {"A": 0.2, "short": 0.8})
            return await move(*given, **options)

        monkeypatch.setattr(p.prompts, "set_label", moved)
        # A stopped one has no shares to change: the promotion comes first, then the end.
        done = await p.experiments.promote("shorter")
        assert (done.experiment.promoted, await standing(p)) == (2, 2)


async def test_a_process_that_dies_while_it_promotes_is_made_up_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        await recorded(tmp_path, await running(p, auto=True), BETTER)
        move = p.prompts.set_label

        async def died(*given: Any, **options: Any) -> Any:
            await move(*given, **options)
            raise StoreError("the disk is gone", hint="bring it back")

        monkeypatch.setattr(p.prompts, "set_label", died)
        await p.experiments.check()
        monkeypatch.undo()
        own = await p.experiments.get("shorter")
        assert (own.promoted, await standing(p)) == (None, 2)
        await p.experiments.check()
        assert (await p.experiments.get("shorter")).promoted == 2
        await p.experiments.rollback("shorter")
        assert await standing(p) == 1


async def test_what_a_person_moved_after_a_rollback_is_no_promotion(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        await recorded(tmp_path, await running(p), BETTER)
        await p.experiments.promote("shorter")
        await p.experiments.rollback("shorter")
        await p.prompts.set_label("mail/late", "production", 2)
        with pytest.raises(Conflict, match="has promoted nothing"):
            await p.experiments.rollback("shorter")
        assert await standing(p) == 2


async def test_two_that_promote_different_variants_do_not_cross(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        await recorded(tmp_path, await running(p), BETTER)
        move = p.prompts.set_label
        refused: list[str] = []

        async def moved(*given: Any, **options: Any) -> Any:
            monkeypatch.undo()
            try:
                await p.experiments.promote("shorter", "A", force=True, why="I like it")
            except Conflict as error:
                refused.append(error.what)
            return await move(*given, **options)

        monkeypatch.setattr(p.prompts, "set_label", moved)
        await p.experiments.promote("shorter")
        assert len(refused) == 1
        own = await p.experiments.get("shorter")
        assert (own.promoted, own.winner, await standing(p)) == (2, "short", 2)


async def test_a_label_moved_by_hand_stops_a_promotion_and_a_rollback(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        own = await running(p)
        await p.prompts.create("mail/late", "A third one for {{ order }}.")
        await recorded(tmp_path, own, BETTER)
        await p.prompts.set_label("mail/late", "production", 3)
        with pytest.raises(Conflict, match="moved from 1 to 3 while"):
            await p.experiments.promote("shorter")
        await p.experiments.promote("shorter", force=True, why="it was a mistake")
        assert await standing(p) == 2
        await p.prompts.set_label("mail/late", "production", 3)
        with pytest.raises(Conflict, match="moved to 3 since"):
            await p.experiments.rollback("shorter")
        await p.experiments.rollback("shorter", force=True)
        assert await standing(p) == 1


async def test_a_variant_that_sets_a_model_becomes_a_version(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        await prepared(p)
        await p.experiments.create(
            "model", ["mail/late@1", "B=mail/late@1, model=fake:b, temperature=0"], metric="solved"
        )
        await recorded(tmp_path, await p.experiments.start("model"), {"A": 0.4, "B": 0.7})
        done = await p.experiments.promote("model")
        assert done.revision == 3
        found = await p.prompts.get("mail/late", "production")
        assert found.version.config == {"model": "fake:b", "temperature": 0}
        assert found.version.text == "Say sorry for {{ order }}."


@pytest.mark.spec("VER-08")
async def test_a_protected_label_waits_for_another_person(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path), author="ann") as p:
        own = await running(p)
    async with burnish.open_async(
        str(tmp_path), author="ann", library__protected_labels=["production"]
    ) as p:
        await recorded(tmp_path, own, BETTER)
        done = await p.experiments.promote("shorter")
        assert (done.moved, await standing(p)) == (False, 1)
        assert done.request is not None
        with pytest.raises(NotPermitted):
            await p.prompts.approve(done.request.id)
        with pytest.raises(Conflict, match="asked for already"):
            await p.experiments.promote("shorter")
        await p.prompts.approve(done.request.id, by="ben")
        assert await standing(p) == 2
    async with burnish.open_async(str(tmp_path), author="ann") as p:
        await p.experiments.rollback("shorter")
        assert await standing(p) == 1
