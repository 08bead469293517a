"""Optimising prompts on a platform."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from burnish.errors import UsageError
from burnish.platform.experimenting import Experimenting

if TYPE_CHECKING:
    from burnish.evals.pairs import WrittenPairs
    from burnish.evals.wanted import Data
    from burnish.jobs.job import JobContext, Work
    from burnish.optimizers.budget import Budget
    from burnish.optimizers.optimizer import Optimizer
    from burnish.optimizers.room import ShownOptimization
    from burnish.platform.optimization_plan import OptimizationPlan
    from burnish.platform.optimizations import Optimizations
    from burnish.platform.weak import WeakPrompt
    from burnish.storage.example import ScorerSpec
    from burnish.storage.job import Job
    from burnish.storage.optimization import Optimization


class Improving(Experimenting):
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
        seed: int = 0,
        fresh: bool = False,
        variant: bool = False,
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
        changed nothing (`unchanged`). With `variant` the result is kept for this model, on a branch
        of its own. What is between {# keep #} and {# /keep #} is never changed.

        Raises UsageError where the examples or the budget are too few to show anything, NotFound
        for a prompt or dataset that is not there.
        """
        given = {name: value for name, value in locals().items() if name in _OPTIONS}
        plan = await self.plan_optimization(**given)
        return await self.run_optimization(plan.optimization, progress=progress)

    async def plan_optimization(
        self, prompt: str, data: Data | None = None, **options: Any
    ) -> OptimizationPlan:
        """What `optimize` with these options would do, and about what that would cost. Nothing of
        it is stored but its examples, and no model is asked."""
        return await self._optimizations.plans.plan(_wanted(prompt, data, options))

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
        self._evaluating.take(scorers, files=files)
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
            algorithms=lambda: tuple(self.optimizers),
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

    def _kinds(self) -> dict[str, Work]:
        return {**super()._kinds(), "optimization": self._optimize_for}

    async def _check_job(self, kind: str, given: Mapping[str, Any]) -> None:
        await super()._check_job(kind, given)
        if kind == "optimization":
            from burnish.platform.jobs import read_input
            from burnish.platform.optimizations import OptimizationInput, check_scheduled

            check_scheduled(read_input(kind, given, OptimizationInput))

    async def _optimize_for(self, context: JobContext) -> Any:
        from burnish.platform.jobs import read
        from burnish.platform.optimizations import OptimizationInput

        return await self._optimizations.do(context, read(context.job, OptimizationInput))


_OPTIONS = frozenset(
    {
        "prompt",
        "data",
        "algorithm",
        "goal",
        "budget",
        "model",
        "writer",
        "scorers",
        "tags",
        "limit",
        "target",
        "rounds",
        "unchanged",
        "temperature",
        "max_tokens",
        "concurrency",
        "seed",
        "fresh",
        "variant",
        "dataset",
    }
)


def _wanted(prompt: str, data: Any, options: dict[str, Any]) -> Any:
    """Raises UsageError for a name that is none of `optimize`'s, and would do nothing."""
    from burnish.evals.wanted import PARAMETERS
    from burnish.optimizers.budget import Budget
    from burnish.optimizers.wanted import Wanted

    given = {name: value for name, value in options.items() if value is not None}
    parameters = {name: given.pop(name) for name in PARAMETERS if name in given and name != "seed"}
    if strange := sorted(set(given) - set(Wanted.__struct_fields__)):
        raise UsageError(
            f"optimize has no option {strange[0]!r}",
            hint=f"use {', '.join(sorted(_OPTIONS))}",
            subject=strange[0],
        )
    budget = given.pop("budget", None)
    if isinstance(budget, int):
        budget = Budget(calls=budget)
    if budget is not None:
        given["budget"] = budget
    for name in ("scorers", "tags"):
        value = given.get(name, ())
        given[name] = (value,) if isinstance(value, str) else tuple(value)
    return Wanted(prompt=prompt, data=data, parameters=parameters, **given)
