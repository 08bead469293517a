"""Evaluations on a platform: what is wanted becomes an evaluation, and that a run of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from burnish.errors import BurnishError, StoreError
from burnish.evals.answering import Answering
from burnish.evals.datasets.unmet import unmet
from burnish.evals.estimate import Estimate, estimated
from burnish.evals.fit import checked_fit
from burnish.evals.prepared import Prepared
from burnish.evals.room import Evaluated, evaluated
from burnish.evals.runner import Bench, Run
from burnish.evals.tally import Tally
from burnish.evals.till import Till
from burnish.evals.wanted import Wanted
from burnish.generation.wish import checked_cost
from burnish.platform.evaluation_made import Making, first_examples
from burnish.platform.past import Past
from burnish.platform.pinned import Looked, Looking
from burnish.platform.preparing import asker, prepared
from burnish.platform.promptfoo import from_config, is_config
from burnish.platform.readiness import none_ready, unready
from burnish.platform.scoring import Scoring
from burnish.storage.evaluation import Evaluation, Stop
from burnish.storage.example import Example

if TYPE_CHECKING:
    from burnish.evals.datasets import AsyncDatasets
    from burnish.evals.registry import Scorers
    from burnish.library.prompts import AsyncPrompts
    from burnish.models.budget import Budget
    from burnish.platform.live import Live
    from burnish.platform.parts import Parts
    from burnish.prompts.render import Renderer

# So many examples tell whether a prompt has places for what they bring, and what a call costs.
_SAMPLE = 50


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
        scorers: Callable[[Budget | None, Till | None, str], Scorers],
        renderer: Renderer,
    ) -> None:
        self._settings = parts.settings
        self._live = live
        self._prompts = prompts
        self._datasets = datasets
        self.scoring = Scoring(scorers, live)
        self._renderer = renderer
        self._shared: dict[str, tuple[Budget, Till]] = {}
        # Models that could not answer when a plan was made; looked at again before it is begun.
        self._unready: frozenset[str] = frozenset()
        self._open_store = parts.open_store
        self._past = Past(live, parts.open_store)
        self._making = Making(parts.settings, live, parts.ids)
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
        first = await first_examples(looked, wanted, count)
        sample = first[:: -(-len(first) // _SAMPLE)]
        wanted = msgspec.structs.replace(
            wanted, scorers=self.scoring.take(wanted.scorers, files=wanted.files)
        )
        evaluation = self._making.evaluation(wanted, dataset, count, several, sample)
        estimate = await estimated(
            evaluation,
            _distinct(several),
            sample,
            renderer=self._renderer,
            price=self._past.price,
            usual=self._past.usual_tokens,
            judges=self.scoring.questions,
        )
        misfits = checked_fit(_distinct(several), evaluation.models, first)
        judges = self.scoring.judges([*evaluation.scorers, *(s for e in first for s in e.scorers)])
        problems = await unready(self._live.registry, [*evaluation.models, *judges])
        self._unready = frozenset(problems)
        return Plan(
            evaluation=evaluation,
            estimate=estimate,
            notes=(*notes, *looked.notes, *misfits, *self.scoring.notes(evaluation, first)),
            unready={name: str(error) for name, error in problems.items()},
        )

    async def sample(self, wanted: Wanted, looked: Looked) -> list[Example]:
        """The first of its examples. Raises for all that can be wrong with it before there is a
        prompt."""
        checked_cost(wanted.max_cost_usd)
        models = self._making.models(wanted, ())
        if len(problems := await unready(self._live.registry, models)) == len(models):
            raise none_ready(problems)
        self.scoring.take(wanted.scorers, files=wanted.files)
        return await first_examples(looked, wanted, _SAMPLE)

    def within(self, evaluation: Evaluation, budget: Budget, till: Till | None = None) -> None:
        """Its next run spends from a budget that it shares with other calls; with runs at the same
        time it shares a `till` too."""
        self._shared[evaluation.id] = budget, till or Till()

    async def begin(self, evaluation: Evaluation) -> Evaluation:
        """Stores it with its examples. Raises what stands in the way where no model can answer, or
        a judge cannot, and Conflict where its examples are others than when it was planned."""
        judges = self.scoring.judges(evaluation.scorers)
        for names in (evaluation.models, *((judge,) for judge in judges)):
            if self._unready.issuperset(names):
                problems = await unready(self._live.registry, names)
                if len(problems) == len(names):
                    raise none_ready(problems)
        if version := await self.looking.stored(
            evaluation.id, evaluation.dataset, evaluation.created_at
        ):
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
        self.scoring.check(evaluation)
        before = await store.counts(evaluation.id)
        if before or evaluation.ended_at is not None:
            await store.begin_again(evaluation.id)
            before = await store.counts(evaluation.id)
        wanted = Wanted.again(evaluation)
        several = [
            await prepared(self._prompts, ref, wanted.parameters) for ref in evaluation.prompts
        ]
        shared = self._shared.pop(evaluation.id, None)
        budget, till = shared or (await self.budget([evaluation], goes), Till())
        scorers = self.scoring.within(budget, till, evaluation.id)
        bench = Bench(
            store=store,
            renderer=self._renderer,
            ask=asker(self._live, evaluation, budget),
            scorer=lambda spec: self.scoring.make(spec, scorers),
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
                await self._count(evaluation)
        return stop, run

    async def _count(self, evaluation: Evaluation) -> None:
        from burnish.telemetry.metrics import TESTED, added

        took_part = added([TESTED.one(model) for model in evaluation.models])
        await (await self._open_store()).counters.add(took_part)

    async def evaluated(self, evaluation: Evaluation, run: Run) -> Evaluated:
        """What the results add up to after a run. Raises NotFound for a baseline without one."""
        return await evaluated(await self._open_store(), evaluation, known=run.known.results)

    async def answering(
        self, evaluation: Evaluation, budget: Budget
    ) -> tuple[Answering, Callable[[], None]]:
        """Asks and scores one example at a time, as the evaluation says; what else is given has to
        be called in the end."""
        self.scoring.check(evaluation)
        till = Till()
        scorers = self.scoring.within(budget, till, evaluation.id)
        return Answering(
            evaluation.scorers,
            renderer=self._renderer,
            ask=asker(self._live, evaluation, budget),
            scorer=lambda spec: self.scoring.make(spec, scorers),
            till=till,
        ), scorers.close

    async def budget(self, evaluations: Sequence[Evaluation], goes: int = 1) -> Budget:
        """Of evaluations that have one bound together, `goes` times. What earlier attempts have
        spent of it is gone."""
        bound = evaluations[0].max_cost_usd
        if bound is None:
            bound = self._settings.models.max_cost_usd
        budget = self._live.budget(bound and bound * goes)
        for each in evaluations:
            budget.spent_usd += await self._spent_usd(each)
        return budget

    async def _spent_usd(self, evaluation: Evaluation) -> float:
        """An answer may have been paid for that nobody scored, and is no result."""
        store = await self._open_store()
        kept = sum(each.cost_usd for each in await store.evaluations.counts(evaluation.id))
        await self._live.flush()
        return max(kept, await store.runs.cost_usd(evaluation.id))

    def _examples(self, dataset: str, wanted: Wanted, limit: int) -> AsyncIterator[Example]:
        return self._datasets.iter_examples(
            dataset, split=wanted.split, tags=wanted.tags, limit=limit
        )


def _distinct(prepared: Sequence[Prepared]) -> list[Prepared]:
    return list({each.reference: each for each in prepared}.values())
