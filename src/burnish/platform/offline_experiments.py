"""Offline experiments as jobs: begun, asked example by example, gone on with, and ended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from burnish.errors import BurnishError, Conflict, NotFound, UsageError
from burnish.evals.tally import Tally
from burnish.evals.till import Till
from burnish.platform.offline_plan import OfflinePlan, OfflinePlans
from burnish.platform.unfinished import unfinished
from burnish.storage.experiment import Moved, State, What

if TYPE_CHECKING:
    from burnish.evals.datasets import AsyncDatasets
    from burnish.jobs.inline import InlineRunner
    from burnish.jobs.job import JobContext
    from burnish.library.prompts import AsyncPrompts
    from burnish.platform.evaluating import Evaluating
    from burnish.storage.evaluation import Evaluation, Stop
    from burnish.storage.experiment import Experiment
    from burnish.storage.job import Job
    from burnish.storage.store import Store

EXPERIMENT = "experiment"
_TRIES = 5


class ExperimentInput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`goes` counts how often its bound on money holds: once more for each time that somebody goes
    on after it ended."""

    id: str
    goes: Annotated[int, msgspec.Meta(ge=1)] = 1


class ExperimentSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What the job of an experiment has come to, small enough to be its result."""

    id: str
    name: str
    state: State
    why: str = ""
    winner: str = ""
    verdict: str = ""
    evaluations: tuple[str, ...] = ()


class OfflineExperiments:
    def __init__(
        self,
        jobs: InlineRunner,
        evaluating: Evaluating,
        *,
        prompts: AsyncPrompts,
        datasets: AsyncDatasets,
        open_store: Callable[[], Awaitable[Store]],
        new_id: Callable[[], str],
        who: Callable[[], str],
    ) -> None:
        self._jobs = jobs
        self._evaluating = evaluating
        self._prompts = prompts
        self._datasets = datasets
        self._plans = OfflinePlans(evaluating, datasets)
        self._open_store = open_store
        self._new_id = new_id
        self._who = who

    async def plan(self, experiment: Experiment) -> OfflinePlan:
        """What it would ask, and about what that would cost. Raises what stands in the way."""
        return await self._plans.plan(experiment)

    async def submit(self, experiment: Experiment, *, why: str = "") -> Job:
        """Begins it, or goes on with it, by `burnish worker`. Raises what stands in the way, and
        Conflict for one that is completed."""
        job = await self._job(experiment, why)
        if job.state in ("failed", "cancelled"):
            return await self._jobs.resume(job.id, here=False)
        return job

    async def run(
        self,
        experiment: Experiment,
        *,
        why: str = "",
        progress: Callable[[Job], None] | None = None,
    ) -> Experiment:
        """Begins it, or goes on with it, in this process, until it has ended. Raises Conflict where
        another process is at it, BurnishError where the work fails; what is there stays."""
        job = await self._job(experiment, why)
        try:
            job = await self._jobs.resume(job.id)
        except Conflict:
            raise Conflict(
                f"another process is at experiment {experiment.name!r}",
                hint=f"follow it with burnish jobs watch {job.id}, or end it with jobs cancel",
                subject=experiment.name,
            ) from None
        async for job in self._jobs.watch(job.id):  # noqa: B020 - the last one is how it ended
            if progress is not None:
                progress(job)
        if job.state == "failed":
            raise BurnishError(
                f"the experiment failed: {job.error}",
                hint=f"what is there stays; go on with burnish experiments start {experiment.name}",
                subject=experiment.name,
            )
        if job.state == "cancelled":
            # The work says so too, perhaps a moment later.
            await self._change(experiment.id, "stopped", "stopped", why="it was cancelled")
        return await self._get(experiment.id)

    async def halt(self, experiment: Experiment) -> None:
        """Ends its job, which leaves the state that the experiment has by now."""
        try:
            await self._jobs.cancel(experiment.job_id)
        except NotFound:  # it was forgotten, or never begun
            return

    async def do(self, context: JobContext, given: ExperimentInput) -> Any:
        """The work: asks for what is missing, and says what it came to."""
        job = context.job
        experiment = await self._taken_up(await self._get(given.id), job)
        evaluations = await self._stored(experiment, job)
        try:
            await self._check_dataset(experiment)
            stop, why = await self._ask(experiment, evaluations, context, given.goes)
        except asyncio.CancelledError:
            # Where the process ends, another one goes on: that is no end of the experiment.
            if await self._cancelled(job):
                await self._change(experiment.id, "stopped", "stopped", why="it was cancelled")
            raise
        except BurnishError as error:
            await self._change(experiment.id, "stopped", "stopped", why=f"it failed: {error.what}")
            raise
        return msgspec.to_builtins(await self._ended(experiment, stop, why))

    async def _job(self, experiment: Experiment, why: str) -> Job:
        if experiment.state == "completed":
            raise Conflict(
                f"experiment {experiment.name!r} is completed",
                hint="create another one",
                subject=experiment.name,
            )
        plan = await self.plan(experiment) if experiment.state == "draft" else None
        subject = f"{experiment.name} on {_dataset(experiment)}"
        job = await unfinished(self._jobs, EXPERIMENT, experiment.id, subject)
        if plan is not None:
            await self._begin(plan, job, why)
        elif experiment.state != "running":
            await self._resumed(experiment, job, why)
        return job

    async def _begin(self, plan: OfflinePlan, job: Job, why: str = "") -> Experiment:
        """From here on nothing of it changes. Raises Conflict where somebody was faster."""
        now = datetime.now(UTC)
        ids = tuple(each.id for each in plan.evaluations)
        new = msgspec.structs.replace(
            plan.experiment,
            state="running",
            evaluations=ids,
            job_id=job.id,
            started_at=now,
            before=await self._standing(plan.experiment),
        )
        facts = {"calls": plan.calls, "cost_usd": plan.cost_usd}
        store = await self._open_store()
        begun = await store.experiments.change(new, self._moved("started", why=why, facts=facts))
        await self._add(plan.evaluations, job)
        return begun

    async def _taken_up(self, experiment: Experiment, job: Job) -> Experiment:
        """As it is to be while its job runs."""
        if experiment.state == "draft":
            # Who submitted the job has not come further, and may never.
            try:
                return await self._begin(await self.plan(experiment), job)
            except Conflict:
                experiment = await self._get(experiment.id)
        if experiment.state == "completed":
            raise Conflict(f"experiment {experiment.name!r} is completed")
        if experiment.state == "running" and experiment.job_id == job.id:
            return experiment
        return await self._resumed(experiment, job, "its job goes on")

    async def _resumed(self, experiment: Experiment, job: Job, why: str) -> Experiment:
        changes: dict[str, Any] = {"job_id": job.id, "ended_at": None, "verdict": "", "winner": ""}
        return await self._change(experiment.id, "running", "resumed", why=why, **changes)

    async def _standing(self, experiment: Experiment) -> int:
        """Where the label stands, for who takes a promotion back; 0 where there is none."""
        labels = await self._prompts.labels(experiment.prompt)
        return next((each.revision for each in labels if each.name == experiment.label), 0)

    async def _stored(self, experiment: Experiment, job: Job) -> list[Evaluation]:
        """Its evaluations; one that was not stored yet, or was deleted, is there again."""
        store = (await self._open_store()).evaluations
        found = [await store.by_prefix(each, 1) for each in experiment.evaluations]
        if all(found):
            return [each[0] for each in found]
        planned = (await self.plan(experiment)).evaluations
        if len(planned) != len(found):
            raise Conflict(
                f"experiment {experiment.name!r} cannot go on: other models are set up now",
                hint="create another one",
                subject=experiment.name,
            )
        again = [
            msgspec.structs.replace(each, id=own)
            for each, own in zip(planned, experiment.evaluations, strict=True)
        ]
        await self._add([new for new, old in zip(again, found, strict=True) if not old], job)
        return [old[0] if old else new for new, old in zip(again, found, strict=True)]

    async def _add(self, evaluations: Sequence[Evaluation], job: Job) -> None:
        for each in evaluations:
            try:
                await self._evaluating.begin(msgspec.structs.replace(each, job_id=job.id))
            except Conflict:  # added by who submitted the job, or by the job
                continue

    async def _check_dataset(self, experiment: Experiment) -> None:
        """Raises NotFound where it is gone, and Conflict where another has its name."""
        version = await self._datasets.resolve(_dataset(experiment))
        began = experiment.started_at
        if began is not None and version.created_at > began:
            raise Conflict(
                f"{version.reference} is another dataset than when the experiment began",
                hint="create another experiment",
                subject=experiment.name,
            )

    async def _ask(
        self,
        experiment: Experiment,
        evaluations: Sequence[Evaluation],
        context: JobContext,
        goes: int,
    ) -> tuple[Stop, str]:
        """At the same time, so that a bound on money leaves examples that all have answered."""
        budget, till = await self._evaluating.budget(evaluations, goes), Till()
        tallies = {each.id: Tally(each) for each in evaluations}
        turns = asyncio.Semaphore(_turns(experiment, evaluations))

        async def one(evaluation: Evaluation) -> Stop:
            async def told(tally: Tally) -> None:
                tallies[evaluation.id] = tally
                await _tell(context, tallies.values())

            async with turns:
                self._evaluating.within(evaluation, budget, till)
                stop, _ = await self._evaluating.run(
                    evaluation, told, cancelled=lambda: self._cancelled(context.job)
                )
            return stop

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(each)) for each in evaluations]
        except* BurnishError as several:
            raise _first(several) from None
        stop: Stop = "cost" if any(task.result() for task in tasks) else ""
        return stop, str(till.dear) if stop and till.dear is not None else ""

    async def _ended(self, experiment: Experiment, stop: Stop, why: str) -> ExperimentSummary:
        """A variant without an answer is no answer to which is better, so that is no end either:
        going on asks it again."""
        from burnish.experiments.paired import offline_findings
        from burnish.experiments.promote import evidence

        store, now = await self._open_store(), datetime.now(UTC)
        found = await offline_findings(store, await self._get(experiment.id), now)
        silent = [name for name, units in found.tally.units.items() if not units]
        if silent and not why:
            why = f"no answer of {', '.join(silent)} has a {experiment.plan.metric.name}"
        state: State = "stopped" if stop or silent else "completed"
        ended = await self._change(
            experiment.id,
            state,
            "stopped" if state == "stopped" else "completed",
            why=why or found.verdict,
            facts=evidence(found),
            winner=found.winner,
            verdict=found.verdict,
        )
        return ExperimentSummary(
            id=ended.id,
            name=ended.name,
            state=ended.state,
            why=why,
            winner=ended.winner,
            verdict=ended.verdict,
            evaluations=ended.evaluations,
        )

    async def _change(
        self,
        experiment_id: str,
        state: State,
        what: What,
        *,
        why: str = "",
        facts: dict[str, Any] | None = None,
        **changes: Any,
    ) -> Experiment:
        """Whatever else happened to it meanwhile; one that somebody has ended or paused stays."""
        store = await self._open_store()
        ending = state in ("completed", "stopped")
        if ending:
            changes["ended_at"] = datetime.now(UTC)
        for _ in range(_TRIES):
            experiment = await self._get(experiment_id)
            if ending and experiment.state != "running":
                return experiment
            new = msgspec.structs.replace(experiment, state=state, **changes)
            try:
                return await store.experiments.change(new, self._moved(what, why=why, facts=facts))
            except Conflict:
                continue
        raise Conflict("the experiment changes all the time", hint="try again")

    def _moved(self, what: What, *, why: str = "", facts: dict[str, Any] | None = None) -> Moved:
        return Moved(
            id=self._new_id(),
            what=what,
            by=self._who(),
            why=why,
            facts=facts or {},
            at=datetime.now(UTC),
        )

    async def _cancelled(self, job: Job) -> bool:
        return (await self._jobs.get(job.id)).state == "cancelled"

    async def _get(self, experiment_id: str) -> Experiment:
        found = await (await self._open_store()).experiments.by_prefix(experiment_id, 1)
        if not found:
            raise NotFound(f"there is no experiment {experiment_id}", hint="it was deleted")
        return found[0]


def check_scheduled(given: ExperimentInput) -> None:
    """Raises UsageError: an experiment is begun once."""
    raise UsageError(
        f"experiment {given.id} is not begun from time to time",
        hint="start it with burnish experiments start; a schedule takes an evaluation",
    )


async def _tell(context: JobContext, tallies: Iterable[Tally]) -> None:
    every = list(tallies)
    await context.progress(
        sum(each.done for each in every),
        sum(each.total for each in every),
        "",
        calls=sum(each.asked for each in every),
        cost_usd=round(sum(each.cost_usd for each in every), 6),
        failed=sum(each.failed for each in every),
        passed=sum(each.passed for each in every),
        judged=sum(each.judged for each in every),
    )


def _turns(experiment: Experiment, evaluations: Sequence[Evaluation]) -> int:
    """How many evaluations may ask at once, so that they keep to the concurrency together."""
    trial, own = experiment.plan.trial, max(each.concurrency for each in evaluations)
    whole = own if trial is None or trial.concurrency is None else trial.concurrency
    return max(1, whole // own)


def _dataset(experiment: Experiment) -> str:
    trial = experiment.plan.trial
    return "" if trial is None else trial.dataset


def _first(several: BaseExceptionGroup[BurnishError]) -> BurnishError:
    found = several.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found
