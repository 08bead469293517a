"""What an offline experiment will ask: its variants, made into as few evaluations as will do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from burnish.errors import Unavailable, UsageError
from burnish.evals.wanted import Wanted
from burnish.experiments.trial import SCORE, SPENT, parameters_of
from burnish.platform.evaluation_made import NO_MODEL
from burnish.storage.evaluation import Evaluation
from burnish.storage.example import Split
from burnish.storage.experiment import Experiment, Trial, Variant

if TYPE_CHECKING:
    from burnish.evals.datasets import AsyncDatasets
    from burnish.platform.evaluating import Evaluating, Plan

# Among so many examples those are looked for that bring scorers of their own.
_LOOKED_AT = 1_000
# Over fewer, hardly any difference could be shown.
_LEAST_HELD_BACK = 20


class OfflinePlan(msgspec.Struct, frozen=True, kw_only=True):
    """`experiment` has its prompts, its dataset and its split pinned. `cost_usd` is None where no
    price is known, and leaves out the models in `unpriced`."""

    experiment: Experiment
    evaluations: tuple[Evaluation, ...]
    calls: int
    cost_usd: float | None
    unpriced: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class _Asked(NamedTuple):
    variant: Variant
    plan: Plan

    @property
    def column(self) -> tuple[str, str]:
        return self.plan.evaluation.prompts[0], self.plan.evaluation.models[0]

    @property
    def key(self) -> bytes:
        return msgspec.json.encode(self.plan.evaluation.parameters, order="deterministic")


class OfflinePlans:
    def __init__(self, evaluating: Evaluating, datasets: AsyncDatasets) -> None:
        self._evaluating = evaluating
        self._datasets = datasets

    async def plan(self, experiment: Experiment) -> OfflinePlan:
        """Raises UsageError where it could show nothing, NotFound for a prompt or a dataset that is
        not there, Unavailable for a variant whose model cannot answer, or a judge."""
        trial = _trial(experiment)
        dataset = (await self._datasets.resolve(trial.dataset)).reference
        split = await self._split(trial, dataset)
        asked = [
            _Asked(each, await self._planned(_wanted(each, trial, dataset, split), each))
            for each in experiment.plan.variants
        ]
        _check_apart(asked)
        first = asked[0].plan.evaluation
        await self._check_metrics(experiment, first)
        pinned = msgspec.structs.replace(
            trial,
            dataset=dataset,
            split=split or "all",
            scorers=first.scorers,
            examples=first.examples,
            concurrency=first.concurrency,
        )
        plan = msgspec.structs.replace(
            experiment.plan, variants=tuple(map(_pinned, asked)), trial=pinned
        )
        costs = [each.plan.estimate for each in asked]
        known = [each.cost_usd for each in costs if each.cost_usd is not None]
        return OfflinePlan(
            experiment=msgspec.structs.replace(experiment, plan=plan),
            evaluations=tuple(_evaluations(asked, plan.control)),
            calls=sum(each.calls for each in costs),
            cost_usd=sum(known) if known else None,
            unpriced=tuple(dict.fromkeys(name for each in costs for name in each.unpriced)),
            notes=tuple(dict.fromkeys(note for each in asked for note in each.plan.notes)),
        )

    async def _planned(self, wanted: Wanted, variant: Variant) -> Plan:
        try:
            plan = await self._evaluating.plan(wanted)
        except UsageError as error:
            if error.subject != NO_MODEL:
                raise
            raise UsageError(
                f"variant {variant.name!r} names no model, and none is set up",
                hint=f"name one: {variant.name}={variant.prompt},model=provider:model; "
                "see burnish models list",
                subject=NO_MODEL,
            ) from None
        for model, problem in plan.unready.items():
            what, _, hint = problem.partition("; ")
            is_judge = model not in plan.evaluation.models
            whom = "no answer can be judged" if is_judge else f"{variant.name!r} cannot be asked"
            raise Unavailable(f"{whom}: {what}", hint=hint, subject=model)
        return plan

    async def _split(self, trial: Trial, dataset: str) -> Split | None:
        """What a prompt was tuned on says little of how good it is; so it is the test split, unless
        that has too few examples or another part is named. None: all of them."""
        if trial.split == "all":
            return None
        if trial.split is not None:
            return trial.split
        held_back = await self._datasets.count(dataset, split="test", tags=trial.tags)
        return "test" if held_back >= _LEAST_HELD_BACK else None

    async def _check_metrics(self, experiment: Experiment, evaluation: Evaluation) -> None:
        """Raises UsageError for one that no answer would have."""
        plan = experiment.plan
        wanted = [each.name for each in (plan.metric, *plan.guardrails) if each.name not in SPENT]
        there = {each.metric or each.name for each in evaluation.scorers}
        scored = {SCORE} if evaluation.scorers else set[str]()
        if not there.union(scored).issuperset(wanted):
            examples = self._datasets.iter_examples(
                evaluation.dataset, split=evaluation.split, tags=evaluation.tags, limit=_LOOKED_AT
            )
            own = {each.metric or each.name async for one in examples for each in one.scorers}
            there |= own
            scored |= {SCORE} if own else set()
        for name in wanted:
            if name not in there | scored:
                names = ", ".join(sorted(there | scored | set(SPENT)))
                raise UsageError(
                    f"no scorer gives {name!r}",
                    hint=f"use one of {names}, or name another scorer",
                    subject=name,
                )


def _trial(experiment: Experiment) -> Trial:
    trial = experiment.plan.trial
    if experiment.kind != "offline" or trial is None:
        raise UsageError(
            f"experiment {experiment.name!r} has no dataset", hint="it is no offline experiment"
        )
    return trial


def _wanted(variant: Variant, trial: Trial, dataset: str, split: Split | None) -> Wanted:
    return Wanted(
        prompts=(variant.prompt,),
        data=dataset,
        models=(variant.model,) if variant.model else (),
        scorers=trial.scorers,
        split=split,
        tags=trial.tags,
        limit=trial.examples,
        repeats=trial.repeats,
        concurrency=trial.concurrency,
        parameters=parameters_of(variant),
        max_cost_usd=trial.max_cost_usd,
        stored=True,
    ).checked()


def _check_apart(asked: Sequence[_Asked]) -> None:
    seen: dict[object, str] = {}
    for each in asked:
        twin = seen.setdefault((each.column, each.key), each.variant.name)
        if twin != each.variant.name:
            prompt, model = each.column
            raise UsageError(
                f"variants {twin!r} and {each.variant.name!r} are the same: {prompt} by {model}",
                hint="change one of them, or leave it out",
                subject=each.variant.name,
            )


def _pinned(asked: _Asked) -> Variant:
    """One that named no model goes on naming none: the model is no part of what it promotes."""
    prompt, model = asked.column
    return msgspec.structs.replace(
        asked.variant, prompt=prompt, model=model if asked.variant.model else ""
    )


def _evaluations(asked: Sequence[_Asked], control: str) -> list[Evaluation]:
    """One for each set of parameters, where every prompt there is asked of every model; else one
    for each model too."""
    groups: dict[bytes, list[_Asked]] = {}
    for each in asked:
        groups.setdefault(each.key, []).append(each)
    whole: list[list[_Asked]] = []
    for group in groups.values():
        prompts, models = ({each.column[at] for each in group} for at in (0, 1))
        if len(group) == len(prompts) * len(models):
            whole.append(group)
            continue
        by_model: dict[str, list[_Asked]] = {}
        for each in group:
            by_model.setdefault(each.column[1], []).append(each)
        whole += by_model.values()
    return [_evaluation(group, control, len(whole)) for group in whole]


def _evaluation(group: Sequence[_Asked], control: str, several: int) -> Evaluation:
    first = group[0].plan.evaluation
    prompts = tuple(dict.fromkeys(each.column[0] for each in group))
    against = next((each.column[0] for each in group if each.variant.name == control), "")
    return msgspec.structs.replace(
        first,
        prompts=prompts,
        models=tuple(dict.fromkeys(each.column[1] for each in group)),
        baseline=against if len(prompts) > 1 else "",
        # All of them together ask as many at once as one would.
        concurrency=max(1, first.concurrency // several),
    )
