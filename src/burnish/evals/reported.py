"""The report of an evaluation that is stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

from burnish.errors import NotFound
from burnish.evals.datasets.names import resolved
from burnish.evals.report import Asked, Report, about_of, asked_of, report_of, rows_of, with_asked
from burnish.storage.datasets import Datasets
from burnish.storage.evaluation import Evaluation
from burnish.storage.result import Result
from burnish.storage.store import Store

_AT_ONCE = 500
# An example can have a megabyte.
_EXAMPLES_AT_ONCE = 20


async def reported(store: Store, evaluation: Evaluation, baseline: str) -> Report:
    try:
        report = await _report(store, evaluation, baseline or evaluation.baseline)
    except NotFound:
        if baseline:
            raise
        # Nothing was answered to its own baseline so far.
        report = await _report(store, evaluation, "")
    return await _asked(report, store.datasets, evaluation)


async def _report(store: Store, evaluation: Evaluation, baseline: str) -> Report:
    return await asyncio.to_thread(
        report_of,
        _pulled(store.evaluations.results(evaluation.id), asyncio.get_running_loop()),
        title=", ".join(evaluation.prompts),
        baseline=baseline,
        planned=_planned(evaluation),
        about=about_of(evaluation),
        in_order=True,
    )


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
