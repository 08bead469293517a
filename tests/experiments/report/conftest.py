"""Findings of an experiment that was never run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from burnish.experiments.analysis import Analysis, Design, analyse
from burnish.experiments.estimate import Sample
from burnish.experiments.findings import Findings, Guard
from burnish.experiments.report.over_time import over_samples
from burnish.experiments.report.report import Report, report_of
from burnish.experiments.verdict import verdict
from burnish.storage.experiment import (
    Experiment,
    MetricSpec,
    Moved,
    Plan,
    StopRule,
    Tally,
    Variant,
    shares_of,
)

NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)
START = NOW - timedelta(days=9)
Samples = Callable[..., list[Sample]]
Shown = Callable[..., Report]


def _samples(
    names: Sequence[str] = ("short", "polite"), *, n: int = 2_000, gain: float = 0.06, **more: Any
) -> list[Sample]:
    draw = np.random.default_rng(3)
    seconds = (NOW - START).total_seconds()
    times = [np.sort(START.timestamp() + draw.random(n) * seconds) for _ in names]
    return [
        Sample(name, (draw.random(n) < 0.2 + gain * at).astype(float), None, None, own)
        for at, (name, own) in enumerate(zip(names, times, strict=True))
    ]


def _planned(names: Sequence[str]) -> Experiment:
    variants = tuple(Variant(name=name, prompt=f"mail/late@{n}") for n, name in enumerate(names, 3))
    return Experiment(
        id="0197",
        name="late mails",
        kind="online",
        prompt="mail/late",
        label="production",
        plan=Plan(
            variants=variants,
            control=names[0],
            metric=MetricSpec(name="solved"),
            guardrails=(MetricSpec(name="cost_usd", kind="mean", margin=0.001),),
            rule=StopRule(units=5_000, days=14.0, matters=0.01),
            unit="ticket",
            targets={"country": ("de", "at")},
            ramp=(0.1, 1.0),
        ),
        state="running",
        salt="salt",
        shares=dict(shares_of(variants)),
        by="ann",
        created_at=START,
        started_at=START,
    )


def _guards(experiment: Experiment, analysis: Analysis | None) -> tuple[Guard, ...]:
    cost, latency = experiment.plan.guardrails[0], MetricSpec(name="latency_ms", margin=200.0)
    return (
        Guard(metric=cost, analysis=analysis, state="held", text="cost_usd is within 0.001"),
        Guard(metric=latency, analysis=None, state="broken", text="latency_ms is 400 above"),
    )


def _shown(
    names: Sequence[str] = ("short", "polite"), *, method: Any = "sequential", **more: Any
) -> Report:
    samples, experiment = _samples(names, **more), _planned(names)
    analysis = analyse(samples, Design(method=method, weights=experiment.shares))
    findings = Findings(
        experiment=experiment,
        at=NOW,
        tally=Tally(
            units={each.name: each.n for each in samples},
            outcomes={"solved": 930},
            last_at=NOW,
        ),
        analysis=analysis,
        guards=_guards(experiment, analysis),
        winner=analysis.winner,
        verdict=verdict(analysis),
        notes=("the shares were changed on the way",),
    )
    log = (
        Moved(id="2", what="ramped", why="nothing is broken", facts={"taking": 1.0}, at=NOW),
        Moved(id="1", what="started", by="ann", at=START),
    )
    return report_of(findings, over_samples(samples, analysis, dated=True), log)


@pytest.fixture
def samples() -> Samples:
    return _samples


@pytest.fixture
def shown() -> Shown:
    return _shown


@pytest.fixture
def begun() -> Report:
    """Nobody has come so far."""
    experiment = _planned(("short", "polite"))
    return report_of(
        Findings(
            experiment=experiment,
            at=NOW,
            tally=Tally(),
            analysis=None,
            verdict="No verdict: nobody has come so far.",
        )
    )
