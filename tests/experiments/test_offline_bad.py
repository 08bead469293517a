"""Experiments on a dataset that cannot be begun: told before a model is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from burnish.errors import NotFound, Unavailable, UsageError
from burnish.models.fake import Fake

from .offline import VARIANTS, asked, right, rows, trying


async def test_a_model_that_cannot_be_asked_is_told_before_anything_is(tmp_path: Path) -> None:
    model = Fake()
    async with trying(tmp_path, model) as p:
        variants = ("a=say@1,model=fake:m", "b=say@2,model=anthropic:claude-3-5-haiku-latest")
        await p.experiments.create("keyless", variants, data="rows")
        with pytest.raises(Unavailable, match="'b' cannot be asked"):
            await p.experiments.start("keyless")
        assert (await p.experiments.get("keyless")).state == "draft"
        assert await p.jobs.list() == []
    assert model.requests == []


async def test_a_dataset_that_is_gone_is_told_at_the_start(tmp_path: Path) -> None:
    async with trying(tmp_path, Fake()) as p:
        await p.experiments.create("gone", VARIANTS, data="rows")
        await p.datasets.delete("rows")
        with pytest.raises(NotFound, match="no dataset 'rows'"):
            await p.experiments.start("gone")
        assert (await p.experiments.get("gone")).state == "draft"


async def test_a_dataset_that_changes_changes_nothing(tmp_path: Path) -> None:
    model = Fake(right({"A": 0.6, "B": 0.9}))
    async with trying(tmp_path, model) as p:
        experiment = await p.experiments.create("pinned", VARIANTS, data="rows")
        assert experiment.plan.trial is not None
        assert experiment.plan.trial.dataset == "rows@1"
        await p.datasets.add("rows", rows(150)[120:])
        ended = await p.experiments.start("pinned")
    assert ended.state == "completed"
    assert {number for _, number in asked(model)} == {str(n) for n in range(100)}


async def test_a_prompt_that_is_gone_is_told_at_the_start(tmp_path: Path) -> None:
    async with trying(tmp_path, Fake()) as p:
        await p.experiments.create("gone", VARIANTS, data="rows")
        await p.prompts.delete("say")
        with pytest.raises(NotFound, match="'say'"):
            await p.experiments.start("gone")
        assert (await p.experiments.get("gone")).state == "draft"


@pytest.mark.parametrize(
    ("variants", "options", "reason"),
    [
        (("a=say@1", "b=say@1,model=fake:m"), {}, "'a' and 'b' are the same"),
        (VARIANTS, {"metric": "helpful"}, "no scorer gives 'helpful'"),
        (VARIANTS, {"guardrails": ["helpful"]}, "no scorer gives 'helpful'"),
        (VARIANTS, {"tags": ["none"]}, "no example of rows@1 has the tag"),
        (VARIANTS, {"split": "train"}, "no example of rows@1 in split train"),
        (VARIANTS, {"repeats": 0}, "repeats is 0"),
        (VARIANTS, {"concurrency": 0}, "concurrency is 0"),
        (VARIANTS, {"max_cost_usd": -1.0}, "bound on cost is below 0"),
        (VARIANTS, {"data": "mute"}, "no scorer gives 'score'"),
    ],
)
async def test_what_could_show_nothing_is_refused_before_a_call(
    tmp_path: Path, variants: tuple[str, ...], options: dict[str, Any], reason: str
) -> None:
    model = Fake()
    async with trying(tmp_path, model, generation__model="fake:m") as p:
        await p.datasets.add("mute", [{**each, "expected": None} for each in rows(30)])
        plan: dict[str, Any] = {"data": "rows", **options}

        async def begun() -> None:
            await p.experiments.create("x", variants, **plan)
            await p.experiments.start("x")

        with pytest.raises(UsageError, match=reason):
            await begun()
    assert model.requests == []


async def test_scorers_that_examples_bring_give_metrics_too(tmp_path: Path) -> None:
    own = {"scorers": [{"name": "contains", "value": "1", "metric": "one"}]}
    async with trying(tmp_path, Fake()) as p:
        await p.datasets.add("own", rows(30, **own))
        await p.experiments.create("x", VARIANTS, data="own", metric="one")
        await p.experiments.start("x")
        found = await p.experiments.report("x")
    assert found.tally.outcomes == {"one": 60}


async def test_no_schedule_begins_an_experiment(tmp_path: Path) -> None:
    async with trying(tmp_path, Fake()) as p:
        draft = await p.experiments.create("tried", VARIANTS, data="rows")
        with pytest.raises(UsageError, match="not begun from time to time"):
            await p.schedules.add("nightly", "experiment", "@daily", input={"id": draft.id})


async def test_one_on_users_leaves_nothing_to_workers(tmp_path: Path) -> None:
    async with trying(tmp_path, Fake()) as p:
        await p.prompts.set_label("say", "production", 1)
        await p.experiments.create("online", ["say@1", "say@2"], metric="solved")
        with pytest.raises(UsageError, match="no work to leave to workers"):
            await p.experiments.start("online", background=True)
