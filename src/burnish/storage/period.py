"""The port of periods: what happened in a span of time, summed up where it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol

import msgspec

from burnish.storage.evaluation import Evaluation
from burnish.storage.experiment import Experiment, Moved, What
from burnish.storage.stats import RunStat, StatFilter


class RunTotal(msgspec.Struct, frozen=True, kw_only=True):
    """All runs of a period together, and how many prompts they were of. `p95_low_ms` and
    `p95_high_ms` bound the percentile with a confidence of 99 %, by the ranks of the latencies
    around it; None of too few for it."""

    stat: RunStat
    prompts: int
    p95_low_ms: float | None = None
    p95_high_ms: float | None = None


class RunStep(msgspec.Struct, frozen=True, kw_only=True):
    """The runs of one part of a period, which begins `at`. `cost_usd` is None where no cost is
    known."""

    at: datetime
    runs: int = 0
    errors: int = 0
    tokens: int = 0
    cost_usd: float | None = None


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """What the runs of a prompt or of a model came to; `cost_unknown` of them have no price."""

    name: str
    runs: int
    errors: int
    tokens: int
    cost_usd: float | None
    cost_unknown: int


class PromptRuns(msgspec.Struct, frozen=True, kw_only=True):
    """The runs of a prompt in a period and in the one before. `valid` of the `validated` answers
    kept the rules that were set for them."""

    name: str
    runs: int
    errors: int
    validated: int
    valid: int
    runs_before: int
    errors_before: int
    validated_before: int
    valid_before: int


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """A version's judged answers to the examples that other versions were asked by the same model
    too: `passed` of `judged`, and how many were `expected` to pass had the others answered in its
    place, by as many answers of theirs as `others`. Sums of squares and products are by example."""

    examples: int
    others: int
    judged: float
    passed: float
    expected: float
    judged_squares: float
    passed_squares: float
    expected_squares: float
    judged_passed: float
    judged_expected: float
    passed_expected: float


class PromptResults(msgspec.Struct, frozen=True, kw_only=True):
    """Answers of a version (`name@3`) that were judged in evaluations over a `dataset`
    (`cases@2`): `passed` of `judged`, over so many `examples`. The sums of squares are by example:
    of the passed, of the judged, and of both multiplied. `beside` is None where no other version
    was asked the same."""

    prompt: str
    dataset: str
    examples: int
    judged: int
    passed: int
    passed_squares: int
    judged_squares: int
    products: int
    beside: Beside | None = None


class PromptRatings(msgspec.Struct, frozen=True, kw_only=True):
    """All ratings that a prompt ever got: `count` of 0..1, which sum up to `total`."""

    name: str
    count: int
    total: float


class Failures(msgspec.Struct, frozen=True, kw_only=True):
    reason: str
    runs: int


class Doings(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody did in a period: runs, versions and evaluations, and `moves` of experiments
    that are decided by people."""

    who: str
    runs: int = 0
    errors: int = 0
    cost_usd: float | None = None
    cost_unknown: int = 0
    versions: int = 0
    evaluations: int = 0
    moves: int = 0


class Units(msgspec.Struct, frozen=True, kw_only=True):
    """That saw a variant of an experiment: until the period's end, and in the period."""

    seen: int
    new: int


class MovedExperiment(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    moved: Moved


class EndedExperiment(msgspec.Struct, frozen=True, kw_only=True):
    """With the line of its log that tells of its end."""

    experiment: Experiment
    moved: Moved | None


class Periods(Protocol):
    """`since` is included, `until` is not. What is filtered by `StatFilter` is kept by the hour,
    and stays when runs are forgotten."""

    async def total(self, where: StatFilter) -> RunTotal | None:
        """None where nothing was run."""
        ...

    async def steps(self, where: StatFilter, step_h: int) -> list[RunStep]:
        """Parts of so many hours, counted back from `where.until`, that have runs; oldest first.
        Needs `until`."""
        ...

    async def spent(
        self, by: Literal["prompt", "model"], where: StatFilter, limit: int
    ) -> list[Spent]:
        """The dearest first; runs of no prompt have an empty name."""
        ...

    async def prompts(self, where: StatFilter, before: StatFilter, limit: int) -> list[PromptRuns]:
        """Those with most runs in `where`, first."""
        ...

    async def results(self, since: datetime, until: datetime, limit: int) -> list[PromptResults]:
        """Of the evaluations that ended in the period, those with most examples first."""
        ...

    async def ratings(self, names: Sequence[str]) -> list[PromptRatings]:
        """Of the prompts of these names that are rated."""
        ...

    async def failures(self, where: StatFilter, limit: int) -> list[Failures]:
        """Of runs that are not forgotten; the commonest first."""
        ...

    async def doings(self, where: StatFilter, limit: int) -> list[Doings]:
        """Whoever did most, first. Runs that are forgotten have nobody."""
        ...

    async def made(self, since: datetime, until: datetime) -> tuple[int, int]:
        """New versions, and how many of them began a prompt."""
        ...

    async def evaluations(
        self, since: datetime, until: datetime, limit: int
    ) -> tuple[int, list[Evaluation]]:
        """How many ended, and the newest of them."""
        ...

    async def gates(self, evaluation_ids: Sequence[str]) -> dict[str, str]:
        """`passed` or `failed`, of those that a job judged by a bound; the last job's that had to
        do with it."""
        ...

    async def running(self, at: datetime, limit: int) -> tuple[int, list[Experiment]]:
        """How many experiments had begun then and not ended, and those that began last."""
        ...

    async def ended(
        self, since: datetime, until: datetime, limit: int
    ) -> tuple[int, list[EndedExperiment]]:
        """How many experiments ended in the period, and the last of them."""
        ...

    async def moves(
        self, since: datetime, until: datetime, whats: Sequence[What], limit: int
    ) -> tuple[int, list[MovedExperiment]]:
        """How many moves of experiments there were, and the newest of them."""
        ...

    async def units(
        self, experiment_ids: Sequence[str], since: datetime, until: datetime
    ) -> dict[str, Units]: ...
