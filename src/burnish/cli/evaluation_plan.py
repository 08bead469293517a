"""What an evaluation would ask, and about what that costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from burnish.cli.common import note, out, warn
from burnish.cli.money import cost_of

if TYPE_CHECKING:
    from burnish.evals.estimate import Estimate
    from burnish.platform.evaluating import Plan

_TIMES = " \u00d7 "


def tell_plan(plan: Plan) -> None:
    """Before it is begun. Where no model can answer, the error says so and nothing else need."""
    models = plan.evaluation.models
    if not plan.unready.keys() >= set(models):
        _warn(plan)
        note(planned(plan))


def show_plan(plan: Plan) -> None:
    out(planned(plan))
    _warn(plan)


def planned(plan: Plan) -> str:
    """How many calls, of what, and about what they cost."""
    asked, guess = plan.evaluation, plan.estimate
    parts = [
        _counted(len(asked.prompts), "prompt"),
        _counted(len(asked.models), "model"),
        f"{_counted(asked.examples, 'example')} of {asked.dataset}",
    ]
    if asked.repeats > 1:
        parts.append(_counted(asked.repeats, "repeat"))
    tokens = f"about {_counted(guess.input_tokens + guess.output_tokens, 'token')}"
    calls = f"{_counted(guess.calls, 'call')}: {_TIMES.join(parts)}"
    scored = ", ".join(dict.fromkeys(each.metric or each.name for each in asked.scorers))
    if guess.judge_calls:
        calls += f"; {_counted(guess.judge_calls, 'question')} to judges"
    return "; ".join(
        (calls, *([f"scored by {scored}"] if scored else []), f"{tokens}, {_cost(guess)}")
    )


def _cost(guess: Estimate) -> str:
    told = cost_of(guess.cost_usd, len(guess.unpriced))
    if guess.cost_usd and "guess" in guess.basis:
        told += " (the length of answers is a guess; --limit 5 first makes it an estimate)"
    if guess.cost_usd is None or not guess.unpriced:
        return told
    return f"{told}; no price is known of {', '.join(guess.unpriced)}"


def _warn(plan: Plan) -> None:
    for each in plan.notes:
        warn(each)
    for model, why in plan.unready.items():
        role = "cannot answer" if model in plan.evaluation.models else "cannot judge"
        warn(f"{model} {role}: {why}")


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
