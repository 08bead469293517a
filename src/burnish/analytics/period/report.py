"""What a period came to, whatever the form."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from burnish.storage.experiment import Kind, State, What
from burnish.storage.period import Doings, Failures, RunStep, Spent

RankedBy = Literal["evaluations", "rules", "ratings"]
Standing = Literal["better", "worse", "higher", "lower", "not shown"]


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Runs but those of the offline composer. Latencies are of runs that a model answered, None
    where none did; `p95_low_ms` and `p95_high_ms` bound the percentile. `cost_usd` is the sum of
    the known costs, None where none is known. `prompts` were run; `versions` are new, and
    `new_prompts` of them are the first of a prompt."""

    runs: int = 0
    errors: int = 0
    cache_hits: int = 0
    tokens: int = 0
    cost_usd: float | None = None
    cost_unknown: int = 0
    p50_latency_ms: float | None = None
    p95_latency_ms: float | None = None
    p95_low_ms: float | None = None
    p95_high_ms: float | None = None
    prompts: int = 0
    versions: int = 0
    new_prompts: int = 0


class Worse(msgspec.Struct, frozen=True, kw_only=True):
    """A figure that got worse by more than chance explains, or that somebody has to look at.
    `name` is the prompt or experiment, empty for all runs; `before` and `now` are shares, or
    milliseconds of the latency."""

    what: Literal["failed runs", "rules kept", "p95 latency", "halted", "rolled back", "gate"]
    name: str = ""
    before: float | None = None
    now: float | None = None
    text: str


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """`rate` of `n` with its interval. `dataset` is what a version was evaluated over; it is
    `better` or `worse` than the other versions together on the examples that they were asked by the
    same model too. By rules and ratings a prompt is `higher` or `lower` than the others: they had
    other inputs, so this says nothing of how good it is. None where nothing is to compare with."""

    name: str
    dataset: str = ""
    n: int
    rate: float
    low: float
    high: float
    standing: Standing | None = None


class Ranking(msgspec.Struct, frozen=True, kw_only=True):
    """Prompts by what was measured of them: the share of answers that passed in `evaluations`, of
    answers that kept the `rules` set for them, or the mean of their `ratings` (of all time, as
    ratings bear no date). Of many `prompts` the best and the worst are in `rows`, best first within
    each dataset.
    `few` had less than `least` of what is counted, which tells nothing; `unranked` names some of
    them, with the dataset of an evaluation. Intervals and standings hold for all prompts together
    with 95 %."""

    by: RankedBy
    rows: tuple[Ranked, ...]
    prompts: int
    least: int
    few: int = 0
    unranked: tuple[str, ...] = ()


class EvaluationLine(msgspec.Struct, frozen=True, kw_only=True):
    """An evaluation that ended: `best` leads with the mean `score` over `n` answers (None where
    nothing was scored). `gate` is empty where none is kept."""

    id: str
    prompts: tuple[str, ...]
    models: tuple[str, ...]
    dataset: str
    who: str
    stop: str
    ended_at: datetime
    best: str = ""
    score: float | None = None
    n: int = 0
    gate: str = ""


class Gain(msgspec.Struct, frozen=True, kw_only=True):
    """The winner's metric less the control's, with its interval."""

    control: str
    difference: float
    low: float
    high: float


class ExperimentLine(msgspec.Struct, frozen=True, kw_only=True):
    """`units` have seen a variant until the period's end, `new_units` of them in the period; None
    of an offline one.
    `verdict`, `winner` and `gain` are as they were kept when it ended."""

    name: str
    kind: Kind
    prompt: str
    state: State
    metric: str
    started_at: datetime | None
    ended_at: datetime | None
    units: int | None = None
    new_units: int | None = None
    winner: str = ""
    verdict: str = ""
    gain: Gain | None = None


class MoveLine(msgspec.Struct, frozen=True, kw_only=True):
    """A promotion, the wish for one, its taking back, or a halt by a guardrail."""

    experiment: str
    what: What
    by: str
    why: str
    at: datetime


class PeriodReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was done from `since` to `until` (UTC, not included; whole hours, but for one that has
    not ended yet), beside the period `before`, of whole hours just before it. `steps` are its parts
    of `step_h` hours. Lists hold the first few; `evaluations_ended`, `experiments_running` (at the
    end), `experiments_ended` and `moves_made` count all."""

    since: datetime
    until: datetime
    before_since: datetime
    headline: str
    usage: Usage
    before: Usage
    worse: tuple[Worse, ...] = ()
    step_h: int
    steps: tuple[RunStep, ...] = ()
    prompts: tuple[Spent, ...] = ()
    models: tuple[Spent, ...] = ()
    rankings: tuple[Ranking, ...] = ()
    failures: tuple[Failures, ...] = ()
    evaluations_ended: int = 0
    evaluations: tuple[EvaluationLine, ...] = ()
    experiments_running: int = 0
    running: tuple[ExperimentLine, ...] = ()
    experiments_ended: int = 0
    ended: tuple[ExperimentLine, ...] = ()
    moves_made: int = 0
    moves: tuple[MoveLine, ...] = ()
    doings: tuple[Doings, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def part(self) -> float:
        """Its length over that of the period before: 1 unless its last hour has not ended."""
        return (self.until - self.since) / (self.since - self.before_since)
