"""optimize."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from burnish.cli.common import NONE, Common, out_json, platform, warn
from burnish.cli.compose import MaxCost
from burnish.cli.evaluate import Data, Scorer
from burnish.cli.followed import followed
from burnish.cli.optimization_plan import Later, resumable, show_plan, submit, tell_plan
from burnish.cli.optimization_report import Files, check_reports, finish
from burnish.cli.optimize_where import check_where, optimize_where
from burnish.errors import UsageError

if TYPE_CHECKING:
    import burnish
    from burnish.optimizers.room import ShownOptimization
    from burnish.platform.optimization_plan import OptimizationPlan

CALLS = 300
Prompt = Annotated[str, Parameter(help="The prompt to improve (name, name@3, name@label).")]


@Parameter(name="*")
@dataclass(frozen=True)
class How:
    """Who answers, who writes, and how the search goes."""

    model: Annotated[
        str,
        Parameter(
            show_default="the prompt's, else setting generation.model", help="Answers the examples."
        ),
    ] = ""
    writer: Annotated[
        str,
        Parameter(
            show_default="setting generation.model",
            help="Writes candidates. With offline, techniques, wording and examples are tried.",
        ),
    ] = ""
    algorithm: Annotated[
        str, Parameter(help="auto, reflective, fewshot, genetic, bandit, or one of a plug-in.")
    ] = "auto"
    goal: Annotated[
        str,
        Parameter(
            help="quality; clarity: answers that agree when asked twice; specificity: answers of "
            "the expected form; efficiency: fewer tokens. All but quality keep the score."
        ),
    ] = "quality"
    variant: Annotated[
        bool,
        Parameter(negative="", help="Keep the result for this model, on a branch of its own."),
    ] = False


@Parameter(name="*")
@dataclass(frozen=True)
class Bounds:
    """What the search may use, and when it ends."""

    budget: Annotated[int, Parameter(help="Calls of models in all.")] = CALLS
    proposals: Annotated[
        int | None, Parameter(help="Of these, so many at most to write candidates.")
    ] = None
    max_minutes: Annotated[float | None, Parameter(help="Minutes of work, all attempts.")] = None
    target: Annotated[
        float | None, Parameter(help="End the search once the best scores so much, 0 to 1.")
    ] = None
    rounds: Annotated[int | None, Parameter(help="End the search after so many rounds.")] = None
    unchanged: Annotated[
        int | None, Parameter(help="End it after so many rounds that brought nothing better.")
    ] = None


@Parameter(name="*")
@dataclass(frozen=True)
class Examples:
    """Which examples, and how models are asked."""

    tags: Annotated[
        list[str] | None, Parameter(name="--tag", help="Only examples with this tag; repeatable.")
    ] = None
    limit: Annotated[int | None, Parameter(help="Only the first so many examples.")] = None
    dataset: Annotated[
        str, Parameter(show_default="the file's name", help="Name to keep a file's examples under.")
    ] = ""
    concurrency: Annotated[
        int | None,
        Parameter(show_default="setting evaluation.concurrency", help="How many at once."),
    ] = None
    temperature: Annotated[
        float | None, Parameter(show_default="the prompt's", help="Of the model that answers.")
    ] = None
    max_tokens: Annotated[
        int | None, Parameter(show_default="the prompt's", help="Longest answer.")
    ] = None
    seed: Annotated[int, Parameter(help="The same again gives the same search.")] = 0
    fresh: Annotated[
        bool, Parameter(negative="", help="Ask also where the answer is remembered.")
    ] = False


def optimize(
    prompt: Prompt = "",
    /,
    *,
    where: Annotated[
        str,
        Parameter(
            help='Instead of a prompt: all for which this holds, such as "rating < 0.6" or '
            '"score < 0.8 and category = mail"; each on the dataset of its last evaluation.'
        ),
    ] = "",
    data: Data = None,
    how: How | None = None,
    scorer: Scorer = None,
    bounds: Bounds | None = None,
    max_cost: MaxCost = None,
    examples: Examples | None = None,
    report: Files = None,
    later: Later | None = None,
    common: Common = NONE,
) -> int:
    """Look for a better text of a prompt, and make it the next version where it is surely better
    on examples that nothing was chosen by; else the original stays, and you are told why.

    What stands between {# keep #} and {# /keep #} is never changed. Ends with exit code 1 where
    nothing could be measured, or it was stopped. In a pipe: one line with id, outcome, original,
    best, score before, after, difference, low, high, n, p, calls, USD, text.
    """
    later = later or Later()
    check_reports(report or [])
    later.check(report or [])
    options = _options(how or How(), bounds or Bounds(), examples or Examples(), max_cost)
    options["scorers"] = scorer or ()
    if where:
        check_where(prompt, later, report or [])
        with platform(common) as p:
            return optimize_where(p, where, data, options, later=later, common=common)
    with resumable(later.resume) as begun, platform(common) as p:
        if later.resume:
            done = _resumed(p, later.resume, scorer or [], more=bool(prompt or data))
            return finish(done, report or [], common)
        _check_given(prompt, data)
        plan = p.plan_optimization(prompt, data, files=True, **options)
        if not later.dry_run and not later.background:
            begun.append(plan.optimization.id)
        done = _run(p, plan, later, common)
    return 0 if done is None else finish(done, report or [], common)


def _run(
    p: burnish.Platform, plan: OptimizationPlan, later: Later, common: Common
) -> ShownOptimization | None:
    """None where it was only to be planned, or is left to a worker."""
    if later.dry_run:
        out_json(plan) if common.json else show_plan(plan)
        return None
    tell_plan(plan)
    if later.background:
        submit(p, plan.optimization, as_json=common.json)
        return None
    with followed(p, _again(plan.optimization.id)) as told:
        return p.run_optimization(plan.optimization, progress=told)


def _options(
    how: How, bounds: Bounds, examples: Examples, max_cost: float | None
) -> dict[str, Any]:
    from burnish.optimizers.budget import Budget

    given = asdict(bounds)
    minutes = given.pop("max_minutes")
    budget = Budget(
        calls=given.pop("budget"),
        proposals=given.pop("proposals"),
        cost_usd=max_cost,
        seconds=None if minutes is None else minutes * 60,
    )
    asked = asdict(examples)
    return {**asdict(how), **given, **asked, "tags": asked["tags"] or (), "budget": budget}


def _check_given(prompt: str, data: str | None) -> None:
    if not prompt:
        raise UsageError("no prompt is named", hint="burnish optimize mail/late --data cases.csv")
    if data is None:
        raise UsageError(
            "it takes examples to measure with",
            hint="give --data FILE or a dataset's name; burnish datasets generate writes some to "
            "begin with",
        )


def _resumed(
    p: burnish.Platform, optimization_id: str, scorers: list[str], *, more: bool
) -> ShownOptimization:
    if more:
        raise UsageError(
            "--resume goes on with an optimisation as it was asked for",
            hint="leave out the prompt and --data",
        )
    found = p.optimizations.get(optimization_id)
    if found.outcome in ("improved", "kept"):
        warn("it has ended already; this is what it came to")
    with followed(p, _again(found.id)) as told:
        return p.resume_optimization(found.id, scorers=scorers, files=True, progress=told)


def _again(optimization_id: str) -> str:
    return f"burnish optimize --resume {optimization_id}"
