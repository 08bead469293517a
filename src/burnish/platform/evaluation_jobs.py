"""Evaluations as jobs: what such a job is told, how it is done, which job is an evaluation's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeVar

import msgspec

from burnish.errors import Conflict, NotFound, UsageError
from burnish.evals.bounds import Bounds, judged
from burnish.evals.datasets.splits import checked_split
from burnish.evals.summary import Summary, summary_of
from burnish.evals.tally import Tally
from burnish.evals.wanted import Wanted
from burnish.platform.jobs import read
from burnish.platform.unfinished import unfinished

if TYPE_CHECKING:
    from burnish.evals.room import AsyncEvaluations, Evaluated
    from burnish.jobs.inline import InlineRunner
    from burnish.jobs.job import JobContext
    from burnish.platform.evaluating import Evaluating
    from burnish.storage.evaluation import Evaluation
    from burnish.storage.job import Job

T = TypeVar("T")
EVALUATION = "evaluation"
_PARAMETERS = ("temperature", "max_tokens", "seed")
_FUNCTION = "python:"


class EvaluationInput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Either the `id` of an evaluation that is stored, or what is wanted of a new one, as
    `evaluate` takes it: `prompts` and `data` are looked up when the job begins, and are in the
    library, for files are where the worker is not.

    `goes` counts how often its bound on money holds: once more for each time that somebody goes
    on after it ended.
    """

    id: str = ""
    goes: Annotated[int, msgspec.Meta(ge=1)] = 1
    prompts: tuple[str, ...] | str = ()
    data: str = ""
    models: tuple[str, ...] | str = ()
    scorers: tuple[str | dict[str, Any], ...] | str = ()
    baseline: str = ""
    split: str | None = None
    tags: tuple[str, ...] | str = ()
    limit: int | None = None
    repeats: int = 1
    concurrency: int | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    max_cost_usd: float | None = None
    fresh: bool = False
    min_score: float | None = None
    max_regression: float | None = None

    @property
    def bounds(self) -> Bounds:
        return Bounds(min_score=self.min_score, max_regression=self.max_regression)

    def check(self) -> None:
        """Raises UsageError for what no evaluation can be."""
        if self.id:
            if self.prompts or self.data:
                raise UsageError(
                    "an evaluation and what to evaluate are given", hint="leave one of them out"
                )
            return
        self.wanted()
        if not self.data:
            raise UsageError("there are no examples", hint="name a dataset: data=cases")
        self.bounds.check(self.baseline)
        for each in _several(self.scorers):
            if isinstance(each, str) and each.removeprefix("not-").startswith(_FUNCTION):
                raise UsageError(
                    f"{each} would run a file, which no job does",
                    hint="bring the scorer with a plug-in; see the guide on plug-ins",
                )

    def wanted(self) -> Wanted:
        given = {name: getattr(self, name) for name in _PARAMETERS}
        models = self.models.split(",") if isinstance(self.models, str) else self.models
        return Wanted(
            prompts=_several(self.prompts),
            data=self.data,
            models=tuple(name.strip() for name in models if name.strip()),
            scorers=_several(self.scorers),
            baseline=self.baseline,
            split=checked_split(self.split),
            tags=_several(self.tags),
            limit=self.limit,
            repeats=self.repeats,
            concurrency=self.concurrency,
            parameters={name: value for name, value in given.items() if value is not None},
            max_cost_usd=self.max_cost_usd,
            fresh=self.fresh,
            stored=True,
        ).checked()


class Taken(NamedTuple):
    """The job that does an evaluation, and what that is held to."""

    job: Job
    bounds: Bounds


class EvaluationJobs:
    def __init__(
        self, jobs: InlineRunner, evaluating: Evaluating, evaluations: AsyncEvaluations
    ) -> None:
        self._jobs = jobs
        self._evaluating = evaluating
        self._evaluations = evaluations
        # Of those that somebody here waits for: what their results add up to, once it is known.
        self._awaited: dict[str, Evaluated | None] = {}

    async def check(self, given: EvaluationInput) -> None:
        """Raises what a job that plans with this input would fail of now."""
        if given.id:
            raise UsageError(
                "an evaluation that is there is not done anew",
                hint="say what to evaluate: prompts=mail/late@production and data=cases",
            )
        given.check()
        await self._evaluating.plan(given.wanted())

    async def submit(self, evaluation: Evaluation, bounds: Bounds, *, priority: int) -> Job:
        """Stores the evaluation and leaves it to workers."""
        bounds.check(evaluation.baseline)
        self._evaluating.scoring.check(evaluation, here=False)
        evaluation = await self._evaluating.begin(evaluation)
        return await self._jobs.submit(
            EVALUATION,
            {"id": evaluation.id, **bounds.given},
            subject=_subject(evaluation),
            key=evaluation.id,
            priority=priority,
            here=False,
        )

    async def take(self, evaluation: Evaluation, given: Bounds) -> Taken:
        """The job that does the evaluation, in this process, held to the bounds that are `given`
        and else to those it was begun with. Raises Conflict where another is at it."""
        given.check(evaluation.baseline)
        job = await self._unfinished(evaluation, given)
        before = _bounds_of(job)
        bounds = given.over(before)
        # An experiment's job, too, does evaluations, and knows no bounds.
        changed = job.kind == EVALUATION and bounds != before
        self._awaited[evaluation.id] = None
        if job.state == "queued" and not job.attempts and not changed:
            self._jobs.begin(job)
            return Taken(job, bounds)
        more = bounds.given if changed else {}
        try:
            return Taken(await self._jobs.resume(job.id, input={**job.input, **more}), bounds)
        except Conflict:
            raise Conflict(
                f"another process is at evaluation {evaluation.id}",
                hint=f"follow it with burnish jobs watch {job.id}, or end it with jobs cancel",
                subject=evaluation.id,
            ) from None

    async def ended(self, evaluation: Evaluation, bounds: Bounds) -> Evaluated:
        """What the results of one that was taken add up to, and whether it is within its bounds."""
        why = {"cost": "the next call could pass --max-cost", "cancelled": "it was cancelled"}
        found = self._awaited.get(evaluation.id)
        found = found or await self._evaluations.report(evaluation.id)
        return msgspec.structs.replace(
            found,
            why=why.get(found.evaluation.stop, ""),
            bounds=bounds,
            verdict=found.verdict or judged(found.report, evaluation.baseline, bounds),
        )

    def leave(self, evaluation: Evaluation) -> None:
        """Nobody here waits for it any more."""
        self._awaited.pop(evaluation.id, None)

    async def _unfinished(self, evaluation: Evaluation, given: Bounds) -> Job:
        """The first of its jobs that is not done; with all of them done, a new one, held to what
        the last one was."""
        planned = await self._planned(evaluation)
        if planned is not None and planned.state != "done":
            return planned
        return await unfinished(
            self._jobs,
            EVALUATION,
            evaluation.id,
            _subject(evaluation),
            before=int(bool(evaluation.job_id)),
            more=lambda last: given.over(_bounds_of(last or planned)).given,
        )

    async def _planned(self, evaluation: Evaluation) -> Job | None:
        """The job that has planned it, unless it was somebody or that job is forgotten."""
        if not evaluation.job_id:
            return None
        try:
            return await self._jobs.get(evaluation.job_id)
        except NotFound:
            return None

    async def do(self, context: JobContext, given: EvaluationInput) -> Any:
        """The work: plans the evaluation unless it is stored, and asks for what is missing."""
        evaluation = await self._wanted(context.job, given)

        async def told(tally: Tally) -> None:
            await context.progress(tally.done, tally.total, "", **_facts(tally))

        async def cancelled() -> bool:
            return (await self._jobs.get(context.job.id)).state == "cancelled"

        stop, run = await self._evaluating.run(
            evaluation, told, cancelled=cancelled, goes=given.goes
        )
        try:
            ended = await self._evaluations.get(evaluation.id)
            done = await self._evaluating.evaluated(ended, run)
        except NotFound as error:  # it ended before its baseline was answered once
            nothing = Summary(
                id=evaluation.id,
                stop=stop,
                why=run.dear or error.what,
                gate="failed" if given.bounds.given else "",
            )
            return msgspec.to_builtins(nothing)
        verdict = judged(done.report, evaluation.baseline, given.bounds)
        if evaluation.id in self._awaited:
            self._awaited[evaluation.id] = msgspec.structs.replace(done, verdict=verdict)
        summary = summary_of(evaluation.id, done.report, verdict, stop=stop, why=run.dear)
        return msgspec.to_builtins(summary)

    async def _wanted(self, job: Job, given: EvaluationInput) -> Evaluation:
        """One that a job plans has the job's id, so that the next attempt finds it."""
        given.check()
        if given.id:
            return await self._evaluations.get(given.id)
        try:
            return await self._evaluations.get(job.id)
        except NotFound:
            plan = await self._evaluating.plan(given.wanted())
        own = msgspec.structs.replace(plan.evaluation, id=job.id, job_id=job.id)
        return await self._evaluating.begin(own)


def _several(given: tuple[T, ...] | str) -> tuple[T | str, ...]:
    return ((given,) if given else ()) if isinstance(given, str) else given


def _subject(evaluation: Evaluation) -> str:
    return f"{', '.join(evaluation.prompts)} on {evaluation.dataset}"


def _facts(tally: Tally) -> dict[str, float | str]:
    facts: dict[str, float | str] = {
        "calls": tally.asked,
        "cost_usd": round(tally.cost_usd, 6),
        "failed": tally.failed,
        "passed": tally.passed,
        "judged": tally.judged,
    }
    if best := tally.best:
        facts |= {"best": best[0], "best_score": round(best[1], 4)}
    return facts


def _bounds_of(job: Job | None) -> Bounds:
    return read(job, EvaluationInput).bounds if job and job.kind == EVALUATION else Bounds()
