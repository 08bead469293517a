"""Experiments on a platform: what they are made of, and what is done for them from time to time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from burnish.errors import BurnishError
from burnish.platform.testing import Testing

if TYPE_CHECKING:
    from burnish.analytics.period.report import PeriodReport
    from burnish.analytics.period.span import Every
    from burnish.experiments.room import AsyncExperiments
    from burnish.jobs.job import JobContext, Work
    from burnish.platform.offline_experiments import OfflineExperiments
    from burnish.storage.example import ScorerSpec
    from burnish.storage.store import Store

_TASK = "experiments"


class Experimenting(Testing):
    _watch: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Writes what is not yet written and ends what the platform started. Calling it twice is
        harmless."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch
        await super().close()

    @cached_property
    def experiments(self) -> AsyncExperiments:
        """Which variant is better: plan, create, start, pause, stop, report, promote, analyze,
        assign, record."""
        from burnish.experiments.around import Around
        from burnish.experiments.room import AsyncExperiments
        from burnish.platform.pinned import version_named

        async def pinned(reference: str) -> str:
            return await version_named((await self._open_store()).datasets, reference)

        def scorers(given: Sequence[Any]) -> tuple[ScorerSpec, ...]:
            return tuple(self.scorers.take(each).spec for each in given)

        return AsyncExperiments(
            Around(
                store=self._recorded_store,
                prompts=self.prompts,
                new_id=self._ids,
                who=lambda: self.settings.author_name,
                dataset=pinned,
                scorers=scorers,
                offline=self._offline,
                tell=self._tell_of_prompt,
            ),
            lambda: self._serving,
            lambda: self._recording,
        )

    async def report(
        self,
        every: Every | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> PeriodReport:
        """What the last day, week (as without `every`) or month came to, or all from `since`: usage
        and cost, how they went, what got worse than in the period before, the best and the worst
        prompts, evaluations, experiments and who did it. `until` is now unless it is named.

        Runs count by whole hours of UTC, and those of the offline composer do not. Raises
        UsageError for times without a zone, in the future, or in the wrong order, and for `every`
        with `since`.
        """
        from burnish.analytics.period.gather import period_report
        from burnish.analytics.period.span import span_of

        now = datetime.now(UTC)
        span = span_of(every, since, until, now)
        await self._flushed_store()
        return await period_report(await self._recorded_store(), span, now)

    @cached_property
    def _offline(self) -> OfflineExperiments:
        from burnish.platform.offline_experiments import OfflineExperiments

        return OfflineExperiments(
            self.jobs,
            self._evaluating,
            prompts=self.prompts,
            datasets=self.datasets,
            open_store=self._open_store,
            new_id=self._ids,
            who=lambda: self.settings.author_name,
        )

    def _kinds(self) -> dict[str, Work]:
        own: dict[str, Work] = {_TASK: self._check_experiments, "experiment": self._experiment_for}
        return {**super()._kinds(), **own}

    async def _check_job(self, kind: str, given: Mapping[str, Any]) -> None:
        await super()._check_job(kind, given)
        if kind == "experiment":
            from burnish.platform.jobs import read_input
            from burnish.platform.offline_experiments import ExperimentInput, check_scheduled

            check_scheduled(read_input(kind, given, ExperimentInput))

    async def _experiment_for(self, context: JobContext) -> Any:
        from burnish.platform.jobs import read
        from burnish.platform.offline_experiments import ExperimentInput

        return await self._offline.do(context, read(context.job, ExperimentInput))

    async def _check_experiments(self, context: JobContext) -> Any:
        from burnish.platform.jobs import NoInput, read

        read(context.job, NoInput)
        found = await self.experiments.check()
        return [
            {"experiment": each.experiment.name, "state": each.experiment.state}
            | {"verdict": each.verdict}
            for each in found
        ]

    def _begin_schedule(self, store: Store) -> None:
        super()._begin_schedule(store)
        every_s = self.settings.experiments.check_every_s
        if every_s:
            self._watch = asyncio.create_task(
                self._look_after(store, every_s), name="burnish-experiments"
            )

    async def _look_after(self, store: Store, every_s: float) -> None:
        """A short command ends before the first look. Of several processes one looks."""
        holder = self._ids()
        while True:
            await asyncio.sleep(every_s)
            now = datetime.now(UTC)
            try:
                until = now + timedelta(seconds=0.9 * every_s)
                if not await store.search.claim(_TASK, holder, until, now):
                    continue
                # Nothing of experiments is loaded where there are none.
                if await store.experiments.page(1, state="running") or await self._promised(store):
                    await self.experiments.check()
            except BurnishError as error:
                # Nobody waits for it, so no error tells it.
                self._live.warn("a look at experiments", str(error))
            except Exception as error:  # noqa: BLE001 - the boundary that reports it
                # A defect in one look must not end all: guardrails hang on the next.
                self._live.warn("a look at experiments failed", f"{type(error).__name__}: {error}")

    async def _promised(self, store: Store) -> bool:
        """Whether one has ended whose winner was to be promoted, and was not so far."""
        ended = await store.experiments.page(1_000, state="completed")
        return any(e.plan.auto and e.winner and e.promoted is None for e in ended)
