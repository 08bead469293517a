"""`generate` and `enhance` with examples: what they made is optimised at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from burnish.errors import UsageError
from burnish.generation.optimized import Optimized
from burnish.generation.result import OFFLINE, Candidate, Generation
from burnish.generation.texts import usage_example
from burnish.generation.wish import NAMES_OF_ENHANCE, Wish, checked
from burnish.optimizers.budget import Budget
from burnish.optimizers.report.report import report_of
from burnish.optimizers.wanted import Wanted
from burnish.platform.groundwork import Groundwork
from burnish.platform.optimization_plan import as_evaluated
from burnish.platform.optimize_options import wanted_of
from burnish.platform.pinned import pinned
from burnish.prompts.prompt import join_messages

if TYPE_CHECKING:
    from burnish.evals.datasets import AsyncDatasets
    from burnish.library.prompts import AsyncPrompts
    from burnish.models.budget import Budget as Money
    from burnish.optimizers.report.report import OptimizationReport
    from burnish.optimizers.room import AsyncOptimizations, ShownOptimization
    from burnish.platform.evaluating import Evaluating
    from burnish.platform.generating import Generating
    from burnish.platform.groundwork import Ground
    from burnish.platform.optimization_plan import OptimizationPlan
    from burnish.platform.optimizations import Optimizations
    from burnish.prompts.prompt import PromptVersion
    from burnish.storage.job import Job

_NOT_HERE = ("begun", "progress")
# Of a bound that the first prompt has used up; the search is then over before it asks anything.
_NOTHING_USD = 1e-9


class Optimize(msgspec.Struct, frozen=True, kw_only=True):
    """How `generate(…, optimize=)` and `enhance(…, optimize=)` go on to look for a better text of
    what they made: each is what it is in `p.optimize`.

    Without a `model`, the one that writes the prompt answers too; without a `writer`, it writes the
    candidates. `begun` hears of the plan when the prompt is stored and the search begins,
    `progress` of its job as it goes on."""

    data: Any
    model: str = ""
    writer: str = ""
    algorithm: str = "auto"
    goal: str = "quality"
    budget: int | Budget | None = None
    scorers: Sequence[Any] = ()
    tags: Sequence[str] = ()
    limit: int | None = None
    target: float | None = None
    rounds: int | None = None
    unchanged: int | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    vary: Mapping[str, Sequence[float]] | None = None
    concurrency: int | None = None
    seed: int = 0
    dataset: str = ""
    files: bool = False
    begun: Callable[[OptimizationPlan], None] | None = None
    progress: Callable[[Job], None] | None = None


class Optimizing:
    """`budget` makes the bound on the cost of everything together."""

    def __init__(
        self,
        generating: Generating,
        evaluating: Evaluating,
        optimizations: Optimizations,
        *,
        prompts: AsyncPrompts,
        datasets: AsyncDatasets,
        room: AsyncOptimizations,
        budget: Callable[[float | None], Money],
    ) -> None:
        self._generating = generating
        self._optimizations = optimizations
        self._prompts = prompts
        self._room = room
        self._datasets = datasets
        self._groundwork = Groundwork(generating, evaluating, optimizations.plans)
        self._budget = budget

    async def plan(self, wish: Wish, asked: Optimize, *, keep_words: bool) -> OptimizationPlan:
        """Nothing of it is stored, and no model is asked."""
        return (await self._ground(wish, asked, keep_words=keep_words)).plan

    async def make(self, wish: Wish, asked: Optimize, *, keep_words: bool) -> Generation:
        """The original is stored first: whatever ends the rest, it is there. Raises UsageError for
        examples that could show nothing, before any model is asked."""
        ground = await self._ground(wish, asked, keep_words=keep_words)
        money = self._budget(wish.max_cost_usd)
        dataset, _ = await pinned(self._datasets, as_evaluated(ground.wanted))
        named = msgspec.structs.replace(wish, name=ground.name, store=True)
        write = self._generating.enhance if keep_words else self._generating.make
        made = await write(named, budget=money, fit=ground.fit)
        wanted = msgspec.structs.replace(
            ground.wanted,
            prompt=made.reference,
            data=dataset,
            budget=_rest(ground.wanted.budget, money),
        )
        plan = await self._optimizations.plans.plan(wanted)
        notes = tuple(dict.fromkeys((*ground.plan.notes, *plan.notes)))
        if asked.begun is not None:
            asked.begun(msgspec.structs.replace(plan, notes=notes))
        done = await self._optimizations.run(plan.optimization, progress=asked.progress)
        shown = await self._room.show(done.id)
        report = report_of(shown)
        found = _optimized(report, shown, made, notes)
        if report.best:
            version = (await self._prompts.get(report.best)).version
            made = _taken(made, version, report.best)
        return msgspec.structs.replace(made, optimized=found)

    async def _ground(self, wish: Wish, asked: Optimize, *, keep_words: bool) -> Ground:
        _check_kind(asked)
        if not wish.store and not keep_words:
            raise UsageError(
                "what is optimised is stored, and store is false", hint="leave store=False out"
            )
        wish = checked(wish, NAMES_OF_ENHANCE if keep_words else None)
        wanted = _wanted(wish, asked)
        return await self._groundwork.find(wish, wanted, keep_words=keep_words)


def _check_kind(asked: object) -> None:
    """Raises UsageError for anything else: whoever calls may not look at types."""
    if not isinstance(asked, Optimize):
        kind = type(asked).__name__
        raise UsageError(
            f"optimize got {kind}, not burnish.Optimize",
            hint="give burnish.Optimize(data=…, model=…)",
            subject="optimize",
        )


def _wanted(wish: Wish, asked: Optimize) -> Wanted:
    given = {name: getattr(asked, name) for name in asked.__struct_fields__}
    data = given.pop("data")
    for name in _NOT_HERE:
        del given[name]
    given["fresh"] = wish.fresh
    given["model"] = asked.model or ("" if wish.model in ("auto", OFFLINE) else wish.model)
    given["writer"] = asked.writer or ("" if wish.model == "auto" else wish.model)
    if data is None:
        raise UsageError(
            "there are no examples to measure with",
            hint="give data: a file, a dataset's name or examples; "
            "burnish datasets generate writes some to begin with",
        )
    wanted = wanted_of("", data, given)
    bounds = [x for x in (wanted.budget.cost_usd, wish.max_cost_usd) if x is not None]
    cost_usd = min(bounds, default=None)
    budget = msgspec.structs.replace(wanted.budget, cost_usd=cost_usd)
    return msgspec.structs.replace(wanted, budget=budget)


def _rest(budget: Budget, money: Money) -> Budget:
    """What the prompt's own writing has left of it."""
    bounds = [x for x in (budget.cost_usd, money.left_usd) if x is not None]
    if not bounds:
        return budget
    return msgspec.structs.replace(budget, cost_usd=max(_NOTHING_USD, min(bounds)))


def _optimized(
    report: OptimizationReport,
    shown: ShownOptimization,
    made: Generation,
    notes: Sequence[str],
) -> Optimized:
    both, original = report.comparison, shown.candidates[0]
    cost, unpriced = _paid(report, made)
    return Optimized(
        id=report.id,
        outcome=shown.optimization.outcome or "stopped",
        text=report.text,
        original=report.prompt,
        best=report.best,
        before=both.before.score if both else original.score,
        after=both.after.score if both else None,
        difference=both.difference if both else None,
        low=both.low if both else None,
        high=both.high if both else None,
        n=both.n if both else original.n,
        algorithm=report.algorithm,
        goal=report.goal,
        model=report.model,
        writer=report.writer,
        dataset=report.dataset,
        scorers=report.scorers,
        calls=report.effort.calls,
        cost_usd=cost,
        unpriced=unpriced,
        notes=tuple(dict.fromkeys((*notes, *report.notes))),
    )


def _paid(report: OptimizationReport, made: Generation) -> tuple[float | None, int]:
    """What is known of the cost of search and writing, and how many calls are not in it."""
    phases = [phase.cost_usd for each in made.candidates for phase in each.phases]
    # What was asked beside the phases may be what has no price.
    writing = max(1, phases.count(None)) if made.cost_usd is None else 0
    unpriced = report.effort.unpriced + writing
    known = sum(each or 0.0 for each in phases) if made.cost_usd is None else made.cost_usd
    whole = known + (report.effort.cost_usd or 0.0)
    return (None if unpriced and not whole else whole), unpriced


def _taken(made: Generation, version: PromptVersion, reference: str) -> Generation:
    """With the better text in the place of the original's, which comes after it. Of techniques
    those are named of which all that they added is still there."""
    text = join_messages(version.messages)
    first = made.best
    applied = tuple(each for each in first.applied if each.added in text)
    names = {each.name for each in applied}
    best = Candidate(
        messages=version.messages,
        variables=version.variables,
        techniques=tuple(each for each in first.techniques if each.technique in names),
        applied=applied,
        none_needed="none is left of those that it began with",
        phases=first.phases,
        text=text,
    )
    made = msgspec.structs.replace(
        made,
        candidates=(best, *made.candidates),
        choice=None,
        revision=version.revision,
        reference=reference,
    )
    return msgspec.structs.replace(made, example_usage=usage_example(made))
