"""optimize --where --dry-run: which prompts would be optimised at what cost, and which not."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from burnish.cli.common import Common, counted, note, on_terminal, out, out_json, table, warn
from burnish.cli.money import about_cost, usd

if TYPE_CHECKING:
    from burnish.platform.where import WhereLeft, WherePlan, WherePlanned

_HEADINGS = ("prompt", "rating", "score", "dataset", "answers", "proposals", "USD")


def show_where_plan(plan: WherePlan, common: Common) -> None:
    if common.json:
        out_json(plan)
        return
    if not (plan.planned or plan.left):
        tell_none(plan.where)
    if plan.planned:
        _show(plan)
    for each in plan.left:
        out(why(each)) if on_terminal() else warn(why(each))
    for each in plan.notes:
        warn(each)


def _show(plan: WherePlan) -> None:
    rows = [_row(each) for each in plan.planned]
    if not on_terminal():
        out("\n".join("\t".join(row) for row in rows))
        return
    table(_HEADINGS, rows, wide="prompt")
    out(_in_all(plan))


def tell_where_plan(plan: Callable[[], WherePlan]) -> None:
    """Before it begins, to who looks; what is left out is told in its turn."""
    if not sys.stderr.isatty():
        return
    found = plan()
    for each in found.planned:
        proposals = f", about {counted(each.proposals, 'proposal')}" if each.proposals else ""
        cost = about_cost(each.cost_usd, len(each.unpriced))
        note(
            f"{each.prompt} on {each.dataset} with {each.model}\n"
            f"  at most {counted(each.answers, 'answer')}{proposals}; {cost}"
        )
    if len(found.planned) > 1:
        note(_in_all(found))


def _in_all(plan: WherePlan) -> str:
    answers = sum(each.answers for each in plan.planned)
    prompts = counted(len(plan.planned), "prompt")
    cost = about_cost(plan.cost_usd, plan.unpriced)
    return f"{prompts}: at most {counted(answers, 'answer')}, {cost}"


def tell_cost(plan: WherePlan) -> None:
    """Of what is left for later: what it would be if it began now."""
    warn(f"begun now it would optimise {_in_all(plan)}")
    for each in plan.left:
        warn(why(each))


def _row(each: WherePlanned) -> tuple[str, ...]:
    known = ("-" if value is None else f"{value:.2f}" for value in (each.rating, each.score))
    cost = each.cost_usd
    shown = usd(cost if cost is None or not on_terminal() else round(cost, 4))
    shown += "+" * bool(cost and each.unpriced)
    return (each.prompt, *known, each.dataset, f"{each.answers}", f"{each.proposals}", shown)


def tell_none(where: str) -> None:
    """A condition that holds for nothing is no silence."""
    unknown = "; what was never rated or evaluated is not known to be weak"
    waits = ", and a version that an optimisation has made waits for an evaluation"
    asks = "rating" in where or "score" in where
    warn(f"no prompt has {where}{unknown if asks else ''}{waits if 'score' in where else ''}")


def why(one: WhereLeft) -> str:
    known = one.optimization[:18] if on_terminal() else one.optimization
    more = f" (burnish optimizations show {known})" if known else ""
    return f"{one.prompt}: {'' if one.failed else 'left out: '}{one.why}{more}"
