"""Asks for every answer of an evaluation that is not there yet, scores it, and keeps it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from burnish.errors import BudgetExceeded, BurnishError
from burnish.evals.answering import Answering, Ask
from burnish.evals.keeper import Keeper, Known
from burnish.evals.only import is_asked
from burnish.evals.prepared import Prepared
from burnish.evals.scored import Scorer
from burnish.evals.tally import Tally
from burnish.evals.till import Till
from burnish.prompts.render import Renderer
from burnish.storage.evaluation import Counts, Evaluation, Evaluations, Numbered, Stop
from burnish.storage.example import Example, ScorerSpec

_TOLD_EACH_S = 0.02


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
        self._till = bench.till or Till()
        self._answering = Answering(
            evaluation.scorers,
            renderer=bench.renderer,
            ask=bench.ask,
            scorer=bench.scorer,
            till=self._till,
        )
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
            result = await self._answering.answered(
                cell.prepared, cell.model, cell.example, cell.repeat
            )
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


def _first(several: BaseExceptionGroup[BurnishError]) -> BurnishError:
    found = several.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found


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
