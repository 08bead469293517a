"""All prompts for which a condition holds, optimised one after another."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from burnish.errors import BurnishError, StoreError
from burnish.platform.where import WhereLeft, WhereOptimized, WhereReport
from burnish.storage.optimization import OfJob, Optimization

if TYPE_CHECKING:
    from burnish.platform.choosing_where import Choosing
    from burnish.platform.optimizations import Optimizations
    from burnish.platform.weak import WeakPrompt

Do = Callable[[Optimization, int, int], Awaitable[Optimization]]
Each = Callable[[WhereOptimized | WhereLeft], None]


class OptimizingWhere:
    """One command. `do` does an optimisation, told that it is the so-manieth of so many; `each`
    hears what came of a prompt."""

    def __init__(
        self,
        choosing: Choosing,
        optimizations: Optimizations,
        *,
        do: Do,
        each: Each | None = None,
    ) -> None:
        self._choosing = choosing
        self._optimizations = optimizations
        self._do = do
        self._each = each
        self._report = WhereReport(where=choosing.asked.where)

    async def run(self, weak: Sequence[WeakPrompt], begun: Sequence[OfJob]) -> WhereReport:
        """`begun` are those of an attempt before; what has ended of them is not done again. One
        prompt that fails keeps none from its turn. Raises StoreError."""
        names = {each.prompt.rpartition("@")[0] for each in begun}
        rest = [each for each in weak if each.name not in names]
        whole = len(begun) + len(rest)
        for number, of in enumerate(begun, start=1):
            await self._turn(of.prompt, lambda of=of, n=number: self._went_on(of, n, whole))
        for number, one in enumerate(rest, start=len(begun) + 1):
            reference = f"{one.name}@{one.revision}"
            await self._turn(reference, lambda one=one, n=number: self._optimized(one, n, whole))
        return self._report

    async def _turn(
        self, prompt: str, work: Callable[[], Awaitable[WhereOptimized | WhereLeft]]
    ) -> None:
        try:
            found = await work()
        except StoreError:
            raise  # nothing that comes of the others could be kept either
        except BurnishError as error:
            found = WhereLeft(prompt=prompt, why=str(error), failed=True)
        if isinstance(found, WhereLeft):
            self._change(left=(*self._report.left, found))
        else:
            self._change(optimized=(*self._report.optimized, found))
        if self._each is not None:
            self._each(found)

    async def _went_on(self, begun: OfJob, number: int, whole: int) -> WhereOptimized:
        of = await self._optimizations.get(begun.id)
        if of.ended_at is not None and of.outcome != "stopped":
            self._choosing.spent_usd += await self._optimizations.spent_usd(of)
            return _told(of)
        # What the same job spent on it before it was killed is part of what all may cost.
        self._choosing.spent_usd += await self._optimizations.spent_usd(of)
        return await self._done(of, number, whole)

    async def _optimized(
        self, weak: WeakPrompt, number: int, whole: int
    ) -> WhereOptimized | WhereLeft:
        found = await self._choosing.choose(weak)
        if isinstance(found, WhereLeft):
            return found
        plan, known, left_usd = found
        self._note(plan.notes)
        of = plan.optimization
        if known is not None:
            of = await self._bounded(known, of.budget.get("cost_usd"), left_usd)
        return await self._done(of, number, whole)

    async def _bounded(
        self, known: Optimization, own_usd: float | None, left_usd: float | None
    ) -> Optimization:
        """One that is gone on with may spend what is left now, beside what it has spent, but no
        more than its own bound."""
        bounds = [] if own_usd is None else [own_usd]
        if left_usd is not None:
            bounds.append(left_usd + await self._optimizations.spent_usd(known))
        return await self._optimizations.bounded(known, min(bounds, default=None))

    async def _done(self, of: Optimization, number: int, whole: int) -> WhereOptimized:
        before = await self._optimizations.spent_usd(of)
        try:
            return _told(await self._do(of, number, whole))
        finally:
            self._choosing.spent_usd += await self._optimizations.spent_usd(of) - before

    def _note(self, notes: Sequence[str]) -> None:
        new = [each for each in notes if each not in self._report.notes]
        self._change(notes=(*self._report.notes, *new))

    def _change(self, **fields: Any) -> None:
        self._report = msgspec.structs.replace(self._report, **fields)


def _told(of: Optimization) -> WhereOptimized:
    return WhereOptimized(
        id=of.id,
        prompt=of.prompt,
        dataset=of.dataset,
        model=of.model,
        outcome=of.outcome,
        text=of.text,
        best=of.best,
        cost_usd=of.report.get("cost_usd"),
        unpriced=of.report.get("unpriced", 0),
    )
