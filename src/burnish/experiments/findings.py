"""What an experiment has come to so far."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from burnish.experiments.analysis import Analysis
from burnish.storage.experiment import Experiment, MetricSpec, Tally


class Guard(msgspec.Struct, frozen=True, kw_only=True):
    """A guardrail: `broken` where a variant is surely worse than the margin allows, `held` where
    none can be, else `open`. `worst` names the variant that is nearest to breaking it."""

    metric: MetricSpec
    analysis: Analysis | None
    state: Literal["held", "broken", "open"]
    worst: str = ""
    text: str


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """`analysis` is None where nothing can be told yet; `verdict` says why. `absent` counts the
    units of each variant of which nothing was recorded; the metric that decides says what they
    count as. `done` says that the stop rule is met. `winner` is empty where no variant is surely
    better than the control, the units did not come in their shares, or a guardrail is broken."""

    experiment: Experiment
    at: datetime
    tally: Tally
    analysis: Analysis | None
    absent: dict[str, int] = {}
    guards: tuple[Guard, ...] = ()
    winner: str = ""
    done: bool = False
    verdict: str
    notes: tuple[str, ...] = ()
