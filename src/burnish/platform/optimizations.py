"""Optimisations as jobs: planned, submitted, run, and what came of them kept as a version."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from burnish.errors import BurnishError, Conflict, NotFound, UsageError
from burnish.platform.optimization_told import (
    facts_of,
    fields_of,
    progress_of,
    record_of,
    summary_of,
)
from burnish.platform.readiness import unready
from burnish.platform.unfinished import unfinished
from burnish.prompts.prompt import MAIN

if TYPE_CHECKING:
    from burnish.evals.datasets import AsyncDatasets
    from burnish.jobs.inline import InlineRunner
    from burnish.jobs.job import JobContext
    from burnish.library.prompts import AsyncPrompts
    from burnish.models.budget import Budget as Money
    from burnish.optimizers.goals import Goal
    from burnish.optimizers.optimizer import Optimizer
    from burnish.optimizers.problem import Problem
    from burnish.platform.composer import Composer
    from burnish.platform.evaluating import Evaluating
    from burnish.platform.live import Live
    from burnish.platform.optimization_plan import OptimizationPlans
    from burnish.platform.searching import Searched
    from burnish.storage.job import Job
    from burnish.storage.optimization import Optimization
    from burnish.storage.store import Store

OPTIMIZATION = "optimization"
_MESSAGE = 500
# Sums of the same costs in another order differ by less.
_DUST_USD = 1e-9
_RECENT = 50


class OptimizationInput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `id` of one that is stored. `goes` counts how often somebody has gone on."""

    id: str
    goes: Annotated[int, msgspec.Meta(ge=1)] = 1


class Optimizations:
    """`optimizer` gives the one of a name."""

    def __init__(
        self,
        jobs: InlineRunner,
        evaluating: Evaluating,
        live: Live,
        plans: OptimizationPlans,
        *,
        prompts: AsyncPrompts,
        datasets: AsyncDatasets,
        composer: Composer,
        optimizer: Callable[[str], Optimizer],
        open_store: Callable[[], Awaitable[Store]],
    ) -> None:
        self._jobs = jobs
        self._evaluating = evaluating
        self._live = live
        self.plans = plans
        self._prompts = prompts
        self._datasets = datasets
        self._composer = composer
        self._optimizer = optimizer
        self._open_store = open_store

    async def submit(self, optimization: Optimization, *, priority: int = 0) -> Job:
        """Stores it and leaves it to workers."""
        optimization = await self._begin(optimization, here=False)
        job = await self._jobs.submit(
            OPTIMIZATION,
            {"id": optimization.id},
            subject=_subject(optimization),
            key=optimization.id,
            priority=priority,
            here=False,
        )
        store = await self._open_store()
        await store.optimizations.change(optimization.id, job_id=job.id)
        return job

    async def run(
        self,
        optimization: Optimization,
        *,
        progress: Callable[[Job], None] | None = None,
    ) -> Optimization:
        """Does it here until it has ended, or goes on with it. Raises Conflict where another
        process is at it, BurnishError where the work fails; what is there stays."""
        optimization = await self._begin(optimization, here=True)
        await self._check_free(optimization)
        if not _is_settled(optimization):
            await self._check_dataset(optimization)
            for problem in (await unready(self._live.registry, [optimization.model])).values():
                raise problem
        job = await unfinished(self._jobs, OPTIMIZATION, optimization.id, _subject(optimization))
        try:
            job = await self._jobs.resume(job.id)
        except Conflict:
            raise _busy(optimization, job) from None
        async for job in self._jobs.watch(job.id):  # noqa: B020 - the last one is how it ended
            if progress is not None:
                progress(job)
        if job.state == "failed":
            raise BurnishError(
                f"the optimisation failed: {job.error}",
                hint=f"what is there stays; go on with burnish optimize --resume {optimization.id}",
                subject=optimization.id,
            )
        return await self.get(optimization.id)

    async def do(self, context: JobContext, given: OptimizationInput) -> Any:
        """The work: searches, compares what is found with the original, and keeps it if it is
        surely better."""
        return summary_of(await self.do_one(context, given.id))

    async def do_one(self, context: JobContext, optimization_id: str) -> Optimization:
        """The work on one, in a job that may do others, too."""
        store = await self._open_store()
        of = await self.get(optimization_id)
        if _is_settled(of):
            return of
        await store.optimizations.change(
            of.id, job_id=context.job.id, outcome="", text="", ended_at=None
        )
        try:
            found = await self._searched(context, of)
        except asyncio.CancelledError:
            if await self._is_held(context, "cancelled"):
                await self._end(of, outcome="stopped", text="kept the original: it was cancelled")
            raise
        # Whoever cancels it now gets what it came to, not half of it.
        settling = asyncio.ensure_future(self._settled(context, of, found))
        try:
            return await asyncio.shield(settling)
        except asyncio.CancelledError:
            await settling
            raise

    async def begin_for(self, job: Job, optimization: Optimization) -> Optimization:
        """Stores it as one of several that the job does, if it is not there. Raises UsageError for
        a function among its scorers, which a worker has not."""
        own = msgspec.structs.replace(optimization, job_id=job.id)
        return await self._begin(own, here=False)

    async def bounded(self, of: Optimization, cost_usd: float | None) -> Optimization:
        """With another bound on all that it may cost. One that is not stored yet has its own."""
        store = (await self._open_store()).optimizations
        budget = {**of.budget, "cost_usd": cost_usd}
        await store.change(of.id, budget=budget)
        return msgspec.structs.replace(of, budget=budget)

    async def spent_usd(self, of: Optimization) -> float:
        """What its answers and proposals have cost, as far as prices are known; and what was paid
        for answers that nobody could score any more."""
        store = await self._open_store()
        steps = await store.optimizations.steps(of.id)
        drafted = sum(each.drafted["cost_usd"] or 0.0 for each in steps)
        kept = (await store.optimizations.counts(of.id)).cost_usd + drafted
        await self._live.flush()
        return max(kept, await store.runs.cost_usd(of.id))

    async def _check_free(self, of: Optimization) -> None:
        """Raises Conflict where a job that does several is at it."""
        try:
            job = await self._jobs.get(of.job_id) if of.job_id else None
        except NotFound:  # it was forgotten
            return
        if job is not None and job.kind != OPTIMIZATION and job.state in ("queued", "running"):
            raise _busy(of, job)

    async def _begin(self, optimization: Optimization, *, here: bool) -> Optimization:
        """Stores it with its examples, where it is not there."""
        from burnish.platform.searching import as_evaluation

        self._evaluating.scoring.check(as_evaluation(optimization), here=here)
        store = await self._open_store()
        there = await store.optimizations.by_prefix(optimization.id, 1)
        # One that has ended needs its examples no more.
        if there and _is_settled(there[0]):
            return there[0]
        optimization = await self.plans.stored(optimization, has_begun=bool(there))
        if not there:
            await store.optimizations.add(optimization)
        return optimization

    async def _searched(self, context: JobContext, of: Optimization) -> Searched:
        from burnish.optimizers.goals import goal_of
        from burnish.platform.searching import Searching, as_evaluation, varying

        await self._check_dataset(of)
        examples = await self.plans.examples(of.dataset, of.settings, of.seed)
        goal = goal_of(of.goal, examples)
        version = (await self._prompts.get(of.prompt)).version
        changes = await asyncio.to_thread(self._composer.operators_for, version.messages)
        searching = Searching(
            self._live,
            self._prompts,
            await self._open_store(),
            optimization=of,
            version=version,
            examples=examples,
            context=varying(changes, of, version),
            calls_each=self.plans.calls_each(of, examples),
            goal=goal,
        )
        money, began, used_s = await self._money(of), time.monotonic(), _used_s(of)
        answering, close = await self._evaluating.answering(as_evaluation(of), money)

        async def told(problem: Problem) -> None:
            await context.progress(*progress_of(problem), "", **facts_of(problem))

        try:
            return await searching.search(
                self._optimizer(_algorithm(of, goal)), answering, money, told, used_s=used_s
            )
        finally:
            close()
            used_s += time.monotonic() - began
            store = await self._open_store()
            if await self._is_held(context):
                await store.optimizations.change(of.id, report={**of.report, "seconds": used_s})

    async def _money(self, of: Optimization) -> Money:
        """With what earlier attempts have spent."""
        money = self._live.budget(of.budget.get("cost_usd"))
        money.spent_usd += await self.spent_usd(of)
        return money

    async def _check_dataset(self, of: Optimization) -> None:
        """Raises NotFound where it is gone, and Conflict where another has its name."""
        version = await self._datasets.resolve(of.dataset)
        if version.created_at > of.created_at:
            raise Conflict(
                f"{version.reference} is another dataset than when the optimisation began",
                hint="begin another one",
                subject=of.id,
            )

    async def _settled(
        self, context: JobContext, of: Optimization, found: Searched
    ) -> Optimization:
        from burnish.optimizers.verdict import beside, judged

        problem = found.problem
        verdict = judged(problem, beside(problem, found.parts.test))
        best, text = "", verdict.text
        await self._check_held(context)
        if verdict.outcome == "improved":
            best, text = await self._kept(of, problem, verdict.text)
        await self._check_held(context)
        report = (await self.get(of.id)).report | fields_of(found, verdict)
        known_usd, spent_usd = report["cost_usd"] or 0.0, await self.spent_usd(of)
        if spent_usd > known_usd + _DUST_USD:
            report["cost_usd"] = spent_usd
        return await self._end(of, outcome=verdict.outcome, text=text, best=best, report=report)

    async def _kept(self, of: Optimization, problem: Problem, text: str) -> tuple[str, str]:
        """The reference of the new version, and what to say. The prompt moves on only where the
        original is still its latest version; else the result stands on a branch of its own."""
        if there := await self._version_of(of):
            return there, text
        name, _, revision = of.prompt.rpartition("@")
        best = problem.book.candidates[problem.leader]

        async def saved(branch: str, told: str) -> tuple[str, str]:
            found = await self._prompts.improve_with(
                name,
                best.messages,
                over=int(revision),
                branch=branch,
                metadata={"optimised": record_of(of, problem)},
                config=dict(best.parameters),
                message=f"Improve {of.prompt}: {told.partition(': ')[2]}"[:_MESSAGE],
            )
            return f"{name}@{found.version.revision}", told

        if of.settings.get("variant"):
            return await saved(f"for-{_slug(of.model)}", text)
        if branch := of.settings.get("branch"):
            return await saved(branch, f"{text}; it stands on the branch {branch}")
        try:
            return await saved(MAIN, text)
        except Conflict:
            # By another process that took this one for dead, maybe.
            if there := await self._version_of(of):
                return there, text
            branch, latest = f"optimized-{of.id[-8:]}", await self._prompts.get(f"{name}@latest")
            # What was older from the beginning has not changed since.
            since = latest.version.created_at > of.created_at
            why = f"{name} has changed meanwhile" if since else f"{name} has newer versions"
            return await saved(
                branch, f"{text}; {why}, so the result stands on the branch {branch}"
            )

    async def _version_of(self, of: Optimization) -> str:
        """One that an attempt before has kept, and died before it could say so."""
        name = of.prompt.rpartition("@")[0]
        for entry in await self._prompts.history(name, limit=_RECENT):
            known: dict[str, Any] = entry.version.metadata.get("optimised") or {}
            if known.get("optimization") == of.id:
                return f"{name}@{entry.version.revision}"
        return ""

    async def _is_held(self, context: JobContext, *states: str) -> bool:
        """Whether nobody has begun its job anew: else what comes of it is theirs to write."""
        job = await self._jobs.get(context.job.id)
        mine = job.attempts == context.job.attempts
        return mine and job.state in (states or ("running", "cancelled"))

    async def _check_held(self, context: JobContext) -> None:
        """Stops the work as its loss does, which may not have been noticed yet."""
        if not await self._is_held(context):
            raise asyncio.CancelledError

    async def _end(self, of: Optimization, **changes: Any) -> Optimization:
        from burnish.telemetry.metrics import OPTIMIZED

        store = await self._open_store()
        await store.optimizations.change(of.id, ended_at=datetime.now(UTC), **changes)
        await store.counters.add(OPTIMIZED.one())
        return await self.get(of.id)

    async def get(self, optimization_id: str) -> Optimization:
        """By its whole id. Raises NotFound."""
        found = await (await self._open_store()).optimizations.by_prefix(optimization_id, 1)
        if not found:
            raise NotFound(f"there is no optimisation {optimization_id}", hint="it was deleted")
        return found[0]


def check_scheduled(given: OptimizationInput) -> None:
    """Raises UsageError: an optimisation is begun once."""
    raise UsageError(
        f"optimisation {given.id} is not begun from time to time",
        hint="begin it with burnish optimize; a schedule takes optimizations, of all prompts for "
        "which a condition holds",
    )


def _busy(of: Optimization, job: Job) -> Conflict:
    return Conflict(
        f"another process is at optimisation {of.id}",
        hint=f"follow it with burnish jobs watch {job.id}, or end it with jobs cancel",
        subject=of.id,
    )


def _algorithm(of: Optimization, goal: Goal) -> str:
    return goal.algorithm if of.algorithm == "auto" else of.algorithm


def _is_settled(of: Optimization) -> bool:
    return of.outcome in ("improved", "kept") or bool(of.best)


def _subject(of: Optimization) -> str:
    return f"{of.prompt} on {of.dataset}"


def _slug(model: str) -> str:
    return "".join(each if each.isalnum() else "-" for each in model.lower()).strip("-")[:60]


def _used_s(of: Optimization) -> float:
    return float(of.report.get("seconds", 0.0))
