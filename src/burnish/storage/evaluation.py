"""The port of evaluations: what was asked, and one result for each answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol

import msgspec

from burnish.storage.example import ScorerSpec, Split
from burnish.storage.result import Result

Stop = Literal["", "cost", "cancelled", "failed"]


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """Prompts (pinned references) x models (full names) x examples x repeats.

    The examples are the first `examples` of a dataset's version (`name@3`) that have the split
    and all the tags. `baseline` is the prompt that the others are compared with, empty
    where each is compared with each. `stop` tells why it ended before its time; empty
    where it did not, or has not ended.
    """

    id: str
    prompts: tuple[str, ...]
    models: tuple[str, ...]
    dataset: str
    split: Split | None = None
    tags: tuple[str, ...] = ()
    examples: int = 0
    repeats: int = 1
    scorers: tuple[ScorerSpec, ...] = ()
    baseline: str = ""
    parameters: dict[str, Any] = {}
    concurrency: int = 1
    max_cost_usd: float | None = None
    fresh: bool = False
    job_id: str = ""
    who: str = ""
    stop: Stop = ""
    created_at: datetime
    ended_at: datetime | None = None

    @property
    def size(self) -> int:
        """How many answers it asks for."""
        return len(self.prompts) * len(self.models) * self.examples * self.repeats

    def cell(self, example: int, prompt: int, model: int, repeat: int) -> int:
        """The number of an answer, in the order in which they are asked for: all of an example
        stand together, so that a run which stops early has compared what it has."""
        place = example * len(self.prompts) + prompt
        return (place * len(self.models) + model) * self.repeats + repeat


class Numbered(msgspec.Struct, frozen=True):
    """`cell` is `Evaluation.cell`."""

    cell: int
    result: Result


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Of the results of one prompt by one model: `judged` have passed or not, `scored` have a
    score, and `score` is the sum of these. `asked` were not remembered. `cost_usd` is what they and
    judges cost as far as prices are known, which of `unpriced` results they are not."""

    prompt: str
    model: str
    results: int = 0
    asked: int = 0
    failed: int = 0
    judged: int = 0
    passed: int = 0
    scored: int = 0
    score: float = 0.0
    cost_usd: float = 0.0
    unpriced: int = 0


class Evaluations(Protocol):
    async def add(self, evaluation: Evaluation) -> None:
        """Raises Conflict for an id that is there."""
        ...

    async def by_prefix(self, prefix: str, limit: int) -> list[Evaluation]:
        """Those whose id begins so."""
        ...

    async def page(
        self, limit: int, *, prompt: str = "", dataset: str = "", before: str = ""
    ) -> list[Evaluation]:
        """Newest first, of a prompt's or dataset's name where one is given; `before` is the id
        after which the page goes on."""
        ...

    async def end(self, evaluation_id: str, stop: Stop, at: datetime) -> None: ...

    async def begin_again(self, evaluation_id: str) -> int:
        """Forgets the results that are errors or could not be scored, and that it ended; tells how
        many."""
        ...

    async def put(self, evaluation_id: str, results: Sequence[Numbered]) -> None:
        """All or none; a result whose cell is there already replaces it."""
        ...

    async def cells(self, evaluation_id: str) -> list[int]:
        """Of the results that are there, in rising order."""
        ...

    async def counts(self, evaluation_id: str) -> list[Counts]:
        """What the results so far come to, for each prompt and model that has one."""
        ...

    def results(self, evaluation_id: str) -> AsyncIterator[Result]:
        """In the order of cells, some at a time."""
        ...

    async def delete(self, evaluation_id: str) -> None:
        """With its results."""
        ...
