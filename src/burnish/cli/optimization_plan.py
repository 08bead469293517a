"""optimize --dry-run, --background and --resume: what it would do, and when it is done."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from burnish.cli.common import check_not_empty, note, out, warn
from burnish.cli.going_on import submitted
from burnish.cli.money import about_cost
from burnish.errors import UsageError
from burnish.optimizers.varied import number_text

if TYPE_CHECKING:
    import burnish
    from burnish.platform.optimization_plan import OptimizationPlan
    from burnish.storage.optimization import Optimization


@Parameter(name="*")
@dataclass(frozen=True)
class Later:
    """Whether it is done now, later, or not at all."""

    dry_run: Annotated[
        bool, Parameter(negative="", help="Only tell what would be done, and its cost.")
    ] = False
    background: Annotated[
        bool, Parameter(negative="", help="Leave it to burnish worker, and print the ids.")
    ] = False
    resume: Annotated[str | None, Parameter(help="Go on with the optimisation of this id.")] = None

    def check(self, files: list[Path]) -> None:
        """Before an optimisation is stored that nobody wants so."""
        check_not_empty(resume=self.resume)
        if self.resume and (self.background or self.dry_run):
            other = "background" if self.background else "dry-run"
            raise UsageError(
                f"--resume goes on here and now, without --{other}",
                hint="in the background: burnish jobs resume JOB --background",
            )
        if self.background and files:
            raise UsageError(
                "an optimisation in the background writes no report",
                hint="when it is done: burnish optimizations show ID --report FILE",
            )


def tell_plan(plan: OptimizationPlan) -> None:
    """Before it is begun."""
    _warn(plan)
    note(planned(plan))


def show_plan(plan: OptimizationPlan) -> None:
    out(planned(plan))
    _warn(plan)


def planned(plan: OptimizationPlan) -> str:
    """How many examples for what, how many answers, and about what they cost."""
    from burnish.evals.report.about import scorer_named

    of = plan.optimization
    whole = plan.train + plan.validation + plan.test
    compared = 2 * plan.test * plan.answers_each
    writes = of.writer or "no model writes candidates"
    if of.writer:
        writes = f"about {_counted(plan.proposals, 'proposal')} by {of.writer}"
    answers = plan.search + plan.final + compared
    # Proposals are calls, too: what is told is what the bar beside the work counts to.
    calls = of.budget.get("calls")
    most = _counted(answers, "answer") if calls is None else _counted(calls, "call")
    judged = 1 if calls is None else calls // max(1, answers)
    there = int(of.settings["examples"])
    used = (
        f"{whole:,} of {_counted(there, 'example')}"
        if whole < there
        else _counted(whole, "example")
    )
    about = f"{of.prompt} with {of.model}, {of.algorithm} for {of.goal}"
    apart = f"{plan.validation:,} tell candidates apart, {plan.test:,} judge the best"
    searched = _counted(plan.search, "answer")
    parts = f"{searched} to search, {plan.final:,} to choose, {compared:,} to compare"
    each = f"  each example is answered {plan.answers_each} times by a prompt"
    return "\n".join(
        [
            f"{about}: {used} of {of.dataset}",
            f"  {plan.train:,} may be shown in prompts, {apart}",
            f"  at most {most}: {parts}",
            *([f"  with its judge an answer takes {judged} calls"] if judged > 1 else []),
            *([each] if plan.answers_each > 1 else []),
            f"  scored by {', '.join(map(scorer_named, of.scorers))}",
            *(f"  {name} may be {_values(values)}" for name, values in _varied(plan)),
            f"  {writes}; answers {_cost(plan)}",
        ]
    )


def _varied(plan: OptimizationPlan) -> list[tuple[str, list[float]]]:
    return list(plan.optimization.settings.get("vary", {}).items())


def _values(values: list[float]) -> str:
    return " or ".join(map(number_text, values))


def _cost(plan: OptimizationPlan) -> str:
    told = about_cost(plan.cost_usd, len(plan.unpriced))
    named = f"; no price is known of {', '.join(plan.unpriced)}"
    return told + named * bool(plan.unpriced and plan.cost_usd)


def submit(p: burnish.Platform, optimization: Optimization, *, as_json: bool) -> None:
    job = p.submit_optimization(optimization)
    submitted(job, "optimization", optimization, as_json=as_json)


def _warn(plan: OptimizationPlan) -> None:
    for each in plan.notes:
        warn(each)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
