"""Evaluations on a platform: what is wanted becomes an evaluation, and that a run of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from burnish.errors import BurnishError, MissingExtra, StoreError, UsageError
from burnish.evals.answering import Answering
from burnish.evals.datasets.unmet import unmet
from burnish.evals.estimate import Estimate, estimated
from burnish.evals.fit import checked_fit
from burnish.evals.prepared import Prepared
from burnish.evals.room import Evaluated, evaluated
from burnish.evals.runner import Bench, Run
from burnish.evals.scored import Refused, Scorer
from burnish.evals.tally import Tally
from burnish.evals.till import Till
from burnish.evals.wanted import Wanted
from burnish.generation.wish import checked_cost
from burnish.platform.past import Past
from burnish.platform.pinned import Looked, Looking
from burnish.platform.preparing import asker, prepared
from burnish.platform.promptfoo import from_config, is_config
from burnish.platform.readiness import none_ready, unready
from burnish.storage.evaluation import Counts, Evaluation, Stop
from burnish.storage.example import Example, ScorerSpec

if TYPE_CHECKING:
    from burnish.evals.datasets import AsyncDatasets
    from burnish.evals.registry import Scorers
    from burnish.library.prompts import AsyncPrompts
    from burnish.models.budget import Budget
    from burnish.platform.live import Live
    from burnish.platform.parts import Parts
    from burnish.prompts.render import Renderer

NO_MODEL = "generation.model"
"""What the refusal of an evaluation concerns that has no model."""
_EXACT = ScorerSpec(name="exact")
# So many examples tell whether a prompt has places for what they bring, and what a call costs.
_SAMPLE = 50
# They are chosen among the first so many, whose scorers are looked at as well.
_FIRST = 1_000
_FIRST_BYTES = 8 * 1024 * 1024


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What an evaluation would do. Nothing of it is stored. `unready` tells of
    models that cannot answer, why and what to do; they would have nothing but errors."""

    evaluation: Evaluation
    estimate: Estimate
    notes: tuple[str, ...] = ()
    unready: dict[str, str] = {}


class Evaluating:
    def __init__(
        self,
        parts: Parts,
        live: Live,
        *,
        prompts: AsyncPrompts,
        datasets: AsyncDatasets,
        scorers: Callable[[Budget | None, Till | None], Scorers],
        renderer: Renderer,
    ) -> None:
        self._settings = parts.settings
        self._live = live
        self._prompts = prompts
        self._datasets = datasets
        self._scorers = scorers
        self._renderer = renderer
        # Functions that were given in code cannot be made again from what is stored of them.
        self._taken: dict[bytes, Scorer] = {}
        self._shared: dict[str, tuple[Budget, Till | None]] = {}
        # Models that could not answer when a plan was made; looked at again before it is begun.
        self._unready: frozenset[str] = frozenset()
        self._open_store = parts.open_store
        self._past = Past(live, parts.open_store)
        self._new_id = parts.ids
        self.looking = Looking(
            datasets,
            open_store=parts.open_store,
            new_id=parts.ids,
            author=lambda: parts.settings.author_name,
        )

    async def plan(
        self, wanted: Wanted, draft: Prepared | None = None, looked: Looked | None = None
    ) -> Plan:
        """Raises UsageError where it could give nothing, NotFound for a prompt or dataset that is
        not there. A `draft` is a prompt that is not stored yet, and stands for all. With `looked`
        the examples are read there; else those that are no version of a dataset become one when it
        begins."""
        checked_cost(wanted.max_cost_usd)
        notes: tuple[str, ...] = ()
        if not wanted.stored and await is_config(wanted):
            wanted, notes = await from_config(wanted, self._prompts)
        if looked is not None:
            return await self._planned(wanted, notes, draft, looked)
        async with self.looking.at(wanted) as found:
            plan = await self._planned(wanted, notes, draft, found)
            self.looking.remember(plan.evaluation.id, found)
            return plan

    async def _planned(
        self, wanted: Wanted, notes: Sequence[str], draft: Prepared | None, looked: Looked
    ) -> Plan:
        dataset = looked.reference
        count = await looked.examples.count(dataset, split=wanted.split, tags=wanted.tags)
        count = min(count, wanted.limit or count)
        if not count:
            there = await looked.examples.tags(dataset, split=wanted.split)
            raise unmet(looked.name, there, split=wanted.split, tags=wanted.tags)
        named = (*wanted.prompts, *((wanted.baseline,) if wanted.baseline else ()))
        several = [draft or await prepared(self._prompts, ref, wanted.parameters) for ref in named]
        first = await _first(looked, wanted, count)
        sample = first[:: -(-len(first) // _SAMPLE)]
        wanted = msgspec.structs.replace(
            wanted, scorers=self.take(wanted.scorers, files=wanted.files)
        )
        evaluation = self._evaluation(wanted, dataset, count, several, sample)
        estimate = await estimated(
            evaluation,
            _distinct(several),
            sample,
            renderer=self._renderer,
            price=self._past.price,
            usual=self._past.usual_tokens,
            judges=self.questions,
        )
        misfits = checked_fit(_distinct(several), evaluation.models, first)
        judges = self.judges([*evaluation.scorers, *(s for e in first for s in e.scorers)])
        problems = await unready(self._live.registry, [*evaluation.models, *judges])
        self._unready = frozenset(problems)
        return Plan(
            evaluation=evaluation,
            estimate=estimate,
            notes=(*notes, *looked.notes, *misfits, *self._notes(evaluation, first)),
            unready={name: str(error) for name, error in problems.items()},
        )

    async def sample(self, wanted: Wanted, looked: Looked) -> list[Example]:
        """The first of its examples. Raises for all that can be wrong with it before there is a
        prompt."""
        checked_cost(wanted.max_cost_usd)
        models = self._models(wanted, ())
        if len(problems := await unready(self._live.registry, models)) == len(models):
            raise none_ready(problems)
        self.take(wanted.scorers, files=wanted.files)
        return await _first(looked, wanted, _SAMPLE)

    def within(self, evaluation: Evaluation, budget: Budget, till: Till | None = None) -> None:
        """Its next run spends from a budget that it shares with other calls; with runs at the same
        time it shares a `till` too."""
        self._shared[evaluation.id] = budget, till

    def take(self, given: Sequence[Any], *, files: bool = False) -> tuple[ScorerSpec, ...]:
        """Scorers as they are stored. Functions are kept too, for they cannot be made again from
        that. Raises UsageError for a function that is called as another scorer is."""
        scorers = self._scorers(None, None)
        made = [scorers.take(each, files=files) for each in given]
        for each in made:
            if scorers.means_other(each):
                raise UsageError(
                    f"there is another scorer that is called {each.kind.name}",
                    hint="give the function a name of its own: @burnish.scorer(name=…)",
                    subject=each.kind.name,
                )
        # Judges among them are made again for each run, which spends from its own budget.
        self._taken |= {
            msgspec.json.encode(each.spec): each for each in made if not scorers.knows(each.spec)
        }
        return tuple(each.spec for each in made)

    async def begin(self, evaluation: Evaluation) -> Evaluation:
        """Stores it with its examples. Raises what stands in the way where no model can answer, or
        a judge cannot, and Conflict where its examples are others than when it was planned."""
        judges = self.judges(evaluation.scorers)
        for names in (evaluation.models, *((judge,) for judge in judges)):
            if self._unready.issuperset(names):
                problems = await unready(self._live.registry, names)
                if len(problems) == len(names):
                    raise none_ready(problems)
        if version := await self.looking.stored(evaluation.id, evaluation.dataset):
            evaluation = msgspec.structs.replace(evaluation, dataset=version.reference)
        await (await self._open_store()).evaluations.add(evaluation)
        return evaluation

    async def run(
        self,
        evaluation: Evaluation,
        told: Callable[[Tally], Awaitable[None]],
        *,
        cancelled: Callable[[], Awaitable[bool]],
        goes: int = 1,
    ) -> tuple[Stop, Run]:
        """Does what is not done yet, within `goes` times its bound on money. Raises BurnishError
        where results cannot be kept; what is there by then stays, and another `run` goes on.
        One that is stopped has ended where it was `cancelled`; else another will go on with it."""
        store = (await self._open_store()).evaluations
        self.check_scorers(evaluation)
        before = await store.counts(evaluation.id)
        if before or evaluation.ended_at is not None:
            await store.begin_again(evaluation.id)
            before = await store.counts(evaluation.id)
        wanted = Wanted.again(evaluation)
        several = [
            await prepared(self._prompts, ref, wanted.parameters) for ref in evaluation.prompts
        ]
        own = self._budget(evaluation, goes, before), None
        budget, shared = self._shared.pop(evaluation.id, own)
        till = shared or Till()
        scorers = self._scorers(budget, till)
        bench = Bench(
            store=store,
            renderer=self._renderer,
            ask=asker(self._live, evaluation, budget),
            scorer=lambda spec: self._scorer(spec, scorers),
            till=till,
        )
        run = Run(evaluation, several, bench, told=told)
        stop: Stop = "failed"
        ended = True
        try:
            examples = self._examples(evaluation.dataset, wanted, evaluation.examples)
            stop = await run.run(examples, before)
        except asyncio.CancelledError:
            stop, ended = "cancelled", await cancelled()
            raise
        except StoreError as error:
            # Of another kind, so that no job tries it again: each time the answers that could not
            # be kept would be paid for once more.
            raise BurnishError(error.what, hint=error.hint, subject=evaluation.id) from error
        finally:
            scorers.close()
            if ended:
                await store.end(evaluation.id, stop, datetime.now(UTC))
        return stop, run

    async def evaluated(self, evaluation: Evaluation, run: Run) -> Evaluated:
        """What the results add up to after a run. Raises NotFound for a baseline without one."""
        return await evaluated(await self._open_store(), evaluation, known=run.known.results)

    async def answering(
        self, evaluation: Evaluation, budget: Budget
    ) -> tuple[Answering, Callable[[], None]]:
        """Asks and scores one example at a time, as the evaluation says; what else is given has to
        be called in the end."""
        self.check_scorers(evaluation)
        till = Till()
        scorers = self._scorers(budget, till)
        return Answering(
            evaluation.scorers,
            renderer=self._renderer,
            ask=asker(self._live, evaluation, budget),
            scorer=lambda spec: self._scorer(spec, scorers),
            till=till,
        ), scorers.close

    def judges(self, scorers: Sequence[ScorerSpec]) -> list[str]:
        """The models that score, by their full names."""
        named = self._scorers(None, None).judges(scorers)
        return [self._live.registry.full_name(name) for name in named]

    def compares(self, spec: ScorerSpec) -> bool:
        """Whether it compares with what an example expects; a function may do so or not."""
        scorers = self._scorers(None, None)
        known = spec.value is None and scorers.knows(spec)
        return known and scorers.describe(spec.name).needs == "expected"

    def questions(self, scorers: Sequence[ScorerSpec]) -> dict[str, int]:
        """How many questions about one answer they put to each model that judges, by its full
        name."""
        if not scorers:
            return {}
        asked = self._scorers(None, None).questions(scorers)
        return {self._live.registry.full_name(name): count for name, count in asked.items()}

    async def budget(self, evaluations: Sequence[Evaluation], goes: int = 1) -> Budget:
        """Of evaluations that have one bound together, `goes` times. What earlier attempts have
        spent of it is gone."""
        store = (await self._open_store()).evaluations
        before = [one for each in evaluations for one in await store.counts(each.id)]
        return self._budget(evaluations[0], goes, before)

    def _budget(self, evaluation: Evaluation, goes: int, before: Sequence[Counts]) -> Budget:
        bound = evaluation.max_cost_usd
        if bound is None:
            bound = self._settings.models.max_cost_usd
        budget = self._live.budget(bound and bound * goes)
        budget.spent_usd += sum(each.cost_usd for each in before)
        return budget

    def check_scorers(self, evaluation: Evaluation, *, here: bool = True) -> None:
        """Raises UsageError for a function that only the program which gave it has: this one, or
        another. A worker has none (`here` is false)."""
        scorers = self._scorers(None, None)
        for spec in evaluation.scorers:
            if scorers.knows(spec) or (here and msgspec.json.encode(spec) in self._taken):
                continue
            raise UsageError(
                f"the scorer {spec.name} is a function that "
                f"{'is not here' if here else 'no worker has'}",
                hint="give it again, with --scorer python:FILE.py:NAME or scorers=[…]"
                if here
                else "bring it with a plug-in, or evaluate here instead of in the background",
                subject=evaluation.id,
            )

    def _scorer(self, spec: ScorerSpec, scorers: Scorers) -> Scorer:
        """What a file of tests asks for and is not there scores nothing, and says so."""
        if taken := self._taken.get(msgspec.json.encode(spec)):
            return taken
        try:
            return scorers.make(spec)
        except (UsageError, MissingExtra) as error:
            return Refused(spec, error.what)

    def _examples(self, dataset: str, wanted: Wanted, limit: int) -> AsyncIterator[Example]:
        return self._datasets.iter_examples(
            dataset, split=wanted.split, tags=wanted.tags, limit=limit
        )

    def _notes(self, evaluation: Evaluation, first: Sequence[Example]) -> tuple[str, ...]:
        """What will not be scored, as far as the examples looked at tell."""
        scorers = self._scorers(None, None)
        own = {msgspec.json.encode(s): s for example in first for s in example.scorers}
        refused = {key: why for key, spec in own.items() if (why := scorers.refusal(spec))}
        notes = [f"not scored: {why}" for why in sorted(set(refused.values()))]
        if not evaluation.scorers and len(refused) == len(own):
            notes.append("nothing is scored: name a scorer, or give what is expected")
        return tuple(notes)

    def _evaluation(
        self,
        wanted: Wanted,
        dataset: str,
        count: int,
        prepared: Sequence[Prepared],
        sample: Sequence[Example],
    ) -> Evaluation:
        scorers = wanted.scorers
        if not scorers and any(each.expected is not None for each in sample):
            scorers = () if any(each.scorers for each in sample) else (_EXACT,)
        return Evaluation(
            id=self._new_id(),
            prompts=tuple(dict.fromkeys(each.reference for each in prepared)),
            baseline=prepared[-1].reference if wanted.baseline else "",
            models=self._models(wanted, prepared),
            dataset=dataset,
            split=wanted.split,
            tags=wanted.tags,
            examples=count,
            repeats=wanted.repeats,
            scorers=scorers,
            parameters=wanted.parameters,
            concurrency=wanted.concurrency or self._settings.evaluation.concurrency,
            max_cost_usd=wanted.max_cost_usd,
            fresh=wanted.fresh,
            who=self._settings.author_name,
            created_at=datetime.now(UTC),
        )

    def _models(self, wanted: Wanted, prepared: Sequence[Prepared]) -> tuple[str, ...]:
        """Those that are named, else that of the prompts' config, else the usual one."""
        registry = self._live.registry
        own = [each.model for each in prepared if each.model]
        usual = self._settings.generation.model
        named = wanted.models or own or [registry.automatic() if usual == "auto" else usual]
        if "offline" in named:
            raise UsageError(
                "answering examples takes a model, and none is set up",
                hint="name one with --model provider:model; see burnish models list",
                subject=NO_MODEL,
            )
        return tuple(dict.fromkeys(registry.full_name(name) for name in named))


def _distinct(prepared: Sequence[Prepared]) -> list[Prepared]:
    return list({each.reference: each for each in prepared}.values())


async def _first(looked: Looked, wanted: Wanted, count: int) -> list[Example]:
    found: list[Example] = []
    size = 0
    async for example in looked.examples.iter_examples(
        looked.reference, split=wanted.split, tags=wanted.tags, limit=min(count, _FIRST)
    ):
        found.append(example)
        size += len(msgspec.json.encode(example))
        if size > _FIRST_BYTES:
            break
    return found
