"""What the variants of an offline experiment have answered, example by example."""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from burnish.evals.report.tally import Values
from burnish.experiments.trial import COST, LATENCY, SCORE, parameters_of
from burnish.storage.evaluation import Evaluation
from burnish.storage.experiment import Experiment, Variant
from burnish.storage.result import Result
from burnish.storage.store import Store


@dataclass
class Answered:
    """One variant's answers. `results` came, `failed` of them are errors, the first of which is
    `error`. `lost` are the examples (by number) that have an answer without a value of a metric,
    or none at all."""

    variant: str
    results: int = 0
    failed: int = 0
    error: str = ""
    values: dict[str, Values] = field(default_factory=dict[str, Values])
    lost: dict[str, array[int]] = field(default_factory=dict[str, "array[int]"])

    def add(self, result: Result, example: int) -> None:
        self.results += 1
        self.failed += bool(result.error)
        self.error = self.error or result.error
        for metric, values in self.values.items():
            value = value_of(result, metric)
            values.add(example, value)
            if value is None:
                self.lost[metric].append(example)


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """All answers so far, of `planned` that are asked for. `examples` have one at least; `missing`
    evaluations were deleted."""

    variants: tuple[Answered, ...]
    evaluations: tuple[Evaluation, ...]
    missing: int
    examples: int
    planned: int

    @property
    def results(self) -> int:
        return sum(each.results for each in self.variants)

    @property
    def ended(self) -> bool:
        """Whether everything was asked that is going to be."""
        asked = [each.ended_at is not None and not each.stop for each in self.evaluations]
        return bool(asked) and all(asked) and not self.missing

    @property
    def stop(self) -> str:
        return next((each.stop for each in self.evaluations if each.stop), "")


def value_of(result: Result, metric: str) -> float | None:
    """None where there is none: an error, or a scorer or price that could not tell."""
    if result.error:
        return None
    if metric == SCORE:
        value = result.score
    elif metric == COST:
        value = result.cost_usd
    elif metric == LATENCY:
        value = result.latency_ms
    else:
        value = next((each.value for each in result.scores if each.metric == metric), None)
    return None if value is None or not math.isfinite(value) else value


Place = tuple[str, str, str]
"""Where a variant's answers are: evaluation, prompt, model."""


def places_of(variants: Sequence[Variant], evaluations: Sequence[Evaluation]) -> dict[Place, str]:
    """The variant of each column. One that names no model has the column that is left when those
    that do have theirs: which model was the usual one, its evaluation says."""
    free = {
        (each.id, prompt, model): msgspec.to_builtins(each.parameters)
        for each in evaluations
        for prompt in each.prompts
        for model in each.models
    }
    found: dict[Place, str] = {}
    for variant in sorted(variants, key=lambda each: not each.model):
        wanted = parameters_of(variant)
        for place, parameters in free.items():
            fits = place[1] == variant.prompt and variant.model in ("", place[2])
            if fits and parameters == wanted:
                found[place] = variant.name
                del free[place]
                break
    return found


async def answers_of(store: Store, experiment: Experiment) -> Given:
    """As far as they are there. Repeats of an example count as one example."""
    found = [await _evaluation(store, each) for each in experiment.evaluations]
    evaluations = tuple(each for each in found if each is not None)
    plan = experiment.plan
    metrics = dict.fromkeys(each.name for each in (plan.metric, *plan.guardrails))
    variants = {each.name: _blank(each.name, metrics) for each in plan.variants}
    places = {
        place: variants[name] for place, name in places_of(plan.variants, evaluations).items()
    }
    examples = await _read(store, evaluations, places)
    return Given(
        variants=tuple(variants.values()),
        evaluations=evaluations,
        missing=len(found) - len(evaluations),
        examples=examples,
        planned=sum(each.size for each in evaluations),
    )


async def _read(
    store: Store,
    evaluations: Sequence[Evaluation],
    places: Mapping[Place, Answered],
) -> int:
    numbers: dict[str, int] = {}
    for evaluation in evaluations:
        async for result in store.evaluations.results(evaluation.id):
            answered = places.get((evaluation.id, result.prompt, result.model))
            if answered is not None:
                answered.add(result, numbers.setdefault(result.example, len(numbers)))
    return len(numbers)


async def _evaluation(store: Store, evaluation_id: str) -> Evaluation | None:
    found = await store.evaluations.by_prefix(evaluation_id, 1)
    return found[0] if found else None


def _blank(name: str, metrics: Mapping[str, None]) -> Answered:
    return Answered(
        name,
        values={each: Values() for each in metrics},
        lost={each: array("i") for each in metrics},
    )
