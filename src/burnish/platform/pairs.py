"""Answers of an evaluation that were accepted, with what was asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from burnish.errors import UsageError
from burnish.evals.pairs import Pair, PairFiles, WrittenPairs
from burnish.evals.prepared import rendered
from burnish.platform.preparing import prepared

if TYPE_CHECKING:
    from burnish.evals.datasets import AsyncDatasets
    from burnish.evals.room import AsyncEvaluations
    from burnish.library.prompts import AsyncPrompts
    from burnish.prompts.render import Renderer
    from burnish.storage.result import Result
    from burnish.storage.store import Store

_AT_ONCE = 20


async def export_pairs(
    store: Store,
    evaluations: AsyncEvaluations,
    datasets: AsyncDatasets,
    prompts: AsyncPrompts,
    renderer: Renderer,
    *,
    evaluation_id: str,
    folder: Path,
    min_score: float,
) -> WrittenPairs:
    if not 0 < min_score <= 1:
        raise UsageError(f"a least score of {min_score:g}", hint="give more than 0, and at most 1")
    evaluation = await evaluations.get(evaluation_id)
    version = await datasets.resolve(evaluation.dataset)
    asked = {
        reference: await prepared(prompts, reference, evaluation.parameters)
        for reference in evaluation.prompts
    }

    async def pairs() -> AsyncIterator[Pair]:
        waiting: list[Result] = []
        async for result in store.evaluations.results(evaluation.id):
            if not result.error and (result.score or 0.0) >= min_score and result.output.strip():
                waiting.append(result)
            if len(waiting) >= _AT_ONCE:
                for pair in await looked_up(waiting):
                    yield pair
                waiting = []
        for pair in await looked_up(waiting):
            yield pair

    async def looked_up(results: Sequence[Result]) -> list[Pair]:
        ids = list(dict.fromkeys(each.example for each in results))
        found = {each.id: each for each in await store.datasets.named(version, ids)}
        return [
            Pair(
                split=found[each.example].split,
                messages=await rendered(asked[each.prompt], found[each.example].inputs, renderer),
                output=each.output,
            )
            for each in results
            if each.example in found
        ]

    with PairFiles(folder) as files:
        async for pair in pairs():
            files.add(pair)
        return files.finished(evaluation, min_score)
