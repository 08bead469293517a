"""The report of an evaluation that is stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from itertools import product

from burnish.errors import NotFound
from burnish.evals.datasets.names import resolved
from burnish.evals.only import is_asked
from burnish.evals.report import Asked, Report, about_of, asked_of, report_of, rows_of, with_asked
from burnish.storage.datasets import Datasets, DatasetVersion
from burnish.storage.evaluation import Evaluation
from burnish.storage.example import Example
from burnish.storage.result import Result
from burnish.storage.store import Store

_AT_ONCE = 500
# An example can have a megabyte.
_EXAMPLES_AT_ONCE = 20


async def reported(
    store: Store,
    evaluation: Evaluation,
    baseline: str,
    known: Sequence[Result] | None = None,
) -> Report:
    try:
        report = await _report(store, evaluation, baseline or evaluation.baseline, known)
    except NotFound:
        if baseline:
            raise
        # Nothing was answered to its own baseline so far.
        report = await _report(store, evaluation, "", known)
    return await _asked(report, store.datasets, evaluation)


async def _report(
    store: Store, evaluation: Evaluation, baseline: str, known: Sequence[Result] | None
) -> Report:
    results: Iterable[Result] | None = known
    if results is None:
        stored = store.evaluations.results(evaluation.id)
        results = _pulled(stored, asyncio.get_running_loop())
    return await asyncio.to_thread(
        report_of,
        results,
        title=", ".join(evaluation.prompts),
        baseline=baseline,
        planned=await _planned(store.datasets, evaluation),
        about=about_of(evaluation),
        in_order=True,
    )


async def _asked(report: Report, datasets: Datasets, evaluation: Evaluation) -> Report:
    """With what the worst rows were asked, where their dataset is still there."""
    version = await _version(datasets, evaluation)
    if version is None:
        return report
    ids = rows_of(report)
    found: dict[str, Asked] = {}
    for start in range(0, len(ids), _EXAMPLES_AT_ONCE):
        some = await datasets.named(version, ids[start : start + _EXAMPLES_AT_ONCE])
        found |= {example.id: asked_of(example) for example in some}
    return with_asked(report, found)


async def _planned(datasets: Datasets, evaluation: Evaluation) -> int | dict[tuple[str, str], int]:
    """How many results a column should have. One that came to its end has all that it asked for;
    of another, the examples tell which columns they are for, where they are still there."""
    if evaluation.ended_at is not None and not evaluation.stop:
        return 0
    version = await _version(datasets, evaluation)
    if version is None:
        return evaluation.examples * evaluation.repeats
    columns = list(product(evaluation.prompts, evaluation.models))
    counts = dict.fromkeys(columns, 0)
    async for example in _examples(datasets, version, evaluation):
        for prompt, model in columns:
            if is_asked(example, prompt.rpartition("@")[0], model):
                counts[prompt, model] += evaluation.repeats
    return counts


async def _examples(
    datasets: Datasets, version: DatasetVersion, evaluation: Evaluation
) -> AsyncIterator[Example]:
    """Those that the evaluation asks."""
    after, left = 0, evaluation.examples
    while left and (page := await datasets.page(version, split=evaluation.split, after=after)):
        after = page[-1].position
        found = [e for _, e in page if set(evaluation.tags).issubset(e.tags)][:left]
        left -= len(found)
        for example in found:
            yield example


async def _version(datasets: Datasets, evaluation: Evaluation) -> DatasetVersion | None:
    """That of its examples; None where it is gone, be it with another one of the same name."""
    try:
        version = await resolved(datasets, evaluation.dataset)
    except NotFound:
        return None
    return None if version.created_at > evaluation.created_at else version


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
