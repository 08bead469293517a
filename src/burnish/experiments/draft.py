"""A plan that can be carried out, or the reason why it cannot."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, get_args

import msgspec

from burnish.errors import UsageError
from burnish.experiments import written
from burnish.experiments.trial import parameters_of
from burnish.storage.experiment import (
    Allocation,
    Experiment,
    Method,
    Plan,
    StopRule,
    Trial,
    Variant,
)

_MOST_VARIANTS = 20
_MOST_GUARDRAILS = 10
_MOST_LOOKS = 50
_SUREST = 0.999999

_DAYS = "give a minute (0.0007) to 3,660 days"


def plan_from(given: Mapping[str, Any], made: Sequence[Variant], trial: Trial | None) -> Plan:
    """From the arguments of `create` and the variants of it. Raises UsageError for an illegal
    plan."""
    metric = given["metric"] or ("score" if trial else "")
    if not metric:
        raise UsageError("no metric decides", hint="name one, such as solved, thumb or score")
    method = given["method"] or ("fixed" if trial else "sequential")
    rule: dict[str, Any] = {**fields(StopRule, given), "method": method}
    targets: Mapping[str, Sequence[str]] = given["targets"] or {}
    own: dict[str, Any] = {
        "variants": tuple(made),
        "control": given["control"] or made[0].name,
        "metric": written.metric(metric),
        "guardrails": tuple(map(written.metric, given["guardrails"])),
        "rule": StopRule(**rule),
        "targets": {key: tuple(values) for key, values in targets.items()},
        "ramp": tuple(given["ramp"]),
        "trial": trial,
    }
    return checked(Plan(**{**fields(Plan, given), **own}))


def check_no_trial(given: Mapping[str, Any]) -> None:
    """Raises UsageError for what would do nothing without examples."""
    usual = Trial(dataset="")
    for name in ("scorers", "split", "tags", "limit", "repeats", "concurrency", "max_cost_usd"):
        if given[name] not in ((), [], None, getattr(usual, name, None)):
            raise UsageError(
                f"{name} is for an experiment on a dataset", hint="give data, or leave it out"
            )


def fields(shape: type[msgspec.Struct], given: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the arguments that are fields of the struct."""
    return {name: given[name] for name in shape.__struct_fields__ if name in given}


def checked(plan: Plan) -> Plan:
    """Raises UsageError for an illegal plan."""
    _check_metrics(plan)
    _check_rule(plan)
    if plan.trial is None:
        _check_online(plan)
    else:
        _check_offline(plan)
    return plan


def variants_of(
    given: Sequence[object], weights: Mapping[str, float] | None, control: str = ""
) -> list[Variant]:
    """As they are written, with the weights; `control` is one of them. Raises UsageError."""
    if len(given) < 2:
        raise UsageError("an experiment wants two variants or more", hint="name another one")
    variants = [written.variant(each, place) for place, each in enumerate(given)]
    names = {each.name for each in variants}
    for name in weights or {}:
        if name not in names:
            raise UsageError(
                f"no variant is {name!r}", hint=f"there are {', '.join(sorted(names))}"
            )
    if weights and (without := sorted(names - set(weights))):
        raise UsageError(f"{without[0]} has no weight", hint="give one to each variant")
    made = [
        msgspec.structs.replace(each, weight=float((weights or {}).get(each.name, each.weight)))
        for each in variants
    ]
    _check_variants(made, control)
    return made


def _check_variants(variants: Sequence[Variant], control: str) -> None:
    names = [each.name for each in variants]
    if len(names) > _MOST_VARIANTS:
        raise UsageError(f"{len(names)} variants", hint=f"compare {_MOST_VARIANTS} at most")
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise UsageError(f"two variants are called {twice!r}", hint="name them apart")
    if control and control not in names:
        raise UsageError(f"no variant is {control!r}", hint=f"there are {', '.join(names)}")
    for each in variants:
        if not 0 < each.weight < math.inf:
            raise UsageError(
                f"variant {each.name!r} has the weight {each.weight:g}",
                hint="give a number above 0, or leave the variant out",
                subject=each.name,
            )


def _check_metrics(plan: Plan) -> None:
    names = [plan.metric.name, *(each.name for each in plan.guardrails)]
    if len(names) > 1 + _MOST_GUARDRAILS:
        raise UsageError(f"{len(names) - 1} guardrails", hint=f"use {_MOST_GUARDRAILS} at most")
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise UsageError(
            f"{twice!r} is named twice", hint="one metric decides, and each guardrail is another"
        )


def _check_rule(plan: Plan) -> None:
    rule = plan.rule
    if rule.method not in get_args(Method):
        raise UsageError(
            f"there is no method {rule.method!r}", hint=f"use {', '.join(get_args(Method))}"
        )
    bounds: tuple[tuple[str, float | None, float, float], ...] = (
        ("level", rule.level, 0.5, _SUREST),
        ("units", rule.units, 2, 10**9),
        ("days", rule.days, 1 / 1440, 3_660),
        ("looks", rule.looks, 2, _MOST_LOOKS),
        ("least", rule.least, 2, 10**9),
        ("matters", rule.matters, 1e-12, 1e12),
        ("loss", rule.loss, 1e-12, 1e12),
    )
    for name, value, low, high in bounds:
        if value is not None and not low <= value <= high:
            hint = _DAYS if name == "days" else f"give {low:g} to {high:g}"
            raise UsageError(f"{name} is {value:g}", hint=hint, subject=name)
    if plan.trial is None and rule.method in ("fixed", "group") and rule.units is None:
        raise UsageError(
            f"a {rule.method} plan wants the units of each variant that it is for",
            hint=f"burnish experiments plan --method {rule.method} tells how many; give them with "
            "--units",
        )
    ends = rule.units or rule.days or rule.loss
    if plan.trial is None and rule.method == "bayes" and not ends:
        raise UsageError(
            "a bayes plan wants an end",
            hint="give --loss, the most that a wrong choice may lose, --units or --days",
        )
    if rule.loss is not None and rule.method != "bayes":
        raise UsageError(
            "a loss is for the method bayes", hint="leave it out, or use --method bayes"
        )


def _check_online(plan: Plan) -> None:
    if plan.allocation not in get_args(Allocation):
        raise UsageError(
            f"there is no allocation {plan.allocation!r}",
            hint=f"use {', '.join(get_args(Allocation))}",
        )
    if plan.allocation != "weights" and plan.rule.method not in ("sequential", "bayes"):
        raise UsageError(
            f"shares that follow the outcomes do not go with the method {plan.rule.method}",
            hint="use --method sequential",
        )
    for name, share, low in (
        ("holdout", plan.holdout, 0.0),
        ("layer_share", plan.layer_share, 0.001),
    ):
        most = 0.9 if name == "holdout" else 1.0
        if not low <= share <= most:
            raise UsageError(f"{name} is {share:g}", hint=f"give {low:g} to {most:g}", subject=name)
    if plan.layer_share < 1 and not plan.layer:
        raise UsageError("a share of a layer without a layer", hint="name it with --layer")
    if any(not each or not all(each) for each in plan.targets.values()):
        raise UsageError("a target has no values", hint="such as --target country=de,fr")
    _check_ramp(plan)


def _check_ramp(plan: Plan) -> None:
    ramp = plan.ramp
    rises = all(low < high for low, high in zip((0.0, *ramp), ramp, strict=False))
    if ramp and (not rises or ramp[-1] != 1):
        raise UsageError(
            f"a ramp of {', '.join(f'{each:g}' for each in ramp)}",
            hint="shares rise to 1, such as 0.01,0.1,0.5,1",
        )
    if not 0 < plan.ramp_h <= 24 * 366:
        raise UsageError(f"steps of {plan.ramp_h:g} hours", hint="give hours above 0")


def _check_trial(trial: Trial) -> None:
    for name, value in (
        ("limit", trial.examples),
        ("repeats", trial.repeats),
        ("concurrency", trial.concurrency),
    ):
        if value is not None and value < 1:
            raise UsageError(f"{name} is {value}", hint="give 1 or more", subject=name)
    if trial.max_cost_usd is not None and not trial.max_cost_usd >= 0:
        raise UsageError("the bound on cost is below 0", hint="give dollars, or leave it out")


def _check_offline(plan: Plan) -> None:
    if plan.trial is not None:
        _check_trial(plan.trial)
    rule, metrics = plan.rule, (plan.metric, *plan.guardrails)
    for name, is_used in (
        ("targets", plan.targets),
        ("a holdout", plan.holdout),
        ("a layer", plan.layer),
        ("a ramp", plan.ramp),
        ("shares that follow outcomes", plan.allocation != "weights"),
        ("a number of days", rule.days is not None),
        ("a number of units", rule.units is not None),
        (f"the method {rule.method}", rule.method != "fixed"),
        ("a ratio", any(each.kind == "ratio" for each in metrics)),
        ("to wait for outcomes", any(each.wait_h for each in metrics)),
    ):
        if is_used:
            raise UsageError(
                f"{name} makes no sense on a dataset",
                hint="every variant answers every example, and then it is looked once",
            )
    for variant in plan.variants:
        parameters_of(variant)


def shares_from(experiment: Experiment, given: Mapping[str, float]) -> dict[str, float]:
    """Of all variants, summing up to 1. Raises UsageError."""
    names = [each.name for each in experiment.plan.variants]
    if experiment.plan.rule.method == "group":
        raise UsageError(
            "a group plan keeps its shares: its looks are at equal parts of the units",
            hint="create another experiment",
        )
    for name, share in given.items():
        if name not in names:
            raise UsageError(f"no variant is {name!r}", hint=f"there are {', '.join(names)}")
        if not 0 <= share < math.inf:
            raise UsageError(f"{name!r} gets {share:g}", hint="give numbers from 0 on")
        if share and not experiment.shares.get(name, 1.0):
            raise UsageError(
                f"{name!r} got nobody for a while, and who came then tells nothing of it",
                hint="create another experiment",
            )
    if lacking := [name for name in names if name not in given]:
        raise UsageError(
            f"{lacking[0]!r} has no share", hint=f"give each one, such as {lacking[0]}=0 for nobody"
        )
    whole = sum(given.values())
    if not whole:
        raise UsageError("nobody would get anything", hint="pause the experiment instead")
    return {name: given[name] / whole for name in names}
