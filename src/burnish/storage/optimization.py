"""The port of optimisations: what was searched for, each answer, and each step of the search."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol, TypedDict, Unpack

import msgspec

from burnish.storage.example import ScorerSpec

Outcome = Literal["", "improved", "kept", "stopped", "not measured"]
"""Empty: it has not ended."""


class Optimization(msgspec.Struct, frozen=True, kw_only=True):
    """The search for a better text of a prompt.

    `prompt` is the pinned reference of the original and `version_id` its version, `dataset` one
    version of a dataset (`name@3`). `model` answers the examples, `writer` writes candidates, both
    by their full names; without a `writer` none is asked. `parameters` are of the model; `budget`
    and `settings` are what the search is made from, so that it can be played again.

    From the step `ended_step` of the search on nothing more was searched, for the reason
    `ended_why`. `text` is the outcome in a sentence, and `best` the pinned reference of the version
    that came of it, empty where none did. `report` is plain JSON.
    """

    id: str
    prompt: str
    version_id: str
    algorithm: str
    goal: str = "quality"
    dataset: str
    model: str
    writer: str = ""
    scorers: tuple[ScorerSpec, ...] = ()
    parameters: dict[str, Any] = {}
    budget: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    seed: int = 0
    concurrency: int = 1
    fresh: bool = False
    job_id: str = ""
    who: str = ""
    ended_step: int | None = None
    ended_why: str = ""
    outcome: Outcome = ""
    text: str = ""
    best: str = ""
    report: dict[str, Any] = {}
    created_at: datetime
    ended_at: datetime | None = None


class Change(TypedDict, total=False):
    """What of an optimisation may change."""

    ended_step: int | None
    ended_why: str
    outcome: Outcome
    text: str
    best: str
    report: dict[str, Any]
    ended_at: datetime | None
    job_id: str
    budget: dict[str, Any]


class OfJob(NamedTuple):
    """An optimisation's id, and the pinned reference of its prompt."""

    id: str
    prompt: str


class Found(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One answer of a candidate (its id) to an example (its number), the `repeat`-th from 0.

    `value` is its score from 0 to 1, None where the call or the metric failed (`error`). `cost_usd`
    is what such an answer costs, also where it was remembered, None where no price is known.
    `calls` are the answer and what judges asked; `paid_usd` is what was paid for them as far as
    prices are known, and `unpriced` is 1 where one is not. `notes` are what scorers said.
    """

    candidate: str
    example: int
    repeat: int = 0
    value: float | None
    cost_usd: float | None = 0.0
    latency_ms: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    calls: int = 1
    error: str = ""
    output: str = ""
    notes: str = ""
    run_id: str = ""
    paid_usd: float = 0.0
    unpriced: int = 0


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What came of the step of a search that had candidates made by an `operator`. `drafted` is
    plain JSON."""

    step: int
    operator: str
    drafted: dict[str, Any]
    at: datetime


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What the answers of a candidate come to. `score` is the mean over its `examples`, of each the
    mean of its repeats; an answer that failed counts 0. `cost_usd` is what such answers cost as far
    as prices are known, which of `unpriced` answers they are not."""

    candidate: str
    examples: int
    answers: int
    failed: int
    score: float
    calls: int
    cost_usd: float
    unpriced: int
    input_tokens: int
    output_tokens: int


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Of all answers of an optimisation: by so many `candidates`, with so many `calls`, those
    of judges too. They cost `cost_usd` as far as prices are known, which of `unpriced` answers they
    are not. What its steps cost is not in it."""

    candidates: int = 0
    answers: int = 0
    failed: int = 0
    calls: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0


class Optimizations(Protocol):
    async def add(self, optimization: Optimization) -> None:
        """Raises Conflict for an id that is there."""
        ...

    async def by_prefix(self, prefix: str, limit: int) -> list[Optimization]:
        """Those whose id begins so."""
        ...

    async def page(
        self, limit: int, *, prompt: str = "", dataset: str = "", before: str = ""
    ) -> list[Optimization]:
        """Newest first, of a prompt's or dataset's name where one is given; `before` is the id
        after which the page goes on."""
        ...

    def alike(self, optimization: Optimization) -> AsyncIterator[Optimization]:
        """All that were asked of the same version, dataset, model and goal; newest first, some at
        a time."""
        ...

    async def of_job(self, job_id: str) -> list[OfJob]:
        """All that a job does, in the order in which they were begun."""
        ...

    async def change(self, optimization_id: str, **fields: Unpack[Change]) -> None:
        """Raises NotFound."""
        ...

    async def put(
        self, optimization_id: str, found: Sequence[Found], steps: Sequence[Step] = ()
    ) -> None:
        """All or none; an answer or a step that is there already is replaced. Raises NotFound where
        the optimisation is gone."""
        ...

    async def steps(self, optimization_id: str) -> list[Step]:
        """In the order in which they were made."""
        ...

    def found(self, optimization_id: str) -> AsyncIterator[Found]:
        """By candidate, example and repeat, some at a time."""
        ...

    async def standings(self, optimization_id: str) -> list[Standing]:
        """One for each candidate that has an answer, by their ids."""
        ...

    async def counts(self, optimization_id: str) -> Counts: ...

    async def delete(self, optimization_id: str) -> None:
        """With its answers and its steps."""
        ...
