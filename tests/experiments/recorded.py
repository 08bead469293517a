"""Experiments with units in them, as an application would have left them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import burnish
from burnish.storage.experiment import Experiment, Exposure, Outcome
from burnish.storage.sqlite import open_sqlite

VARIANTS = ("mail/late@1", "short=mail/late@2")


async def prepared(p: burnish.AsyncPlatform, name: str = "mail/late") -> None:
    """A prompt with two revisions, of which people get the first."""
    await p.prompts.create(name, "Say sorry for {{ order }}.")
    await p.prompts.create(name, "Apologise for {{ order }} in one line.")
    await p.prompts.set_label(name, "production", 1)


async def running(p: burnish.AsyncPlatform, **options: Any) -> Experiment:
    await prepared(p)
    wanted: dict[str, Any] = {"metric": "solved", **options}
    await p.experiments.create("shorter", VARIANTS, **wanted)
    return await p.experiments.start("shorter")


async def recorded(
    home: Path,
    experiment: Experiment,
    rates: Mapping[str, float],
    units: int = 600,
    *,
    metric: str = "solved",
    seed: int = 1,
    slices: Sequence[str] = (),
    expose: bool = True,
    shares: Mapping[str, int] | None = None,
) -> None:
    """`units` of each variant, whose outcomes are 1 as often as its rate says; so many times more
    where its `shares` say so."""
    draw = random.Random(seed)
    began = datetime.now(UTC) - timedelta(seconds=units)
    exposures: list[Exposure] = []
    outcomes: list[Outcome] = []
    turns = [name for name in rates for _ in range((shares or {}).get(name, 1))]
    for n in range(units * len(turns)):
        variant = turns[n % len(turns)]
        at = began + timedelta(seconds=n / len(turns))
        unit = "-".join((*slices, variant, str(n)))
        chosen = {"country": slices[n % len(slices)]} if slices else {}
        exposures.append(
            Exposure(
                experiment_id=experiment.id,
                unit=unit,
                variant=variant,
                chance=turns.count(variant) / len(turns),
                slices=chosen,
                at=at,
                since=at - timedelta(seconds=60),
            )
        )
        outcomes.append(
            Outcome(
                experiment_id=experiment.id,
                unit=unit,
                metric=metric,
                key="",
                value=float(draw.random() < rates[variant]),
                at=at,
            )
        )
    store = await open_sqlite(home / "burnish.sqlite")
    try:
        if expose:
            await store.experiments.expose(exposures)
        await store.experiments.record(outcomes)
    finally:
        await store.close()
