"""What an optimisation would do, before anything of it is stored or paid."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from burnish.errors import UsageError
from burnish.evals.wanted import Wanted as Evaluated
from burnish.generation.result import OFFLINE
from burnish.optimizers.beliefs import Counts, beliefs_from
from burnish.optimizers.budget import Ledger
from burnish.optimizers.frozen import check
from burnish.optimizers.goals import goal_of
from burnish.optimizers.optimizer import check_ready, check_writer
from burnish.optimizers.parts import LEAST_SEARCH, Parts, afforded, calls_for, divided
from burnish.optimizers.wanted import Wanted
from burnish.platform.measurable import check_scored, of_expected
from burnish.platform.readiness import none_ready, unready
from burnish.prompts.config import read_config
from burnish.storage.optimization import Optimization

if TYPE_CHECKING:
    from burnish.evals.datasets import AsyncDatasets
    from burnish.evals.datasets.unstored import Examples
    from burnish.evals.estimate import Estimate
    from burnish.evals.prepared import Prepared
    from burnish.library.prompts import AsyncPrompts
    from burnish.optimizers.goals import Goal
    from burnish.optimizers.optimizer import Optimizer
    from burnish.platform.evaluating import Evaluating
    from burnish.platform.live import Live
    from burnish.platform.pinned import Looked
    from burnish.settings import Settings
    from burnish.storage.evaluation import Evaluation
    from burnish.storage.example import Example, ScorerSpec
    from burnish.storage.store import Store

MOST_EXAMPLES = 1_000
_PACE = 12
_LOOKED_AT = 200
# So many that judge show a gain of 0.2.
_ENOUGH = 60


class OptimizationPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What it would do. `train`, `validation` and `test` are numbers of examples: those that may be
    shown in prompts, those that candidates are told apart by, and those that judge the best one in
    the end. `search` answers are for the search, `final` for a last choice, and `proposals` is
    about how many candidates a model is asked for. Each example is answered `answers_each` times by
    a prompt. `cost_usd` is an estimate of the answers and their judges, no more than the bound on
    money: at least so much where the price of the models in `unpriced` is not known, and None where
    none is. The shortest search with its comparison would take `shortest_usd`."""

    optimization: Optimization
    train: int
    validation: int
    test: int
    search: int
    final: int
    proposals: int
    answers_each: int = 1
    cost_usd: float | None
    shortest_usd: float | None = None
    unpriced: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class _Original(NamedTuple):
    """What a search begins with: its version, its own temperature, the prompt's category."""

    version_id: str
    temperature: float | None
    category: str


class OptimizationPlans:
    def __init__(
        self,
        evaluating: Evaluating,
        live: Live,
        *,
        prompts: AsyncPrompts,
        datasets: AsyncDatasets,
        settings: Settings,
        algorithms: Callable[[], Mapping[str, Optimizer]],
        new_id: Callable[[], str],
        open_store: Callable[[], Awaitable[Store]],
    ) -> None:
        self._evaluating = evaluating
        self._live = live
        self._prompts = prompts
        self._datasets = datasets
        self._settings = settings
        self._algorithms = algorithms
        self._new_id = new_id
        self._open_store = open_store
        self.looking = evaluating.looking

    async def plan(
        self, wanted: Wanted, draft: Prepared | None = None, looked: Looked | None = None
    ) -> OptimizationPlan:
        """Nothing is stored. Raises UsageError where it could give nothing, NotFound for a prompt
        or dataset that is not there. A `draft` stands for a prompt that is not stored yet;
        `looked` is where its examples are read, if they are read already."""
        algorithms = self._algorithms()
        wanted = wanted.checked(tuple(algorithms))
        check_ready(algorithms[wanted.algorithm])
        if looked is not None:
            return await self._planned(wanted, draft, looked)
        async with self.looking.at(as_evaluated(wanted)) as found:
            return await self._planned(wanted, draft, found)

    async def stored(self, optimization: Optimization, *, has_begun: bool) -> Optimization:
        """With its examples as a version of a dataset. Raises Conflict where they are others than
        when it was planned; of one that `has_begun` the search itself says so."""
        planned_at = None if has_begun else optimization.created_at
        version = await self.looking.stored(optimization.id, optimization.dataset, planned_at)
        if version is None:
            return optimization
        # Two plans may be made of one file, and the other one may have stored it.
        at = max(optimization.created_at, version.created_at)
        return msgspec.structs.replace(optimization, dataset=version.reference, created_at=at)

    async def _planned(
        self, wanted: Wanted, draft: Prepared | None, looked: Looked
    ) -> OptimizationPlan:
        plan = await self._evaluating.plan(as_evaluated(wanted), draft, looked)
        evaluation = plan.evaluation
        (model,) = await self._answering(evaluation)
        original = await self._original(evaluation.prompts[0], draft)
        settings = _settings(wanted, evaluation.examples)
        settings |= await _drawn(looked, wanted)
        examples = await _examples(looked.examples, looked.reference, settings, wanted.seed)
        check_scored(wanted, looked.name, examples)
        unscored = of_expected(evaluation, looked.name, examples, self._evaluating.scoring.compares)
        goal = goal_of(wanted.goal, examples)
        wanted, warmed = _warmed(wanted, goal, original.temperature)
        writer, notes = await self._writer(wanted)
        check_writer(self._algorithms()[wanted.algorithm], writer)
        optimization = self._made(
            msgspec.structs.replace(wanted, writer=writer),
            evaluation,
            model,
            original.version_id,
            settings | {"notes": list(warmed)} | await self._learnt(wanted, original, writer),
        )
        calls_each, each = self.calls_each(optimization, examples), goal.answers_each
        all_ = divided(examples, wanted.seed)
        parts = afforded(all_, wanted.budget, calls_each, each)
        whole = Ledger(wanted.budget, calls_each=calls_each, answers_each=each).left
        search = each * min(whole - parts.kept, len(parts.validation) * MOST_EXAMPLES)
        told = (*plan.notes, *unscored, *warmed, *notes, *_of_many(settings))
        shown = (*_of_answers(parts, len(all_.test), calls_each, goal), *_of_examples(parts, goal))
        self.looking.remember(optimization.id, looked)
        bound = self._live.budget(wanted.budget.cost_usd).left_usd

        def costs(examples: int) -> float | None:
            return _cost_of(plan.estimate, examples * each / max(1, evaluation.size))

        return OptimizationPlan(
            optimization=optimization,
            train=len(parts.train),
            validation=len(parts.validation),
            test=len(parts.test),
            search=search,
            final=parts.final * each,
            proposals=search // each // _PACE if writer else 0,
            answers_each=each,
            cost_usd=_within(costs(whole), bound),
            shortest_usd=costs(min(whole, LEAST_SEARCH + 2 * len(parts.test))),
            unpriced=plan.estimate.unpriced,
            notes=(*told, *shown),
        )

    async def _answering(self, evaluation: Evaluation) -> tuple[str]:
        """The one model that answers. Raises UsageError for several, and why it cannot."""
        if len(evaluation.models) != 1:
            raise UsageError(
                f"{len(evaluation.models)} models answer, and a prompt is optimised for one",
                hint="name one with --model; of several models, one after another with --variant",
            )
        if problems := await unready(self._live.registry, evaluation.models):
            raise none_ready(problems)
        return (evaluation.models[0],)

    async def _original(self, prompt: str, draft: Prepared | None) -> _Original:
        """Raises UsageError for marks that do not fit together."""
        if draft is not None:
            check(draft.messages)
            folder, _, name = draft.name.partition("/")
            category = folder if name else ""
            return _Original(draft.version_id, draft.parameters.temperature, category)
        found = await self._prompts.get(prompt)
        check(found.version.messages)
        temperature = read_config(found.version.config).temperature
        return _Original(found.version.id, temperature, found.prompt.category)

    def _made(
        self,
        wanted: Wanted,
        evaluation: Evaluation,
        model: str,
        version_id: str,
        settings: dict[str, Any],
    ) -> Optimization:
        return Optimization(
            id=self._new_id(),
            prompt=evaluation.prompts[0],
            version_id=version_id,
            algorithm=wanted.algorithm,
            goal=wanted.goal,
            dataset=evaluation.dataset,
            model=model,
            writer=wanted.writer,
            scorers=evaluation.scorers,
            parameters=wanted.parameters,
            budget=msgspec.to_builtins(wanted.budget),
            settings=settings,
            seed=wanted.seed,
            concurrency=evaluation.concurrency,
            fresh=wanted.fresh,
            who=self._settings.author_name,
            created_at=datetime.now(UTC),
        )

    async def _learnt(self, wanted: Wanted, original: _Original, writer: str) -> dict[str, Any]:
        """What others in its category have learnt by now. It is kept with the optimisation, so that
        one which goes on later goes on by the same; and one that is the same again learns nothing
        from itself."""
        category, learnt = original.category, list[Counts]()
        store = await self._open_store()
        for each in await store.optimizations.page(_LOOKED_AT):
            alike = each.settings.get("category") == category and each.goal == wanted.goal
            again = each.version_id == original.version_id
            if alike and not again and bool(each.writer) == bool(writer):
                learnt.append(each.report.get("tried", {}))
        return {"category": category, "beliefs": beliefs_from(filter(None, learnt))}

    async def examples(self, dataset: str, settings: Mapping[str, Any], seed: int) -> list[Example]:
        """Always the same ones in the same order, for a version of a dataset never changes."""
        return await _examples(self._datasets, dataset, settings, seed)

    def calls_each(self, optimization: Optimization, examples: Sequence[Example]) -> int:
        """How many calls an answer takes: itself, and what its judges ask."""

        def asked(scorers: Sequence[ScorerSpec]) -> int:
            return sum(self._evaluating.scoring.questions(scorers).values())

        own = {msgspec.json.encode(each.scorers): each.scorers for each in examples}
        return 1 + asked(optimization.scorers) + max(map(asked, own.values()), default=0)

    async def _writer(self, wanted: Wanted) -> tuple[str, tuple[str, ...]]:
        """The full name of the model that writes; empty where there is none, and why."""
        registry = self._live.registry
        name = wanted.writer or self._settings.generation.model
        if name == "auto":
            name = registry.automatic()
        if name == OFFLINE:
            told = "no model writes candidates: techniques, wording and examples are tried alone"
            return "", () if wanted.writer else (f"{told}; name one with --writer",)
        full = registry.full_name(name)
        problems = await unready(registry, [full])
        if not problems:
            return full, ()
        if wanted.writer:
            raise problems[full]
        return "", (f"no model writes candidates: {problems[full]}",)


async def _drawn(looked: Looked, wanted: Wanted) -> dict[str, int]:
    """Among how many examples the most that are used are drawn; nothing where all are used."""
    there = await looked.examples.count(looked.reference, tags=wanted.tags)
    among = min(there, wanted.limit or there)
    return {"among": among} if among > MOST_EXAMPLES else {}


async def _examples(
    there: Examples, dataset: str, settings: Mapping[str, Any], seed: int
) -> list[Example]:
    """Those that are first may be of one kind, so of too many some are drawn."""
    tags, count = tuple(settings.get("tags", ())), settings["examples"]
    among = settings.get("among", count)
    draw = random.Random(f"examples {seed}")  # noqa: S311 - the same again for a seed
    places = set(draw.sample(range(among), count) if among > count else range(count))
    found: list[Example] = []
    place = 0
    async for each in there.iter_examples(dataset, tags=tags, limit=among):
        if place in places:
            found.append(each)
        place += 1
    return found


def as_evaluated(wanted: Wanted) -> Evaluated:
    return Evaluated(
        prompts=(wanted.prompt,),
        data=wanted.data,
        models=(wanted.model,) if wanted.model else (),
        scorers=wanted.scorers,
        tags=wanted.tags,
        limit=min(wanted.limit or MOST_EXAMPLES, MOST_EXAMPLES),
        concurrency=wanted.concurrency,
        parameters=wanted.parameters,
        max_cost_usd=wanted.budget.cost_usd,
        fresh=wanted.fresh,
        dataset=wanted.dataset,
        files=wanted.files,
        stored=wanted.stored,
    )


def _cost_of(guess: Estimate, share: float) -> float | None:
    """None where one part has no price and the rest costs nothing: that tells nothing."""
    if guess.cost_usd is None or (guess.unpriced and not guess.cost_usd):
        return None
    return guess.cost_usd * share


def _within(cost_usd: float | None, bound: float | None) -> float | None:
    return cost_usd if cost_usd is None or bound is None else min(cost_usd, bound)


def _settings(wanted: Wanted, examples: int) -> dict[str, Any]:
    kept = ("tags", "target", "rounds", "unchanged", "variant", "branch")
    kept = (*kept, *(["vary"] if wanted.vary else []))
    found = {name: msgspec.to_builtins(getattr(wanted, name)) for name in kept}
    return {**found, "examples": examples}


def _warmed(wanted: Wanted, goal: Goal, own: float | None) -> tuple[Wanted, tuple[str, ...]]:
    """With a temperature above 0 where the goal needs one, and what to tell of it; `own` is the
    prompt's."""
    given = wanted.parameters.get("temperature", own)
    if goal.warmth is not None and 0 in wanted.vary.get("temperature", ()):
        raise UsageError(
            f"for {goal.name} answers are told apart, and at temperature 0 there is one",
            hint="let the temperature vary above 0",
        )
    if goal.warmth is None or given:
        return wanted, ()
    parameters = {**wanted.parameters, "temperature": goal.warmth}
    why = "at 0 every prompt agrees with itself" if given == 0 else "none is given"
    told = f"answers are asked for at temperature {goal.warmth:g}: {why}"
    return msgspec.structs.replace(wanted, parameters=parameters), (told,)


def _of_many(settings: Mapping[str, Any]) -> tuple[str, ...]:
    among = settings.get("among", 0)
    return (f"{MOST_EXAMPLES:,} of {among:,} examples are used, drawn by the seed",) * bool(among)


def _of_examples(parts: Parts, goal: Goal) -> tuple[str, ...]:
    """How much of a gain in score they can show; of another measure that is not known."""
    if goal.name != "quality" or len(parts.test) >= _ENOUGH:
        return ()
    least = 1.6 / len(parts.test) ** 0.5
    told = f"{len(parts.test)} examples judge the result: a gain below {least:.2f} is hardly shown"
    return (told,)


def _of_answers(parts: Parts, could: int, calls_each: int, goal: Goal) -> tuple[str, ...]:
    """Where several answers to each example leave the budget no room for some of them."""
    each, judge = goal.answers_each, len(parts.test)
    if each == 1 or judge == could:
        return ()
    told = f"{goal.name} takes {each} answers to each example, so {judge} of {could} examples judge"
    room = f"--budget {calls_for(could, calls_each, each)} has room for all"
    return (f"{told} the result: {room}",)
