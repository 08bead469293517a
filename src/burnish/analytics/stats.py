"""What runs add up to, as people ask for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from burnish.errors import UsageError
from burnish.storage.stats import RunStat, StatBy, StatFilter
from burnish.storage.store import Store

MAX_DAYS = 36_500


async def run_stats(
    store: Store, by: StatBy, days: float | None, where: StatFilter
) -> list[RunStat]:
    """Runs of the last `days` (None: as `where` says). Raises UsageError for an unknown `by`, or
    for days that there cannot be."""
    if by not in ("model", "prompt", "agent", "task", "kind", "day"):
        raise UsageError(
            f"no statistics are kept by {by!r}",
            hint="use model, prompt, agent, task, kind, day or category",
        )
    if days is not None:
        where = msgspec.structs.replace(where, since=_since(days))
    return await store.runs.stats(by, where)


def _since(days: float) -> datetime:
    if not 0 < days <= MAX_DAYS:
        raise UsageError(
            f"{days} days", hint=f"give more than 0 and at most {MAX_DAYS}, or None for all time"
        )
    return datetime.now(UTC) - timedelta(days=days)
