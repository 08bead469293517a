"""Which of the weak prompts are optimised, and why others are not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from burnish.errors import BurnishError, StoreError, UsageError
from burnish.optimizers.budget import Budget
from burnish.optimizers.usual import CALLS
from burnish.platform.earlier import Known
from burnish.platform.where import Where, WhereLeft, WherePlan, WherePlanned
from burnish.storage.optimization import Optimization

if TYPE_CHECKING:
    from burnish.library.prompts import AsyncPrompts
    from burnish.platform.optimization_plan import OptimizationPlan
    from burnish.platform.weak import WeakPrompt

Plan = Callable[[str, Any, dict[str, Any]], Awaitable["OptimizationPlan"]]
Earlier = Callable[[Optimization], Awaitable[Known | None]]


class Chosen(NamedTuple):
    """`known` is an earlier one to go on with; `left_usd` may be spent."""

    plan: OptimizationPlan
    known: Optimization | None
    left_usd: float | None


class Choosing:
    """`plan` says what an optimisation would do, `earlier` what came of one like it. `spent_usd` is
    of the bound on all of them."""

    def __init__(
        self, asked: Where, prompts: AsyncPrompts, *, plan: Plan, earlier: Earlier
    ) -> None:
        self.asked = asked
        self.spent_usd = 0.0
        self._prompts = prompts
        self._plan = plan
        self._earlier = earlier

    async def choose(self, weak: WeakPrompt) -> Chosen | WhereLeft:
        """Raises BurnishError where it cannot be optimised."""
        reference = f"{weak.name}@{weak.revision}"
        if left := await self._came_of_one(reference, weak):
            return left
        left_usd = self._left_usd()
        plan = await self._plan(reference, self.asked.data or weak.dataset, self._options(weak))
        known = None if self.asked.again else await self._earlier(plan.optimization)
        if known is not None and known.why:
            before, why, failed = known
            return WhereLeft(prompt=reference, why=why, failed=failed, optimization=before.id)
        if short := _too_little(plan, left_usd):
            # A bound that allows not even the first one is a mistake.
            return WhereLeft(prompt=reference, why=short, failed=not self.spent_usd)
        return Chosen(plan, None if known is None else known.optimization, left_usd)

    def _options(self, weak: WeakPrompt) -> dict[str, Any]:
        """As asked, and else as the prompt was evaluated last."""
        given = self.asked.options
        budget = given.get("budget") or CALLS
        budget = Budget(calls=budget) if isinstance(budget, int) else budget
        bounds = [each for each in (budget.cost_usd, self._left_usd()) if each is not None]
        if bounds:
            # A budget of nothing would be a mistake, and what is left is looked at later.
            budget = msgspec.structs.replace(budget, cost_usd=max(min(bounds), 1e-6))
        return given | {
            "model": given.get("model") or weak.model,
            "scorers": given.get("scorers") or weak.scorers,
            "budget": budget,
        }

    async def _came_of_one(self, reference: str, weak: WeakPrompt) -> WhereLeft | None:
        """Raises UsageError where there is nothing to measure with."""
        if weak.dataset:
            return None
        version = (await self._prompts.get(reference)).version
        made = version.metadata.get("optimised")
        if made and not self.asked.again:
            known = str(made.get("optimization", ""))
            why = "it came of an optimisation, and was not evaluated since"
            return WhereLeft(prompt=reference, why=why, optimization=known)
        if self.asked.data:
            return None
        raise UsageError(
            "nothing to measure with: its latest version was never evaluated",
            hint="give --data, or evaluate it first",
        )

    def _left_usd(self) -> float | None:
        whole = self.asked.max_cost_usd
        return None if whole is None else whole - self.spent_usd


async def plan_where(choosing: Choosing, weak: Sequence[WeakPrompt]) -> WherePlan:
    """Each as if those before it had cost what they are estimated to. Raises StoreError."""
    planned: list[WherePlanned] = []
    left: list[WhereLeft] = []
    notes: dict[str, None] = {}
    for each in weak:
        try:
            found = await choosing.choose(each)
        except StoreError:
            raise
        except BurnishError as error:
            reference = f"{each.name}@{each.revision}"
            found = WhereLeft(prompt=reference, why=str(error), failed=True)
        if isinstance(found, WhereLeft):
            left.append(found)
            continue
        planned.append(_planned(each, found))
        choosing.spent_usd += planned[-1].cost_usd or 0.0
        notes.update(dict.fromkeys(found.plan.notes))
    unpriced = sum(each.cost_usd is None or bool(each.unpriced) for each in planned)
    whole = sum(each.cost_usd or 0.0 for each in planned)
    return WherePlan(
        where=choosing.asked.where,
        planned=tuple(planned),
        left=tuple(left),
        cost_usd=None if unpriced and not whole else whole,
        unpriced=unpriced,
        notes=tuple(notes),
    )


def _planned(weak: WeakPrompt, chosen: Chosen) -> WherePlanned:
    plan, known, _ = chosen
    return WherePlanned(
        prompt=plan.optimization.prompt,
        rating=weak.rating,
        score=weak.score,
        dataset=plan.optimization.dataset,
        model=plan.optimization.model,
        answers=plan.search + plan.final + 2 * plan.test * plan.answers_each,
        proposals=plan.proposals,
        cost_usd=plan.cost_usd,
        unpriced=plan.unpriced,
        optimization="" if known is None else known.id,
    )


def _too_little(plan: OptimizationPlan, left_usd: float | None) -> str:
    """Why what is left of the money is not enough; empty where it is."""
    if left_usd is None:
        return ""
    least = plan.shortest_usd or 0.0
    if left_usd > least or left_usd > 0.0 == least:
        return ""
    about = f", and the shortest search takes about {least:.2g}" if least else ""
    return f"{max(0.0, left_usd):.2g} USD are left of the bound on all{about}"
