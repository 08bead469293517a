"""Asks for every answer of an evaluation that is not there yet, scores it, and keeps it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from burnish.errors import BudgetExceeded, BurnishError, VariableError
from burnish.evals.keeper import Keeper, Known
from burnish.evals.only import is_asked
from burnish.evals.prepared import Prepared, rendered
from burnish.evals.scored import Answered, Scorer
from burnish.evals.tally import Tally
from burnish.evals.till import Till
from burnish.models.question import Answer, storable
from burnish.prompts.prompt import Message
from burnish.prompts.render import Renderer
from burnish.storage.evaluation import Counts, Evaluation, Evaluations, Numbered, Stop
from burnish.storage.example import Example, ScorerSpec
from burnish.storage.result import UNFIT, Result, Score

_TOLD_EACH_S = 0.02


class Ask(Protocol):
    """Sends one question. Raises what a call raises, BudgetExceeded among it."""

    def __call__(
        self, prepared: Prepared, model: str, messages: tuple[Message, ...], repeat: int
    ) -> Awaitable[Answer]: ...


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What a run of an evaluation needs from outside. Runs that spend from one budget share a
    `till`."""

    store: Evaluations
    renderer: Renderer
    ask: Ask
    scorer: Callable[[ScorerSpec], Scorer]
    till: Till | None = None


@dataclass(frozen=True)
class Cell:
    number: int
    prepared: Prepared
    model: str
    example: Example
    repeat: int


class Run:
    """One go at an evaluation."""

    def __init__(
        self,
        evaluation: Evaluation,
        prompts: Sequence[Prepared],
        bench: Bench,
        *,
        told: Callable[[Tally], Awaitable[None]],
    ) -> None:
        self._evaluation = evaluation
        self._prompts = prompts
        self._bench = bench
        self._told = told
        self._scorers: dict[bytes, Scorer] = {}
        self._till = bench.till or Till()
        self.tally = Tally(evaluation)
        self.known = Known()
        self._told_again_at = 0.0

    async def run(self, examples: AsyncIterator[Example], before: Sequence[Counts]) -> Stop:
        """Asks for what is missing, as many at once as the evaluation says; `before` counts what
        is not. A call that fails is a result with an error. Raises StoreError where results cannot
        be kept; those that were are there."""
        store = self._bench.store
        there = _Cells(await store.cells(self._evaluation.id) if before else ())
        self.tally.begin(before)
        if before:
            self.known.forget()
        await self._told(self.tally)
        async with Keeper(store, self._evaluation) as keeper:
            await self._work(self._missing(examples, there), keeper)
        await self._told(self.tally)
        ended = self._till.dear is not None and self.tally.done < self.tally.total
        return "cost" if ended else ""

    @property
    def dear(self) -> str:
        """Which bound on money or calls ended it; empty where none did."""
        return str(self._till.dear) if self._till.dear is not None else ""

    async def _missing(
        self, examples: AsyncIterator[Example], there: _Cells
    ) -> AsyncIterator[Cell]:
        asked = self._evaluation
        number = 0
        async for example in examples:
            if number >= asked.examples:
                return
            for p, prepared in enumerate(self._prompts):
                for m, model in enumerate(asked.models):
                    if not is_asked(example, prepared.name, model):
                        self.tally.left_out += asked.repeats
                        continue
                    for repeat in range(asked.repeats):
                        cell = asked.cell(number, p, m, repeat)
                        if cell not in there:
                            yield Cell(cell, prepared, model, example, repeat)
            number += 1

    async def _work(self, cells: AsyncIterator[Cell], keeper: Keeper) -> None:
        queue: asyncio.Queue[Cell | None] = asyncio.Queue(self._evaluation.concurrency)

        async def feed() -> None:
            async for cell in cells:
                await keeper.room()
                await queue.put(cell)
                if self._till.dear is not None:
                    break
            for _ in range(self._evaluation.concurrency):
                await queue.put(None)

        async def serve() -> None:
            while (cell := await queue.get()) is not None:
                if self._till.dear is None:
                    await self._cell(cell, keeper)

        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(feed())
                for _ in range(self._evaluation.concurrency):
                    group.create_task(serve())
        except* BurnishError as several:
            raise _first(several) from None

    async def _cell(self, cell: Cell, keeper: Keeper) -> None:
        try:
            result = await self._answered(cell)
        except BudgetExceeded as error:
            self._till.dear = error
            return
        numbered = Numbered(cell.number, result)
        keeper.keep(numbered)
        self.known.add(numbered)
        self.tally.add(result)
        if time.monotonic() >= self._told_again_at:
            self._told_again_at = time.monotonic() + _TOLD_EACH_S
            await self._told(self.tally)

    async def _answered(self, cell: Cell) -> Result:
        blank = Result(
            prompt=cell.prepared.reference,
            model=cell.model,
            example=cell.example.id,
            repeat=cell.repeat,
            tags=cell.example.tags,
        )
        try:
            messages = await rendered(cell.prepared, cell.example.inputs, self._bench.renderer)
            answer = await self._till.afforded(
                lambda: self._bench.ask(cell.prepared, cell.model, messages, cell.repeat)
            )
        except BudgetExceeded:
            raise
        except VariableError as error:
            return _failed(blank, f"{error.code}: {UNFIT}: {error.what}")
        except BurnishError as error:
            return _failed(blank, f"{error.code}: {error.what}")
        return await self._scored(blank, cell, messages, answer)

    async def _scored(
        self, blank: Result, cell: Cell, messages: tuple[Message, ...], answer: Answer
    ) -> Result:
        output = storable(answer.text)
        tokens = answer.usage
        # Of the call that first gave the answer: what it tells must not depend on the cache.
        cost_usd = answer.first_cost_usd if answer.cached else answer.cost_usd
        latency_ms = answer.latency_ms if answer.model_ms is None else answer.model_ms
        answered = Answered(
            example=cell.example,
            output=output,
            messages=messages,
            model=cell.model,
            cost_usd=cost_usd,
            latency_ms=latency_ms,
            input_tokens=tokens.input_tokens or 0,
            output_tokens=tokens.output_tokens or 0,
        )
        specs = (*self._evaluation.scorers, *cell.example.scorers)
        scores = tuple([await self._score(spec, answered) for spec in specs])
        return msgspec.structs.replace(
            blank,
            run_id=answer.run_id,
            output=output,
            scores=scores,
            score=mean_of(scores),
            passed=passed(scores),
            latency_ms=latency_ms,
            input_tokens=answered.input_tokens,
            output_tokens=answered.output_tokens,
            cost_usd=cost_usd,
            cached=answer.cached,
        )

    async def _score(self, spec: ScorerSpec, answered: Answered) -> Score:
        """Of a judge, which spends from the same budget, it may have to wait too."""
        scorer = self._scorer(spec)
        return await self._till.afforded(lambda: scorer.score(answered))

    def _scorer(self, spec: ScorerSpec) -> Scorer:
        """Made once for all examples that score in the same way."""
        key = msgspec.json.encode(spec)
        found = self._scorers.get(key)
        if found is None:
            found = self._scorers[key] = self._bench.scorer(spec)
        return found


def mean_of(scores: Sequence[Score]) -> float | None:
    """By their weights; None where one that counts could not be told, or none counts."""
    counting = [(score.value, score.weight) for score in scores if score.weight]
    told = [(value, weight) for value, weight in counting if value is not None]
    if not told or len(told) < len(counting):
        return None
    return sum(value * weight for value, weight in told) / sum(weight for _, weight in told)


def passed(scores: Sequence[Score]) -> bool | None:
    """Whether each that counts has passed; None where none counts or one could not be told."""
    counting = [score for score in scores if score.weight]
    if not counting or any(score.value is None for score in counting):
        return None
    return all(score.passed for score in counting)


def _first(several: BaseExceptionGroup[BurnishError]) -> BurnishError:
    found = several.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found


def _failed(blank: Result, error: str) -> Result:
    return msgspec.structs.replace(blank, error=storable(error))


class _Cells:
    """Numbers of cells as bits: of a million they take 125 kB."""

    def __init__(self, cells: Sequence[int]) -> None:
        self.count = len(cells)
        self._bits = bytearray(cells[-1] // 8 + 1 if cells else 0)
        for cell in cells:
            self._bits[cell >> 3] |= 1 << (cell & 7)

    def __contains__(self, cell: int) -> bool:
        place = cell >> 3
        return place < len(self._bits) and bool(self._bits[place] & (1 << (cell & 7)))
