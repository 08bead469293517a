"""What came of a search before it is begun again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from burnish.jobs.process import is_gone
from burnish.optimizers.report.kept import Kept
from burnish.platform.where import MEASURED
from burnish.shapes import convert
from burnish.storage.optimization import Optimization

if TYPE_CHECKING:
    from burnish.storage.store import Store

# What makes another search, and another result, of the same prompt on the same examples; the store
# knows the rest of it. The bound on money is what others of one command have left.
_ALIKE = ("scorers", "algorithm", "writer", "parameters", "seed", "fresh")
# What others have learnt meanwhile, and what is told, makes no other search of it.
_LEARNT = ("beliefs", "category", "notes")


class Known(NamedTuple):
    """An earlier search, and `why` nothing is begun beside it; empty where it can be gone on with.
    `failed` is what somebody has to mend."""

    optimization: Optimization
    why: str = ""
    failed: bool = False


async def earlier(open_store: Callable[[], Awaitable[Store]], of: Optimization) -> Known | None:
    """The newest search that leaves nothing to begin: one that is measured, at work or half way,
    or that could not be measured for a reason that is still there."""
    store = await open_store()
    async for each in store.optimizations.alike(of):
        if not _equal(each, of, ("scorers",)):
            continue
        if each.outcome in MEASURED:
            return None if _reaches_further(of, each) else Known(each, _measured(each))
        if each.ended_at is None and await _is_at_work(store, each):
            why = f"another job is at it; burnish optimize --resume {each.id} goes on"
            return Known(each, why)
        if not _is_the_same(each, of):
            continue
        if each.outcome == "not measured" and (why := _still(each, of)):
            return Known(each, why, failed=True)
        if _is_half_way(each) and _bounds(each) == _bounds(of):
            return Known(each)
    return None


async def _is_at_work(store: Store, of: Optimization) -> bool:
    jobs = await store.jobs.by_prefix(of.job_id, 1) if of.job_id else []
    return any(
        job.state == "queued" or (job.state == "running" and not is_gone(job.worker))
        for job in jobs
    )


def _measured(one: Optimization) -> str:
    verdict = convert(one.report, Kept).verdict
    why = f", for {verdict.why}" if one.outcome == "kept" and verdict and verdict.why else ""
    told = f"it was optimised already on {one.dataset} with {one.model}: {one.outcome}{why}"
    calls = one.budget.get("calls")
    if one.outcome != "kept" or calls is None or (verdict and verdict.reason == "ceiling"):
        return told
    return f"{told}; a --budget of more than {calls:,} tries again"


def _still(one: Optimization, other: Optimization) -> str:
    """Why the other could not be measured either; empty where it may be: a model that was away may
    be back, and a larger budget reaches further."""
    verdict = convert(one.report, Kept).verdict
    if verdict is None or verdict.passing:
        return ""
    if verdict.reason == "budget" and _is_larger(other.budget, one.budget):
        return ""
    # Nothing shows that what stands outside of the search was mended.
    mended = "" if verdict.reason == "budget" else ", then --again"
    return (
        f"not begun again, for on {one.dataset} with {one.model} nothing could be measured: "
        f"{verdict.why}; {verdict.advice}{mended}"
    )


def _reaches_further(of: Optimization, before: Optimization) -> bool:
    """Whether a prompt that stayed as it was is searched for with more than the last time; money is
    not looked at, for each of several gets what those before it have left."""
    verdict = convert(before.report, Kept).verdict
    if before.outcome != "kept" or (verdict and verdict.reason == "ceiling"):
        return False
    return _is_larger(_bounds(of), _bounds(before))


def _is_larger(budget: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """In any of its bounds; None is no bound."""
    both = ((budget.get(name), bound) for name, bound in before.items() if bound is not None)
    return any(now is None or now > bound for now, bound in both)


def _is_half_way(one: Optimization) -> bool:
    return one.ended_at is None or one.outcome == "stopped"


def _is_the_same(one: Optimization, other: Optimization) -> bool:
    """Whether it would do what the other would, but for its budget."""
    mine, others = (
        {name: value for name, value in each.settings.items() if name not in _LEARNT}
        for each in (one, other)
    )
    return _plain(mine) == _plain(others) and _equal(one, other, _ALIKE)


def _bounds(of: Optimization) -> dict[str, Any]:
    return {**of.budget, "cost_usd": None}


def _equal(one: Optimization, other: Optimization, fields: Sequence[str]) -> bool:
    return all(_plain(getattr(one, name)) == _plain(getattr(other, name)) for name in fields)


def _plain(value: object) -> bytes:
    """What is stored is plain JSON, and what was planned is not yet."""
    return msgspec.json.encode(value, order="deterministic")
