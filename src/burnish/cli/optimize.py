"""optimize."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

from cyclopts import Parameter

from burnish.cli.common import NONE, Common, check_not_empty, out_json, platform, warn
from burnish.cli.compose import MaxCost
from burnish.cli.evaluate import Data, Scorer
from burnish.cli.followed import followed
from burnish.cli.going_on import go_on, resumable
from burnish.cli.optimization_plan import Later, show_plan, submit, tell_plan
from burnish.cli.optimization_report import check_reports, finish
from burnish.cli.optimize_where import Many, leave, optimize_where
from burnish.cli.optimize_where_plan import show_where_plan, tell_where_plan
from burnish.cli.version_options import values_of
from burnish.errors import UsageError
from burnish.optimizers.usual import CALLS

if TYPE_CHECKING:
    import burnish
    from burnish.optimizers.room import ShownOptimization
    from burnish.platform.optimization_plan import OptimizationPlan
    from burnish.platform.where import WherePlan
    from burnish.storage.optimization import Optimization

Prompt = Annotated[str, Parameter(help="The prompt to improve (name, name@3, name@label).")]


class Seen(TypedDict):
    """What `followed` is told of an optimisation."""

    calls: Callable[[], int | None]
    ended: Callable[[], bool]


Reports = Annotated[
    list[Path] | None,
    Parameter(
        name="--report",
        help="Write the report there: .html, .md or .json; repeatable. With --where a folder, for "
        "a .md of each prompt.",
    ),
]


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
        str,
        Parameter(help="auto, reflective, fewshot, genetic, bandit, gepa, or one of a plug-in."),
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
    branch: Annotated[
        str | None,
        Parameter(
            help="Keep the result on this branch, and leave the prompt as it is.",
        ),
    ] = None


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
    vary: Annotated[
        list[str] | None,
        Parameter(
            negative="",
            help="PARAMETER=VALUES that the search may choose from, such as temperature=0,0.7 or "
            "max_tokens=50,200; repeatable.",
        ),
    ] = None
    seed: Annotated[int, Parameter(help="The same again gives the same search.")] = 0
    fresh: Annotated[
        bool, Parameter(negative="", help="Ask also where the answer is remembered.")
    ] = False


def optimize(
    prompt: Prompt = "",
    /,
    *,
    many: Many | None = None,
    data: Data = None,
    how: How | None = None,
    scorer: Scorer = None,
    bounds: Bounds | None = None,
    max_cost: MaxCost = None,
    examples: Examples | None = None,
    report: Reports = None,
    later: Later | None = None,
    common: Common = NONE,
) -> int:
    """Look for a better text of a prompt, and make it the next version where it is surely better
    on examples that nothing was chosen by; else the original stays, and you are told why.

    What stands between {# keep #} and {# /keep #} is never changed. Ends with exit code 1 where
    nothing could be measured, or it was stopped. In a pipe: one line with id, outcome, original,
    best, score before, after, difference, low, high, n, p, calls, USD, text.
    """
    later, many = later or Later(), many or Many()
    many.check(prompt, later, report or [])
    later.check(report or [])
    asked = Asked(how or How(), bounds or Bounds(), examples or Examples(), scorer or [])
    if many.where:
        return _where(many, data, asked, later, report or [], max_cost=max_cost, common=common)
    check_reports(report or [])
    options = asked.options(max_cost)
    notes: tuple[str, ...] = ()
    with resumable("optimization", later.resume or "") as begun, platform(common) as p:
        if later.resume:
            _check_resumed(bounds is not None or max_cost is not None)
            more = bool(prompt or data) or any((how, examples))
            done = _resumed(p, later.resume, scorer or [], report or [], more=more)
            return finish(done, report or [], common)
        _check_given(prompt, data)
        plan = p.plan_optimization(prompt, data, files=True, **options)
        if not later.dry_run and not later.background:
            begun.append(plan.optimization.id)
        done, notes = _run(p, plan, later, report or [], common), plan.notes
    return 0 if done is None else finish(done, report or [], common, notes)


def _run(
    p: burnish.Platform,
    plan: OptimizationPlan,
    later: Later,
    files: Sequence[Path],
    common: Common,
) -> ShownOptimization | None:
    """None where it was only to be planned, or is left to a worker."""
    if later.dry_run:
        out_json(plan) if common.json else show_plan(plan)
        return None
    tell_plan(plan)
    if later.background:
        submit(p, plan.optimization, as_json=common.json)
        return None
    of = plan.optimization
    with followed(p, _again(of.id, files), **_seen(p, of)) as told:
        return p.run_optimization(of, progress=told)
    return p.optimizations.show(of.id)


def _again(optimization_id: str, files: Sequence[Path]) -> str:
    """The command that goes on with it, and writes what this one was to write."""
    reports = [f"--report {shlex.quote(str(each))}" for each in files]
    return " ".join([go_on("optimization", optimization_id), *reports])


def _seen(p: burnish.Platform, of: Optimization) -> Seen:
    """An interruption comes too late where its result is stored."""
    return {
        "calls": lambda: of.budget.get("calls"),
        "ended": lambda: p.optimizations.get(of.id).outcome not in ("", "stopped"),
    }


@dataclass(frozen=True)
class Asked:
    """What is asked of an optimisation, or of each of several."""

    how: How
    bounds: Bounds
    examples: Examples
    scorers: list[str]

    def options(self, max_cost: float | None) -> dict[str, Any]:
        """As `p.optimize` takes them."""
        from burnish.optimizers.budget import Budget

        check_not_empty(branch=self.how.branch)
        given = asdict(self.bounds)
        minutes = given.pop("max_minutes")
        budget = Budget(
            calls=given.pop("budget"),
            proposals=given.pop("proposals"),
            cost_usd=max_cost,
            seconds=None if minutes is None else minutes * 60,
        )
        asked = asdict(self.examples)
        vary = values_of(self.examples.vary or [])
        asked |= {"tags": asked["tags"] or (), "scorers": self.scorers, "vary": vary}
        how = asdict(self.how) | {"branch": self.how.branch or ""}
        return {**how, **given, **asked, "budget": budget}

    def given(self, max_cost: float | None) -> dict[str, Any]:
        """As a job takes them: what is not the usual, so that a schedule shows what was said."""
        if self.examples.dataset:
            raise UsageError(
                "--dataset names a file's examples, and no worker has the file",
                hint="burnish datasets add NAME FILE, then --data NAME",
            )
        check_not_empty(branch=self.how.branch)
        groups = ((self.how, How()), (self.bounds, Bounds()), (self.examples, Examples()))
        said = {
            name: value
            for group, usual in groups
            for name, value in asdict(group).items()
            if value != getattr(usual, name)
        }
        said |= {"scorers": self.scorers} if self.scorers else {}
        said |= {"vary": values_of(said["vary"])} if "vary" in said else {}
        return said if max_cost is None else {**said, "max_cost_usd": max_cost}


def _where(
    many: Many,
    data: str | None,
    asked: Asked,
    later: Later,
    files: list[Path],
    *,
    max_cost: float | None,
    common: Common,
) -> int:
    with platform(common) as p:

        def plan() -> WherePlan:
            options = asked.options(None)
            bound: dict[str, Any] = {"max_cost_usd": max_cost, "again": many.again}
            return p.plan_optimizations(many.where or "", data, files=True, **bound, **options)

        if later.dry_run:
            show_where_plan(plan(), common)
        elif later.background or many.schedule:
            leave(p, many, data, asked.given(max_cost), common, plan=plan)
        else:
            tell_where_plan(plan)
            options = asked.options(None)
            return optimize_where(p, many, data, options, files, max_cost=max_cost, common=common)
    return 0


def _check_given(prompt: str, data: str | None) -> None:
    if not prompt:
        raise UsageError("no prompt is named", hint="burnish optimize mail/late --data cases.csv")
    if data is None:
        raise UsageError(
            "it takes examples to measure with",
            hint="give --data FILE or a dataset's name; burnish datasets generate writes some to "
            "begin with",
        )


def _check_resumed(bounded: bool) -> None:
    """How many examples judge, and what was chosen by the others, follows from the budget."""
    if bounded:
        raise UsageError(
            "--resume goes on with an optimisation as it was asked for, within its bounds",
            hint="for other bounds give the command that began it, with them: answers that are "
            "remembered are not paid again",
        )


def _resumed(
    p: burnish.Platform,
    optimization_id: str,
    scorers: list[str],
    files: Sequence[Path],
    *,
    more: bool,
) -> ShownOptimization:
    if more:
        raise UsageError(
            "--resume goes on with an optimisation as it was asked for",
            hint="leave out the prompt and --data, and all that says how",
        )
    found = p.optimizations.get(optimization_id)
    if found.outcome in ("improved", "kept"):
        warn("it has ended already; this is what it came to")
    with followed(p, _again(found.id, files), **_seen(p, found)) as told:
        return p.resume_optimization(found.id, scorers=scorers, files=True, progress=told)
    return p.optimizations.show(found.id)
