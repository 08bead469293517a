"""Trying prompts on a platform: datasets, scorers, evaluations."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from burnish.errors import BurnishError, UsageError
from burnish.evals.bounds import Bounds
from burnish.platform.judging import Judging
from burnish.platform.online import Online

if TYPE_CHECKING:
    from burnish.evals.room import AsyncEvaluations, Evaluated
    from burnish.evals.wanted import Data, Wanted
    from burnish.jobs.job import JobContext, Work
    from burnish.optimizers.room import AsyncOptimizations
    from burnish.platform.evaluating import Evaluating, Plan
    from burnish.platform.evaluation_jobs import EvaluationJobs
    from burnish.storage.evaluation import Evaluation
    from burnish.storage.example import ScorerSpec
    from burnish.storage.job import Job


class Testing(Online, Judging):
    @cached_property
    def evaluations(self) -> AsyncEvaluations:
        """What was evaluated: list, get, results, report, delete."""
        from burnish.evals.room import AsyncEvaluations

        return AsyncEvaluations(self._open_store)

    @cached_property
    def optimizations(self) -> AsyncOptimizations:
        """Searches for a better prompt, and what they found: list, get, show, candidates,
        delete."""
        from burnish.optimizers.room import AsyncOptimizations

        return AsyncOptimizations(self._open_store)

    async def evaluate(
        self,
        prompts: str | Sequence[str],
        data: Data | None = None,
        *,
        models: str | Sequence[str] = (),
        scorers: Sequence[str | ScorerSpec | Callable[..., Any]] = (),
        split: str | None = None,
        tags: Sequence[str] = (),
        limit: int | None = None,
        repeats: int = 1,
        concurrency: int | None = None,
        temperature: float | None = None,
        max_tokens: int | None = None,
        seed: int | None = None,
        max_cost_usd: float | None = None,
        fresh: bool = False,
        baseline: str = "",
        dataset: str = "",
        progress: Callable[[Job], None] | None = None,
    ) -> Evaluated:
        """Asks each model each prompt for each example, scores the answers, and tells what they
        add up to, with how sure that is.

        `data` is a dataset (`name`, `name@3`), a file of examples, or examples; what is no dataset
        yet becomes one, named after the file or by `dataset`. In the place of prompts may stand the
        path of a promptfoo configuration, which brings prompts, models and tests.

        Without `models` the prompt's own is asked, else the usual one; without `scorers` answers
        are compared with what is expected.
        Every answer is kept as it comes: who is stopped goes on with `resume_evaluation`, and no
        finished answer is asked for again. Models that fail are in the report and stop nothing.
        With `max_cost_usd` it ends before the call that could pass it. `repeats` ask again, past
        what is remembered; `fresh` asks even where the first answer is. All prompts are compared
        with each other, or with the `baseline`, one of them.

        Raises UsageError for what could give nothing, NotFound, StoreError.
        """
        plan = await self._evaluating.plan(_wanted(locals()))
        return await self.run_evaluation(plan.evaluation, progress=progress)

    async def plan_evaluation(
        self, prompts: str | Sequence[str], data: Data | None = None, **options: Any
    ) -> Plan:
        """What `evaluate` would do and about what it would cost; no model is asked. Examples that
        are no dataset yet become one when it begins. The `options` are those of `evaluate`."""
        check_options(options)
        return await self._evaluating.plan(_wanted({"prompts": prompts, "data": data, **options}))

    async def run_evaluation(
        self,
        evaluation: Evaluation,
        *,
        min_score: float | None = None,
        max_regression: float | None = None,
        progress: Callable[[Job], None] | None = None,
    ) -> Evaluated:
        """Does what a plan said. With bounds, `verdict` says whether they are met; they are kept,
        for whoever goes on with it and for reports of the time.

        Raises UsageError for bounds that make no sense, before a call.
        """
        bounds = Bounds(min_score=min_score, max_regression=max_regression)
        bounds.check(evaluation.baseline)
        evaluation = await self._evaluating.begin(evaluation)
        return await self._ended(evaluation, bounds, progress)

    async def submit_evaluation(
        self,
        evaluation: Evaluation,
        *,
        min_score: float | None = None,
        max_regression: float | None = None,
        priority: int = 0,
    ) -> Job:
        """Leaves what a plan said to `burnish worker`. The job's result names the evaluation, with
        the mean and the interval of each column, and says whether the bounds are met (`gate`); the
        job is done where they are not, too.

        Raises UsageError for bounds that make no sense, and for a function among the scorers, which
        no other process has.
        """
        bounds = Bounds(min_score=min_score, max_regression=max_regression)
        return await self._evaluation_jobs.submit(evaluation, bounds, priority=priority)

    async def resume_evaluation(
        self,
        evaluation_id: str,
        *,
        scorers: Sequence[Callable[..., Any] | str] = (),
        files: bool = False,
        min_score: float | None = None,
        max_regression: float | None = None,
        progress: Callable[[Job], None] | None = None,
    ) -> Evaluated:
        """Goes on with one that was stopped or ended before its time: asks for what is missing,
        and again for what failed. It is held to the bounds that it had (`bounds` and `verdict`
        say so), each unless another is given, which holds from then on.

        Functions among its scorers have to be given again in another process; with `files`,
        `python:FILE.py:FUNCTION` runs that file. Raises Conflict where another process is at it.
        """
        self._evaluating.scoring.take(scorers, files=files)
        bounds = Bounds(min_score=min_score, max_regression=max_regression)
        return await self._ended(await self.evaluations.get(evaluation_id), bounds, progress)

    @cached_property
    def _evaluating(self) -> Evaluating:
        from burnish.platform.evaluating import Evaluating

        return Evaluating(
            self._parts,
            self._live,
            prompts=self.prompts,
            datasets=self.datasets,
            scorers=self._scorers_within,
            renderer=self._renderer,
        )

    async def _ended(
        self, evaluation: Evaluation, given: Bounds, progress: Callable[[Job], None] | None
    ) -> Evaluated:
        try:
            return await self._waited(evaluation, given, progress)
        finally:
            self._evaluation_jobs.leave(evaluation)

    async def _waited(
        self, evaluation: Evaluation, given: Bounds, progress: Callable[[Job], None] | None
    ) -> Evaluated:
        job, bounds = await self._evaluation_jobs.take(evaluation, given)
        async for job in self.jobs.watch(job.id):  # noqa: B020 - the last one is how it ended
            if progress is not None:
                progress(job)
        if job.state == "failed":
            raise BurnishError(
                f"the evaluation failed: {job.error}",
                hint=f"what is there stays; go on with burnish evaluate --resume {evaluation.id}",
                subject=evaluation.id,
            )
        return await self._evaluation_jobs.ended(evaluation, bounds)

    def _kinds(self) -> dict[str, Work]:
        return {**super()._kinds(), "evaluation": self._evaluate_for}

    async def _check_job(self, kind: str, given: Mapping[str, Any]) -> None:
        await super()._check_job(kind, given)
        if kind == "evaluation":
            from burnish.platform.evaluation_jobs import EvaluationInput
            from burnish.platform.jobs import read_input

            await self._evaluation_jobs.check(read_input(kind, given, EvaluationInput))

    async def _evaluate_for(self, context: JobContext) -> Any:
        from burnish.platform.evaluation_jobs import EvaluationInput
        from burnish.platform.jobs import read

        return await self._evaluation_jobs.do(context, read(context.job, EvaluationInput))

    @cached_property
    def _evaluation_jobs(self) -> EvaluationJobs:
        from burnish.platform.evaluation_jobs import EvaluationJobs

        return EvaluationJobs(self.jobs, self._evaluating, self.evaluations)


def check_options(options: dict[str, Any]) -> None:
    """Raises UsageError for a name that is none of `evaluate`'s, and would do nothing."""
    from burnish.evals.wanted import PARAMETERS, Wanted

    known = (*Wanted.__struct_fields__, *PARAMETERS)
    for name in options:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"use {', '.join(known)}"
            raise UsageError(f"an evaluation has no option {name!r}", hint=hint, subject=name)


def _wanted(given: dict[str, Any]) -> Wanted:
    from burnish.evals.datasets.splits import checked_split
    from burnish.evals.wanted import PARAMETERS, Wanted

    fields = {name: given[name] for name in Wanted.__struct_fields__ if given.get(name) is not None}
    fields["parameters"] = {name: given[name] for name in PARAMETERS if given.get(name) is not None}
    for name in ("prompts", "models"):
        value = fields.get(name, ())
        fields[name] = (value,) if isinstance(value, str) else tuple(value)
    fields["split"] = checked_split(fields.get("split"))
    fields["tags"] = tuple(fields.get("tags", ()))
    fields["scorers"] = tuple(fields.get("scorers", ()))
    return Wanted(**fields).checked()
