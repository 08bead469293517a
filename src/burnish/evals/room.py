"""`p.evaluations`: what was evaluated, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator

import msgspec

from burnish.errors import Conflict, NotFound, UsageError
from burnish.evals.datasets.names import resolved
from burnish.evals.report import Asked, Report, about_of, asked_of, report_of, rows_of, with_asked
from burnish.storage.datasets import Datasets
from burnish.storage.evaluation import Evaluation
from burnish.storage.result import Result
from burnish.storage.store import Store

_MOST = 1_000
_AT_ONCE = 500
# An example can have a megabyte.
_EXAMPLES_AT_ONCE = 20


class Evaluated(msgspec.Struct, frozen=True, kw_only=True):
    """An evaluation with what its results add up to so far. `why` says what ended it before its
    time."""

    evaluation: Evaluation
    report: Report
    why: str = ""


class AsyncEvaluations:
    def __init__(self, opener: Callable[[], Awaitable[Store]]) -> None:
        self._open = opener

    async def list(
        self, *, prompt: str = "", dataset: str = "", limit: int = 50
    ) -> list[Evaluation]:
        """Newest first; those of a prompt or a dataset, by its name."""
        if not 1 <= limit <= _MOST:
            raise UsageError(f"{limit} evaluations cannot be listed", hint=f"use 1 to {_MOST}")
        store = await self._open()
        return await store.evaluations.page(limit, prompt=prompt, dataset=dataset)

    async def get(self, evaluation_id: str) -> Evaluation:
        """By its id, or a beginning of it that no other has. Raises NotFound, and Conflict where
        several ids begin so."""
        store = await self._open()
        found = await store.evaluations.by_prefix(evaluation_id, 2) if evaluation_id else []
        if not found:
            raise NotFound(
                f"no evaluation has the id {evaluation_id!r}",
                hint="see burnish evaluations list",
                subject=evaluation_id,
            )
        if len(found) > 1:
            raise Conflict(
                f"more than one evaluation has an id that begins with {evaluation_id!r}",
                hint="give more of it",
            )
        return found[0]

    async def results(self, evaluation_id: str) -> AsyncGenerator[Result]:
        """One for each answer so far, in the order in which they were asked for."""
        evaluation = await self.get(evaluation_id)
        store = await self._open()
        async for result in store.evaluations.results(evaluation.id):
            yield result

    async def report(self, evaluation_id: str, *, why: str = "", baseline: str = "") -> Evaluated:
        """What the results so far add up to. All prompts are compared with the `baseline`, one of
        them, or that of the evaluation; where there is none, each with each."""
        evaluation = await self.get(evaluation_id)
        try:
            report = await self._report(evaluation, baseline or evaluation.baseline)
        except NotFound:
            if baseline:
                raise
            # Nothing was answered to its own baseline so far.
            report = await self._report(evaluation, "")
        report = await _asked(report, (await self._open()).datasets, evaluation)
        return Evaluated(evaluation=evaluation, report=report, why=why)

    async def _report(self, evaluation: Evaluation, baseline: str) -> Report:
        results = (await self._open()).evaluations.results(evaluation.id)
        loop = asyncio.get_running_loop()
        return await asyncio.to_thread(
            report_of,
            _pulled(results, loop),
            title=", ".join(evaluation.prompts),
            baseline=baseline,
            planned=_planned(evaluation),
            about=about_of(evaluation),
            in_order=True,
        )

    async def delete(self, evaluation_id: str) -> Evaluation:
        """With its results; the runs stay."""
        evaluation = await self.get(evaluation_id)
        await (await self._open()).evaluations.delete(evaluation.id)
        return evaluation


async def _asked(report: Report, datasets: Datasets, evaluation: Evaluation) -> Report:
    """With what the worst rows were asked, where their dataset is still there."""
    try:
        version = await resolved(datasets, evaluation.dataset)
    except NotFound:
        return report
    if version.created_at > evaluation.created_at:  # another one of the same name
        return report
    ids = rows_of(report)
    found: dict[str, Asked] = {}
    for start in range(0, len(ids), _EXAMPLES_AT_ONCE):
        some = await datasets.named(version, ids[start : start + _EXAMPLES_AT_ONCE])
        found |= {example.id: asked_of(example) for example in some}
    return with_asked(report, found)


def _planned(evaluation: Evaluation) -> int:
    """How many results a column should have. One that came to its end has all that it asked for,
    however few examples are for a column."""
    ended = evaluation.ended_at is not None and not evaluation.stop
    return 0 if ended else evaluation.examples * evaluation.repeats


def _pulled(results: AsyncIterator[Result], loop: asyncio.AbstractEventLoop) -> Iterator[Result]:
    """For a thread beside the loop: adding up is work for the processor, and all results at once
    could be more than fits into memory."""
    while some := asyncio.run_coroutine_threadsafe(_some(results), loop).result():
        yield from some


async def _some(results: AsyncIterator[Result]) -> list[Result]:
    found: list[Result] = []
    async for result in results:
        found.append(result)
        if len(found) >= _AT_ONCE:
            break
    return found
