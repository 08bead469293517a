"""`p.evaluations`: what was evaluated, and what came of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import msgspec

from burnish.errors import Conflict, NotFound, UsageError
from burnish.evals.bounds import Bounds
from burnish.evals.tally import Tally
from burnish.storage.evaluation import Evaluation
from burnish.storage.result import Result
from burnish.storage.store import Store

if TYPE_CHECKING:
    from burnish.evals.report import Report, Verdict

_MOST = 1_000
State = Literal["queued", "running", "done", "stopped"]


class Evaluated(msgspec.Struct, frozen=True, kw_only=True):
    """An evaluation with what its results add up to so far. `why` says what ended it before its
    time; `verdict` is the gate's where it was begun or resumed with `bounds`, else None."""

    evaluation: Evaluation
    report: Report
    why: str = ""
    bounds: Bounds = Bounds()
    verdict: Verdict | None = None


class ListedEvaluation(Evaluation, frozen=True, kw_only=True):
    """One of a list. It is `stopped` where it has ended before its time, or nobody goes on with it.
    So far there are `results`, and the column `best` leads with the mean `score` (None where
    nothing is scored)."""

    state: State
    results: int = 0
    best: str = ""
    score: float | None = None


class AsyncEvaluations:
    def __init__(self, opener: Callable[[], Awaitable[Store]]) -> None:
        self._open = opener

    async def list(
        self, *, prompt: str = "", dataset: str = "", limit: int = 50
    ) -> list[ListedEvaluation]:
        """Newest first; those of a prompt or a dataset, by its name."""
        if not 1 <= limit <= _MOST:
            raise UsageError(f"{limit} evaluations cannot be listed", hint=f"use 1 to {_MOST}")
        store = await self._open()
        found = await store.evaluations.page(limit, prompt=prompt, dataset=dataset)
        under_way: dict[str, State] = {}
        if any(each.ended_at is None for each in found):
            under_way = await _under_way(store)
        return [await _listed(store, each, under_way) for each in found]

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

    async def report(self, evaluation_id: str, *, baseline: str = "") -> Evaluated:
        """What the results so far add up to. All prompts are compared with the `baseline`, one of
        them, or that of the evaluation; where there is none, each with each."""
        evaluation = await self.get(evaluation_id)
        return await evaluated(await self._open(), evaluation, baseline)

    async def delete(self, evaluation_id: str) -> Evaluation:
        """With its results; the runs stay."""
        evaluation = await self.get(evaluation_id)
        await (await self._open()).evaluations.delete(evaluation.id)
        return evaluation


async def evaluated(
    store: Store,
    evaluation: Evaluation,
    baseline: str = "",
    known: Sequence[Result] | None = None,
) -> Evaluated:
    """`known` are all its results, where they need not be read. Raises NotFound for a `baseline`
    without results."""
    # With its numbers it takes memory that asking can do without.
    from burnish.evals.reported import reported

    report = await reported(store, evaluation, baseline, known)
    return Evaluated(evaluation=evaluation, report=report)


async def _under_way(store: Store) -> dict[str, State]:
    """What the jobs of evaluations are at. One that a job has planned has the job's id."""
    states: tuple[Literal["queued", "running"], ...] = ("queued", "running")
    return {
        str(job.input.get("id") or job.id): state
        for state in states
        for job in await store.jobs.page(state=state, kind="evaluation", limit=_MOST)
    }


async def _listed(
    store: Store, evaluation: Evaluation, under_way: Mapping[str, State]
) -> ListedEvaluation:
    state: State = "stopped" if evaluation.stop else "done"
    if evaluation.ended_at is None:
        state = under_way.get(evaluation.id, "stopped")
    tally = Tally(evaluation)
    tally.begin(await store.evaluations.counts(evaluation.id))
    best, score = tally.best or ("", None)
    return ListedEvaluation(
        **msgspec.structs.asdict(evaluation),
        state=state,
        results=tally.done,
        best=best,
        score=score,
    )
