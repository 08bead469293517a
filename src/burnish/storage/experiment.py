"""The port of experiments: what is compared, who saw what, and what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol

import msgspec

from burnish.storage.example import ScorerSpec, Split

State = Literal["draft", "running", "paused", "completed", "stopped"]
Kind = Literal["online", "offline"]
Measure = Literal["rate", "mean", "ratio"]
Absent = Literal["zero", "out"]
Method = Literal["sequential", "fixed", "group", "bayes"]
Allocation = Literal["weights", "thompson", "top_two"]
What = Literal[
    "created",
    "started",
    "paused",
    "resumed",
    "completed",
    "stopped",
    "shares",
    "ramped",
    "halted",
    "promoting",
    "promoted",
    "asked",
    "rolled back",
]


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """What a unit may get: a version (`name@3`), answered by `model` and with `config` where these
    are given, in the place of what the version itself names. `weight` is relative to those of the
    others."""

    name: str
    prompt: str
    model: str = ""
    config: dict[str, Any] = {}
    weight: float = 1.0


class MetricSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What is recorded of units: a `rate` of values 0 and 1, a `mean`, or a `ratio` of the sum of
    values to that of denominators. Of a unit with several outcomes they count with their number,
    and as one unit for how sure the figure is.

    `absent` says what a unit counts of which nothing was recorded: as zero, or not at all. An
    outcome takes up to `wait_h` hours, so a unit counts from then on. With `cap`, values above that
    quantile are set to it. `margin` is, of a guardrail, by how much a variant may be worse than the
    control.
    """

    name: str
    kind: Measure = "rate"
    lower_is_better: bool = False
    absent: Absent = "zero"
    cap: float = 1.0
    margin: float = 0.0
    wait_h: float = 0.0


class StopRule(msgspec.Struct, frozen=True, kw_only=True):
    """When an experiment has its answer. `units` of each variant are the most that it takes (and
    those that `fixed` and `group` plan with), `days` the longest; `looks` are how often `group`
    looks until then. Before `least` units of each nothing is decided. It ends, too, where all
    differences are surely smaller than `matters`, and of beliefs where a wrong choice would lose
    less than `loss`."""

    method: Method = "sequential"
    level: float = 0.95
    units: int | None = None
    days: float | None = None
    looks: int = 5
    least: int = 50
    matters: float | None = None
    loss: float | None = None


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What an offline experiment asks: each variant the same examples of a dataset (`name@3`).
    Without a `split` it is the test split, where that has enough examples to judge by."""

    dataset: str
    scorers: tuple[ScorerSpec, ...] = ()
    split: Split | Literal["all"] | None = None
    tags: tuple[str, ...] = ()
    examples: int | None = None
    repeats: int = 1
    concurrency: int | None = None
    max_cost_usd: float | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What stays as it is once an experiment has begun.

    `unit` says what is assigned: user, session, document. `targets` are attributes with the values
    of which a unit must have one; `holdout` is the share of units that no experiment of the
    `layer` touches. Experiments in one layer share no unit: each takes `layer_share` of them.
    `ramp` are the
    shares of units that take part, one after another, each for `ramp_h` hours. With `auto` the
    winner is promoted at the stop rule.
    """

    variants: tuple[Variant, ...]
    control: str
    metric: MetricSpec
    guardrails: tuple[MetricSpec, ...] = ()
    rule: StopRule = StopRule()
    unit: str = "user"
    targets: dict[str, tuple[str, ...]] = {}
    holdout: float = 0.0
    layer: str = ""
    layer_share: float = 1.0
    ramp: tuple[float, ...] = ()
    ramp_h: float = 24.0
    allocation: Allocation = "weights"
    auto: bool = False
    trial: Trial | None = None


class Experiment(msgspec.Struct, frozen=True, kw_only=True):
    """`revision` rises with every change. `shares` are the variants' shares now, and `generation`
    how often they were changed: while it is 0, who sees what follows from the unit alone. `taking`
    is the share of units that take part, `step` where the ramp is, since `step_at`. `slot` is the
    part of the layer's units that are this experiment's.

    `winner` and `verdict` are what it came to. `promoted` is the revision that the label went to
    (0: it was taken back), and `before` the one that it stood on (0: on none).
    """

    id: str
    name: str
    kind: Kind
    prompt: str
    label: str = ""
    plan: Plan
    state: State = "draft"
    salt: str
    shares: dict[str, float] = {}
    generation: int = 0
    taking: float = 1.0
    slot: tuple[float, float] = (0.0, 1.0)
    step: int = 0
    step_at: datetime | None = None
    evaluations: tuple[str, ...] = ()
    job_id: str = ""
    winner: str = ""
    verdict: str = ""
    promoted: int | None = None
    before: int | None = None
    by: str = ""
    revision: int = 1
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def ended(self) -> bool:
        return self.state in ("completed", "stopped")


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an experiment's log. `facts` are what it was decided on."""

    id: str
    what: What
    by: str = ""
    why: str = ""
    facts: dict[str, Any] = {}
    at: datetime


class Exposure(msgspec.Struct, frozen=True, kw_only=True):
    """A unit saw a variant, which it had the `chance` to see. Outcomes count from `since` on, a
    little before `at`, as clocks of machines are apart. `slices` are the attributes it came with.
    """

    experiment_id: str
    unit: str
    variant: str
    chance: float = 1.0
    slices: dict[str, str] = {}
    at: datetime
    since: datetime


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A value of a unit. Of one experiment, unit, metric and `key` the first one counts; without a
    key, the first one since the unit saw its variant, where there is one."""

    experiment_id: str
    unit: str
    metric: str
    key: str
    value: float
    denominator: float = 1.0
    run_id: str = ""
    at: datetime


class UnitValue(msgspec.Struct, frozen=True, kw_only=True):
    """Of one unit and metric: the sums over its `rows` outcomes, which may be none."""

    unit: str
    variant: str
    chance: float
    slices: dict[str, str] = {}
    at: datetime
    value: float
    denominator: float
    rows: int


class Came(msgspec.Struct, frozen=True, kw_only=True):
    """A value of a unit that counts, and when it came."""

    unit: str
    value: float
    denominator: float
    at: datetime


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """`units` by variant. `unmatched` outcomes are of units that have seen nothing so far, `early`
    ones from before their unit saw anything; neither counts."""

    units: dict[str, int] = {}
    outcomes: dict[str, int] = {}
    unmatched: int = 0
    early: int = 0
    last_at: datetime | None = None


class Experiments(Protocol):
    async def add(self, experiment: Experiment, moved: Moved) -> None:
        """Raises Conflict for a name or an id that is there."""
        ...

    async def by_name(self, name: str) -> Experiment | None: ...

    async def by_prefix(self, prefix: str, limit: int) -> list[Experiment]:
        """Those whose id begins so."""
        ...

    async def page(
        self, limit: int, *, state: State | None = None, prompt: str = "", before: str = ""
    ) -> list[Experiment]:
        """Newest first; `before` is the id after which the page goes on."""
        ...

    async def change(self, experiment: Experiment, moved: Moved) -> Experiment:
        """Stores it as it now is, with a line in the log, in one step; gives it with its next
        revision. Raises Conflict where its revision is not the one that is stored."""
        ...

    async def log(self, experiment_id: str, limit: int) -> list[Moved]:
        """Newest first."""
        ...

    async def delete(self, experiment_id: str) -> None:
        """With all that was recorded of it."""
        ...

    async def live(self, prompt: str) -> list[Experiment]:
        """Online experiments of the prompt that run or are paused, oldest first."""
        ...

    async def expose(self, exposures: Sequence[Exposure]) -> None:
        """The first one of a unit stays."""
        ...

    async def seen(self, experiment_id: str, units: Sequence[str]) -> dict[str, str]:
        """The variant that each of the units has seen, where it has seen one."""
        ...

    async def since(self, experiment_id: str, units: Sequence[str]) -> dict[str, datetime]:
        """From when on outcomes of each of the units count, where it has seen a variant."""
        ...

    async def record(self, outcomes: Sequence[Outcome]) -> int:
        """How many of them were not there before."""
        ...

    async def served(self, run_id: str) -> list[tuple[str, str]]:
        """The experiments (ids) with the units that a run served."""
        ...

    def values(
        self,
        experiment_id: str,
        metric: str,
        until: datetime | None = None,
        *,
        before: bool = False,
    ) -> AsyncIterator[UnitValue]:
        """One for each unit that has seen a variant, in the order in which they did; with `until`,
        as it was then. With `before`, the sums are of what came before the unit saw it."""
        ...

    def came(self, experiment_id: str, metric: str) -> AsyncIterator[Came]:
        """What `values` sums up, row by row, by unit."""
        ...

    async def tally(self, experiment_id: str) -> Tally: ...


def shares_of(variants: Sequence[Variant]) -> Mapping[str, float]:
    """Their weights as shares that sum up to 1."""
    whole = sum(each.weight for each in variants)
    return {each.name: each.weight / whole for each in variants}
