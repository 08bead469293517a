"""Optimising prompts on a platform."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from burnish.platform.learned import Learned
from burnish.platform.optimize_options import OPTIONS, wanted_of

if TYPE_CHECKING:
    from burnish.evals.pairs import WrittenPairs
    from burnish.evals.wanted import Data
    from burnish.jobs.job import JobContext, Work
    from burnish.optimizers.budget import Budget
    from burnish.optimizers.optimizer import Optimizer
    from burnish.optimizers.room import ShownOptimization
    from burnish.platform.choosing_where import Choosing
    from burnish.platform.optimization_plan import OptimizationPlan
    from burnish.platform.optimizations import Optimizations
    from burnish.platform.optimizations_job import OptimizationsJob
    from burnish.platform.optimizing_where import Do, Each
    from burnish.platform.weak import WeakPrompt
    from burnish.platform.where import Where, WhereLeft, WhereOptimized, WherePlan, WhereReport
    from burnish.storage.example import ScorerSpec
    from burnish.storage.job import Job
    from burnish.storage.optimization import OfJob, Optimization


class Improving(Learned):
    async def optimize(
        self,
        prompt: str,
        data: Data | None = None,
        *,
        algorithm: str = "auto",
        goal: str = "quality",
        budget: int | Budget | None = None,
        model: str = "",
        writer: str = "",
        scorers: Sequence[str | ScorerSpec | Callable[..., Any]] = (),
        tags: Sequence[str] = (),
        limit: int | None = None,
        target: float | None = None,
        rounds: int | None = None,
        unchanged: int | None = None,
        temperature: float | None = None,
        max_tokens: int | None = None,
        concurrency: int | None = None,
        vary: Mapping[str, Sequence[float]] | None = None,
        seed: int = 0,
        fresh: bool = False,
        variant: bool = False,
        branch: str = "",
        dataset: str = "",
        progress: Callable[[Job], None] | None = None,
    ) -> ShownOptimization:
        """Looks for a prompt that scores better on examples, and makes it the next version where it
        is surely better than the original on examples that nothing was chosen by; else the original
        stays, and `text` says why.

        `data` and `scorers` are as in `evaluate`. `budget` bounds all calls of models (300 unless
        it says otherwise; a `burnish.Budget` bounds answers, proposals, money and time apart).
        `model` answers, `writer` writes candidates (`offline`: techniques, wording and examples
        alone). The search ends at a `target` score, after so many `rounds`, or after so many that
        changed nothing (`unchanged`). `vary` has values that parameters of the model may have
        instead of the prompt's ({"temperature": [0, 0.7]}; also max_tokens); the best is kept in
        the version's config. With `variant` the result is kept for this model, on a branch
        of its own, with `branch` on the one of that name; the prompt stays as it is. What is
        between {# keep #} and {# /keep #} is never changed.

        Raises UsageError where the examples or the budget are too few to show anything, NotFound
        for a prompt or dataset that is not there.
        """
        given = {name: value for name, value in locals().items() if name in OPTIONS}
        plan = await self.plan_optimization(**given)
        return await self.run_optimization(plan.optimization, progress=progress)

    async def plan_optimization(
        self, prompt: str, data: Data | None = None, **options: Any
    ) -> OptimizationPlan:
        """What `optimize` with these options would do, and about what that would cost. Nothing of
        it is stored, and no model is asked; its examples become a dataset when it begins."""
        return await self._optimizations.plans.plan(wanted_of(prompt, data, options))

    async def run_optimization(
        self, optimization: Optimization, *, progress: Callable[[Job], None] | None = None
    ) -> ShownOptimization:
        """Does what a plan said, or goes on with what was begun: nothing that was paid is paid
        again. Raises Conflict where another process is at it."""
        done = await self._optimizations.run(optimization, progress=progress)
        return await self.optimizations.show(done.id)

    async def submit_optimization(self, optimization: Optimization, *, priority: int = 0) -> Job:
        """Leaves what a plan said to `burnish worker`."""
        return await self._optimizations.submit(optimization, priority=priority)

    async def resume_optimization(
        self,
        optimization_id: str,
        *,
        scorers: Sequence[Callable[..., Any] | str] = (),
        files: bool = False,
        progress: Callable[[Job], None] | None = None,
    ) -> ShownOptimization:
        """Goes on with one that was killed, cancelled or has failed. Functions among its scorers
        have to be given again in another process; with `files`, `python:FILE.py:FUNCTION` runs that
        file. Raises Conflict where its dataset is another one now."""
        self._evaluating.scoring.take(scorers, files=files)
        found = await self.optimizations.get(optimization_id)
        return await self.run_optimization(found, progress=progress)

    async def weak_prompts(self, where: str) -> list[WeakPrompt]:
        """Prompts for which a condition holds, the weakest first, each with the dataset that it was
        last evaluated over: `rating < 0.6` (that of people), `score < 0.8 and category = mail`
        (that of the newest evaluation of the latest version), also `tag` and `name`. What is not
        known is below nothing. Raises UsageError for what is no condition.
        """
        from burnish.platform.weak import weak_prompts

        return await weak_prompts(await self._recorded_store(), self.prompts, where)

    async def optimize_where(
        self,
        where: str,
        data: Data | None = None,
        *,
        max_cost_usd: float | None = None,
        again: bool = False,
        each: Callable[[WhereOptimized | WhereLeft], None] | None = None,
        progress: Callable[[Job], None] | None = None,
        **options: Any,
    ) -> WhereReport:
        """`optimize` for all prompts for which a condition holds (as in `weak_prompts`), the
        weakest first, each over the dataset of its last evaluation or `data`, answered by the same
        model and scored the same way unless the `options`, those of `optimize`, say otherwise.

        One that was optimised already, on the same version of the prompt and of the dataset, with
        the same model, scorers and goal, is left out, unless `again`; so is one that could not be
        measured for a reason that is still there (a model that was away may be back). One that was
        stopped half way is gone on with. A prompt that fails is told (`each` hears of every one)
        and keeps none from its turn. A `budget` is for each prompt, `max_cost_usd` for all of them.

        Raises UsageError for what is no condition, and for an option that there is not.
        """
        from burnish.platform.where import Where

        asked = Where(
            where=where, data=data, options=options, max_cost_usd=max_cost_usd, again=again
        )

        async def done(of: Optimization, number: int, whole: int) -> Optimization:
            def told(job: Job) -> None:
                if progress is not None:
                    progress(_one_of(job, of.prompt, number, whole))

            return await self._optimizations.run(of, progress=told)

        return await self._optimize_all(asked, do=done, each=each)

    async def plan_optimizations(
        self,
        where: str,
        data: Data | None = None,
        *,
        max_cost_usd: float | None = None,
        again: bool = False,
        **options: Any,
    ) -> WherePlan:
        """What `optimize_where` with these options would do, and about what that would cost: which
        prompts it would optimise, and which not, and why. No model is asked. Raises as it does."""
        from burnish.platform.choosing_where import plan_where
        from burnish.platform.where import Where

        asked = Where(
            where=where, data=data, options=options, max_cost_usd=max_cost_usd, again=again
        )
        choosing = self._choosing(asked)
        return await plan_where(choosing, await self.weak_prompts(where))

    async def submit_optimizations(self, where: str, *, priority: int = 0, **options: Any) -> Job:
        """Leaves `optimize_where` to `burnish worker`, which looks the prompts up when it begins.
        The `options` are those of the job `optimizations`. Raises what such a job would fail of
        now."""
        given = {"where": where, **options}
        await self._check_job("optimizations", given)
        return await self.jobs.submit(
            "optimizations", given, subject=where, priority=priority, here=False
        )

    async def export_pairs(
        self, evaluation_id: str, folder: str | Path, *, min_score: float = 1.0
    ) -> WrittenPairs:
        """Writes the answers of an evaluation that score `min_score` or more, each with what was
        asked, as chat JSONL for fine-tuning: a file for each split (`train.jsonl`, …) and a card
        that says where they come from. Equal pairs are written once.

        Raises Conflict for a folder that holds something, UsageError where nothing is accepted.
        """
        from burnish.platform.pairs import export_pairs

        return await export_pairs(
            await self._open_store(),
            self.evaluations,
            self.datasets,
            self.prompts,
            self._renderer,
            evaluation_id=evaluation_id,
            folder=Path(folder),
            min_score=min_score,
        )

    @property
    def optimizers(self) -> dict[str, Optimizer]:
        """All ways to look for a better prompt by name, those of plug-ins last."""
        return {each.name: each for each in self._plugins.collect("optimizers")}

    @cached_property
    def _optimizations(self) -> Optimizations:
        from burnish.platform.optimization_plan import OptimizationPlans
        from burnish.platform.optimizations import Optimizations

        plans = OptimizationPlans(
            self._evaluating,
            self._live,
            prompts=self.prompts,
            datasets=self.datasets,
            settings=self.settings,
            algorithms=lambda: self.optimizers,
            new_id=self._ids,
            open_store=self._open_store,
        )
        return Optimizations(
            self.jobs,
            self._evaluating,
            self._live,
            plans,
            prompts=self.prompts,
            datasets=self.datasets,
            composer=self._composer,
            optimizer=lambda name: self.optimizers[name],
            open_store=self._open_store,
        )

    async def _optimize_all(
        self, asked: Where, *, do: Do, begun: Sequence[OfJob] = (), each: Each | None = None
    ) -> WhereReport:
        from burnish.platform.optimizing_where import OptimizingWhere

        choosing = self._choosing(asked)
        weak = await self.weak_prompts(asked.where)
        return await OptimizingWhere(choosing, self._optimizations, do=do, each=each).run(
            weak, begun
        )

    def _choosing(self, asked: Where) -> Choosing:
        """Raises UsageError for what is wrong for all, so that it is said once."""
        from burnish.platform.choosing_where import Choosing
        from burnish.platform.earlier import Known, earlier

        wanted_of("", None, asked.options).checked(tuple(self.optimizers))
        bound, usual = asked.max_cost_usd, self.settings.models.max_cost_usd
        bound = usual if bound is None else bound
        asked = msgspec.structs.replace(asked, max_cost_usd=bound or None)  # 0 bounds nothing

        async def planned(prompt: str, data: Any, options: dict[str, Any]) -> OptimizationPlan:
            return await self.plan_optimization(prompt, data, **options)

        async def known(of: Optimization) -> Known | None:
            return await earlier(self._open_store, of)

        return Choosing(asked, self.prompts, plan=planned, earlier=known)

    @cached_property
    def _optimizations_job(self) -> OptimizationsJob:
        from burnish.platform.optimizations_job import OptimizationsJob

        return OptimizationsJob(
            self._optimizations, self._optimize_all, self._open_store, self._live.warn
        )

    def _kinds(self) -> dict[str, Work]:
        own: dict[str, Work] = {
            "optimization": self._optimize_for,
            "optimizations": self._optimize_all_for,
        }
        return {**super()._kinds(), **own}

    async def _check_job(self, kind: str, given: Mapping[str, Any]) -> None:
        await super()._check_job(kind, given)
        if kind == "optimization":
            from burnish.platform.jobs import read_input
            from burnish.platform.optimizations import OptimizationInput, check_scheduled

            check_scheduled(read_input(kind, given, OptimizationInput))
        if kind == "optimizations":
            await self._check_optimizations(given)

    async def _check_optimizations(self, given: Mapping[str, Any]) -> None:
        from burnish.platform.jobs import read_input
        from burnish.platform.optimizations_job import OptimizationsInput
        from burnish.platform.pinned import version_named

        asked = read_input("optimizations", given, OptimizationsInput).asked
        wanted = wanted_of("", None, asked.options).checked(tuple(self.optimizers))
        self._evaluating.scoring.take(wanted.scorers)
        for model in filter(None, (wanted.model, wanted.writer)):
            if model not in ("auto", "offline"):
                self._live.registry.full_name(model)
        if asked.data:
            await version_named((await self._open_store()).datasets, asked.data)

    async def _optimize_for(self, context: JobContext) -> Any:
        from burnish.platform.jobs import read
        from burnish.platform.optimizations import OptimizationInput

        return await self._optimizations.do(context, read(context.job, OptimizationInput))

    async def _optimize_all_for(self, context: JobContext) -> Any:
        from burnish.platform.jobs import read
        from burnish.platform.optimizations_job import OptimizationsInput

        return await self._optimizations_job.do(context, read(context.job, OptimizationsInput))


def _one_of(job: Job, prompt: str, number: int, whole: int) -> Job:
    """Which of several prompts it is about is said beside how far it is."""
    told = msgspec.structs.replace(job.progress, message=f"{prompt} ({number} of {whole})")
    return msgspec.structs.replace(job, progress=told)
