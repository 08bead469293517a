"""All prompts for which a condition holds, optimised one after another."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from burnish.errors import BurnishError, StoreError, UsageError
from burnish.optimizers.budget import Budget
from burnish.optimizers.wanted import CALLS
from burnish.storage.optimization import Optimization, Outcome

if TYPE_CHECKING:
    from burnish.library.prompts import AsyncPrompts
    from burnish.optimizers.room import AsyncOptimizations, ListedOptimization
    from burnish.platform.optimization_plan import OptimizationPlan
    from burnish.platform.optimizations import Optimizations
    from burnish.platform.weak import WeakPrompt

_LOOKED_AT = 200
_MEASURED = ("improved", "kept")
# What makes another search, and another result, of the same prompt on the same examples. The bound
# on money is what others of one command have left.
_SAME = ("version_id", "dataset", "model", "goal", "scorers")
_ALIKE = (*_SAME, "algorithm", "writer", "parameters", "seed", "fresh")
# What others have learnt meanwhile, and what is told, makes no other search of it.
_LEARNT = ("beliefs", "category", "notes")


class WhereOptimized(msgspec.Struct, frozen=True, kw_only=True):
    """The optimisation of one of the prompts, and what came of it, as in `Optimization`. `cost_usd`
    is None where a price is unknown."""

    id: str
    prompt: str
    dataset: str
    model: str
    outcome: Outcome
    text: str
    best: str = ""
    cost_usd: float | None = None

    @property
    def is_measured(self) -> bool:
        return self.outcome in _MEASURED


class WhereLeft(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt (its pinned reference) that was not optimised, and why. `failed` is what somebody
    has to mend; else there was nothing to do. `optimization` is the earlier one that says so."""

    prompt: str
    why: str
    failed: bool = False
    optimization: str = ""


class WhereReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came of all prompts for which a condition held, the weakest first. `notes` hold for
    several of them."""

    where: str
    optimized: tuple[WhereOptimized, ...] = ()
    left: tuple[WhereLeft, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_measured(self) -> bool:
        """Whether nothing failed, and each could be measured."""
        return not any(e.failed for e in self.left) and all(e.is_measured for e in self.optimized)


class Where(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted. The `options` are those of `optimize` for each prompt; `max_cost_usd` bounds
    all of them together. `again` optimises also what was optimised already."""

    where: str
    data: Any = None
    options: dict[str, Any] = {}
    max_cost_usd: float | None = None
    again: bool = False


Plan = Callable[[str, Any, dict[str, Any]], Awaitable["OptimizationPlan"]]
Do = Callable[[Optimization, int, int], Awaitable[Optimization]]
Each = Callable[[WhereOptimized | WhereLeft], None]


class OptimizingWhere:
    """One command. `plan` says what an optimisation would do and `do` does it, told that it is the
    so-manieth of so many; `each` hears what came of a prompt."""

    def __init__(
        self,
        asked: Where,
        optimizations: Optimizations,
        room: AsyncOptimizations,
        prompts: AsyncPrompts,
        *,
        plan: Plan,
        do: Do,
        each: Each | None = None,
    ) -> None:
        self._asked = asked
        self._optimizations = optimizations
        self._room = room
        self._prompts = prompts
        self._plan = plan
        self._do = do
        self._each = each
        self._report = WhereReport(where=asked.where)
        self._spent_usd = 0.0

    async def run(self, weak: Sequence[WeakPrompt], begun: Sequence[Optimization]) -> WhereReport:
        """`begun` are those of an attempt before; what has ended of them is not done again. One
        prompt that fails keeps none from its turn. Raises StoreError."""
        names = {_name(each.prompt) for each in begun}
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

    async def _went_on(self, of: Optimization, number: int, whole: int) -> WhereOptimized:
        if of.ended_at is not None and of.outcome != "stopped":
            self._spent_usd += await self._optimizations.spent_usd(of)
            return _told(of)
        return await self._done(of, number, whole)

    async def _optimized(
        self, weak: WeakPrompt, number: int, whole: int
    ) -> WhereOptimized | WhereLeft:
        reference = f"{weak.name}@{weak.revision}"
        if left := await self._came_of_one(reference, weak):
            return left
        left_usd = self._left_usd()
        plan = await self._plan(reference, self._asked.data or weak.dataset, self._options(weak))
        known = await self._known(plan.optimization)
        if isinstance(known, WhereLeft):
            return known
        if short := _too_little(plan, left_usd):
            # A bound that allows not even the first one is a mistake.
            return WhereLeft(prompt=reference, why=short, failed=not self._spent_usd)
        self._note(plan.notes)
        of = plan.optimization if known is None else await self._bounded(known, left_usd)
        return await self._done(of, number, whole)

    async def _bounded(self, known: Optimization, left_usd: float | None) -> Optimization:
        """One that is gone on with may spend what is left now, beside what it has spent."""
        cost_usd = None
        if left_usd is not None:
            cost_usd = left_usd + await self._optimizations.spent_usd(known)
        return await self._optimizations.bounded(known, cost_usd)

    async def _done(self, of: Optimization, number: int, whole: int) -> WhereOptimized:
        before = await self._optimizations.spent_usd(of)
        try:
            return _told(await self._do(of, number, whole))
        finally:
            self._spent_usd += await self._optimizations.spent_usd(of) - before

    def _options(self, weak: WeakPrompt) -> dict[str, Any]:
        """As asked, and else as the prompt was evaluated last."""
        given = self._asked.options
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
        if made and not self._asked.again:
            known = str(made.get("optimization", ""))
            why = "it came of an optimisation, and was not evaluated since"
            return WhereLeft(prompt=reference, why=why, optimization=known)
        if self._asked.data:
            return None
        raise UsageError(
            "nothing to measure with: its latest version was never evaluated",
            hint="give --data, or evaluate it first",
        )

    async def _known(self, of: Optimization) -> ListedOptimization | WhereLeft | None:
        """An earlier one to go on with, or the one for which this is left out."""
        if self._asked.again:
            return None
        for each in await self._room.list(prompt=_name(of.prompt), limit=_LOOKED_AT):
            if not _equal(each, of, _SAME):
                continue
            if each.outcome in _MEASURED:
                on = f"on {each.dataset} with {each.model}: {each.outcome}"
                why = f"it was optimised already {on}"
                return WhereLeft(prompt=of.prompt, why=why, optimization=each.id)
            if each.state in ("queued", "running"):
                why = f"another job is at it; burnish optimize --resume {each.id} goes on"
                return WhereLeft(prompt=of.prompt, why=why, optimization=each.id)
            if _was_stopped(each, of):
                return each
        return None

    def _left_usd(self) -> float | None:
        whole = self._asked.max_cost_usd
        return None if whole is None else whole - self._spent_usd

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
    )


def _name(reference: str) -> str:
    return reference.rpartition("@")[0]


def _equal(one: Optimization, other: Optimization, fields: Sequence[str]) -> bool:
    return all(_plain(getattr(one, name)) == _plain(getattr(other, name)) for name in fields)


def _plain(value: object) -> bytes:
    """What is stored is plain JSON, and what was planned is not yet."""
    return msgspec.json.encode(value, order="deterministic")


def _was_stopped(one: Optimization, other: Optimization) -> bool:
    """Half way, and it would do what the other would."""
    unended = one.ended_at is None or one.outcome == "stopped"
    mine, others = ({**each.budget, "cost_usd": None} for each in (one, other))
    wanted, planned = (
        {name: value for name, value in each.settings.items() if name not in _LEARNT}
        for each in (one, other)
    )
    same = _plain(wanted) == _plain(planned)
    return unended and same and mine == others and _equal(one, other, _ALIKE)


def _too_little(plan: OptimizationPlan, left_usd: float | None) -> str:
    """Why what is left of the money is not enough; empty where it is."""
    if left_usd is None:
        return ""
    compared = 2 * plan.test
    whole = max(1, plan.search + plan.final + compared)
    least = (plan.cost_usd or 0.0) * compared / whole
    if left_usd > least or left_usd > 0.0 == least:
        return ""
    about = f", and to compare two prompts takes about {least:.2g}" if least else ""
    return f"{max(0.0, left_usd):.2g} USD are left of the bound on all{about}"
