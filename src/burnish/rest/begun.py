"""Long work that a request begins: it answers with the job, which goes on behind it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from burnish.platform import AsyncPlatform
from burnish.storage.evaluation import Evaluation
from burnish.storage.job import Job
from burnish.storage.optimization import Optimization


class BegunEvaluation(msgspec.Struct, frozen=True, kw_only=True):
    """`job` ends when the evaluation does."""

    evaluation: Evaluation
    job: Job


class BegunOptimization(msgspec.Struct, frozen=True, kw_only=True):
    """`job` ends when the optimisation does."""

    optimization: Optimization
    job: Job


async def evaluation(platform: AsyncPlatform, **given: Any) -> BegunEvaluation:
    """Prompts and data are in the library: no name means a file of the server."""
    plan = await platform.plan_evaluation(**given, stored=True)
    job = await platform.submit_evaluation(plan.evaluation)
    return BegunEvaluation(evaluation=await platform.evaluations.get(plan.evaluation.id), job=job)


async def optimization(platform: AsyncPlatform, **given: Any) -> BegunOptimization:
    plan = await platform.plan_optimization(**given, stored=True)
    job = await platform.submit_optimization(plan.optimization)
    found = await platform.optimizations.get(plan.optimization.id)
    return BegunOptimization(optimization=found, job=job)


BEGINNING: dict[str, Callable[..., Awaitable[Any]]] = {
    "evaluate": evaluation,
    "optimize": optimization,
}
