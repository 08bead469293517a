"""The way of a stored experiment: what the store itself would have told at each time."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from tests.experiments.recorded import recorded, running

import burnish
from burnish.experiments.report.over_time import LOOKS, points_of
from burnish.experiments.standing import figures, read
from burnish.storage.experiment import Experiment, Exposure, Moved, Outcome
from burnish.storage.ids import Ids
from burnish.storage.sqlite import open_sqlite

UNITS = 260


async def lived(home: Path, experiment: Experiment) -> None:
    """Eight days of units whose outcomes come late, several times, early, or never."""
    draw, now = random.Random(5), datetime.now(UTC)
    exposures: list[Exposure] = []
    outcomes: list[Outcome] = []

    def outcome(unit: str, key: str, at: datetime, value: float) -> Outcome:
        return Outcome(
            experiment_id=experiment.id,
            unit=unit,
            metric=experiment.plan.metric.name,
            key=key,
            value=value,
            denominator=2.0,
            at=at,
        )

    for n in range(UNITS):
        variant, unit = ("A", "short")[n % 2], f"u{draw.random()}"
        at = now - timedelta(days=8) * draw.random()
        exposures.append(
            Exposure(
                experiment_id=experiment.id,
                unit=unit,
                variant=variant,
                at=at,
                since=at - timedelta(seconds=60),
            )
        )
        outcomes.append(outcome(unit, "before", at - timedelta(days=1), draw.gauss(3, 1)))
        for key in range(n % 4):
            late = min(at + timedelta(days=3) * draw.random(), now)
            outcomes.append(outcome(unit, str(key), late, draw.gauss(3 + n % 2, 1)))
    store = await open_sqlite(home / "burnish.sqlite")
    await store.experiments.expose(exposures)
    await store.experiments.record(outcomes)
    await store.close()


@pytest.mark.parametrize(
    "options",
    [
        {"metric": "stars, kind=mean"},
        {"metric": "stars, kind=mean, absent=out", "method": "bayes", "days": 30},
        {"metric": "stars, kind=ratio, cap=0.9"},
        {"metric": "stars, kind=mean", "method": "group", "units": 100},
        {"metric": "stars, kind=mean, wait_h=36"},
    ],
    ids=["mean", "bayes", "ratio", "group", "waiting"],
)
async def test_each_look_is_what_the_store_would_have_told_then(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        own = await running(p, **options)
        await lived(tmp_path, own)
        found = await p.experiments.report("shorter")
        series = await p.experiments.series(found)
        assert len(await p.experiments.series("shorter")) == len(series)
    store = await open_sqlite(tmp_path / "burnish.sqlite")
    try:
        assert len(series) > LOOKS / 2
        assert found.analysis is not None
        assert series[-1:] == points_of(found.analysis, found.at)
        for point in (series[0], series[4], series[-2]):
            assert isinstance(point.at, datetime)
            known = await read(store, own, own.plan.metric, point.at, now=point.at)
            then = figures(own, known).analysis
            assert then is not None
            (expected,) = points_of(then, point.at)
            assert structs.astuple(point)[:4] == structs.astuple(expected)[:4]
            assert structs.astuple(point)[4:] == pytest.approx(structs.astuple(expected)[4:])
    finally:
        await store.close()


async def test_an_experiment_that_nobody_saw_has_no_series(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        await running(p)
        assert await p.experiments.series("shorter") == ()


async def test_the_series_of_one_that_has_ended_ends_with_its_last_outcome(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        own = await running(p)
        await recorded(tmp_path, own, {"A": 0.4, "short": 0.5}, 200)
        await p.experiments.stop("shorter")
        store = await open_sqlite(tmp_path / "burnish.sqlite")
        now = await store.experiments.by_name("shorter")
        assert now is not None
        ended = datetime.now(UTC) - timedelta(days=30)
        moved = Moved(id=Ids()(), what="stopped", at=ended)
        await store.experiments.change(structs.replace(now, ended_at=ended), moved)
        last = (await store.experiments.tally(now.id)).last_at
        await store.close()
        series = await p.experiments.series("shorter")
        assert series[-1].at == last


def test_the_sync_face_has_it_too(tmp_path: Path) -> None:
    with burnish.open(str(tmp_path)) as p:
        for text in ("Say {{ x }}.", "Tell {{ x }}."):
            p.prompts.create("mail/late", text)
        p.prompts.set_label("mail/late", "production", 1)
        p.experiments.create("shorter", ["mail/late@1", "mail/late@2"], metric="solved")
        p.experiments.start("shorter")
        assert p.experiments.series("shorter") == ()
