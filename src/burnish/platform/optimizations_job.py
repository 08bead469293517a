"""All weak prompts as a job: what it is told, what it checks before it is scheduled, its work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from burnish.errors import BurnishError, UsageError
from burnish.optimizers.budget import Budget
from burnish.optimizers.usual import CALLS
from burnish.optimizers.where import parse_where
from burnish.platform.where import Where, WhereReport

if TYPE_CHECKING:
    from burnish.jobs.job import JobContext
    from burnish.platform.optimizations import Optimizations
    from burnish.storage.job import Job
    from burnish.storage.optimization import Optimization
    from burnish.storage.store import Store

OPTIMIZATIONS = "optimizations"
_AT_LEAST_ONE = msgspec.Meta(ge=1)
_OWN = ("where", "data", "again", "max_cost_usd", "budget", "proposals", "max_minutes")


class OptimizationsInput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As `burnish optimize --where` takes it: the prompts are looked up when the job begins, and
    `data` is a dataset of the library, for files are where the worker is not. `budget` (calls),
    `proposals` and `max_minutes` are for each prompt, `max_cost_usd` is for all of them."""

    where: str
    data: str = ""
    again: bool = False
    max_cost_usd: Annotated[float, msgspec.Meta(ge=0)] | None = None
    algorithm: str = "auto"
    goal: str = "quality"
    budget: Annotated[int, _AT_LEAST_ONE] = CALLS
    proposals: int | None = None
    max_minutes: float | None = None
    model: str = ""
    writer: str = ""
    variant: bool = False
    branch: str = ""
    scorers: tuple[str | dict[str, Any], ...] | str = ()
    tags: tuple[str, ...] | str = ()
    limit: int | None = None
    target: float | None = None
    rounds: int | None = None
    unchanged: int | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    vary: dict[str, tuple[float, ...]] = {}
    concurrency: int | None = None
    seed: int = 0
    fresh: bool = False

    @property
    def asked(self) -> Where:
        """Raises UsageError for what no optimisation can be."""
        parse_where(self.where)
        scorers = (self.scorers,) if isinstance(self.scorers, str) else self.scorers
        for each in scorers:
            if isinstance(each, str) and each.removeprefix("not-").startswith("python:"):
                raise UsageError(
                    f"{each} would run a file, which no job does",
                    hint="bring the scorer with a plug-in; see the guide on plug-ins",
                )
        minutes = self.max_minutes
        budget = Budget(
            calls=self.budget,
            proposals=self.proposals,
            seconds=None if minutes is None else minutes * 60,
        )
        named = {name: getattr(self, name) for name in self.__struct_fields__ if name not in _OWN}
        return Where(
            where=self.where,
            data=self.data or None,
            again=self.again,
            max_cost_usd=self.max_cost_usd,
            options={**named, "scorers": tuple(filter(None, scorers)), "budget": budget.checked()},
        )


class _Part:
    """The `JobContext` of one of several optimisations, which tells of all of them."""

    def __init__(
        self, context: JobContext, of: Optimization, number: int, whole: int, spent_usd: float
    ) -> None:
        self._context = context
        self._spent_usd = spent_usd
        self._message = of.prompt
        self._done, self._total = number - 1, whole

    @property
    def job(self) -> Job:
        return self._context.job

    async def progress(
        self, done: int, total: int, message: str = "", **facts: float | str
    ) -> None:
        """The calls are in the facts."""
        del done, total, message
        own = float(facts.get("cost_usd", 0.0))
        facts["cost_usd"] = round(own + self._spent_usd, 6)
        await self._context.progress(self._done, self._total, self._message, **facts)


class OptimizationsJob:
    """`run` is the course that all who optimise several take."""

    def __init__(
        self,
        optimizations: Optimizations,
        run: Callable[..., Awaitable[WhereReport]],
        open_store: Callable[[], Awaitable[Store]],
        warn: Callable[[str, str], None],
    ) -> None:
        self._optimizations = optimizations
        self._run = run
        self._open_store = open_store
        self._warn = warn

    async def do(self, context: JobContext, given: OptimizationsInput) -> Any:
        """The work. What an attempt before has begun is gone on with, and what it has ended is not
        begun again."""
        store = (await self._open_store()).optimizations
        begun = await store.of_job(context.job.id)
        spent: dict[str, float] = {}

        async def done(of: Optimization, number: int, whole: int) -> Optimization:
            part = _Part(context, of, number, whole, sum(spent.values()))
            await part.progress(0, 0)
            try:
                of = await self._one(part, of)
            finally:
                spent[of.id] = await self._optimizations.spent_usd(of)
            await context.progress(number, whole, of.prompt)
            return of

        report = await self._run(given.asked, begun=begun, do=done)
        whole = len(report.optimized) + len(report.left)
        await context.progress(whole, whole)
        return msgspec.to_builtins(report)

    async def _one(self, part: _Part, of: Optimization) -> Optimization:
        own = await self._optimizations.begin_for(part.job, of)
        try:
            return await self._optimizations.do_one(part, own.id)
        except (BurnishError, MemoryError):
            raise
        except Exception as error:  # a plug-in may raise anything, and others wait for their turn
            said = f"{type(error).__name__}: {error}"
            self._warn(f"optimisation {own.id} failed", said)
            raise BurnishError(
                f"the optimisation failed: {said}",
                hint=f"what is there stays; go on with burnish optimize --resume {own.id}",
                subject=own.id,
            ) from error
