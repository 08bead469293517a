"""What runs and prompts add up to, as people ask for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Literal, overload

from burnish.errors import UsageError
from burnish.storage.stats import CategoryStat, RunStat, StatBy, StatFilter
from burnish.storage.store import Store

By = StatBy | Literal["category"]
MAX_DAYS = 36_500


class AsyncStats:
    """`opener` gives the store, with everything that was recorded so far in it."""

    def __init__(self, opener: Callable[[], Awaitable[Store]]) -> None:
        self._open = opener

    @overload
    async def stats(
        self,
        by: StatBy = "model",
        *,
        days: float | None = 7,
        model: str | None = None,
        prompt: str | None = None,
        agent: str | None = None,
        kind: str | None = None,
    ) -> list[RunStat]: ...
    @overload
    async def stats(self, by: Literal["category"]) -> list[CategoryStat]: ...
    async def stats(
        self,
        by: By = "model",
        *,
        days: float | None = 7,
        model: str | None = None,
        prompt: str | None = None,
        agent: str | None = None,
        kind: str | None = None,
    ) -> list[RunStat] | list[CategoryStat]:
        """Runs of the last `days` (None: of all time) by model, prompt, agent, task, kind or day;
        or the prompts there are, by category.

        An agent is what stands before the slash of a prompt's name, a task what stands behind it.
        Runs count by whole hours, and still when they themselves are forgotten. The group with
        most runs comes first, of days the newest. Raises UsageError for an unknown `by`.
        """
        if by == "category":
            return await (await self._open()).prompts.categories()
        if by not in ("model", "prompt", "agent", "task", "kind", "day"):
            raise UsageError(
                f"no statistics are kept by {by!r}",
                hint="use model, prompt, agent, task, kind, day or category",
            )
        where = StatFilter(since=_since(days), model=model, prompt=prompt, agent=agent, kind=kind)
        return await (await self._open()).runs.stats(by, where)


def _since(days: float | None) -> datetime | None:
    if days is None:
        return None
    if not 0 < days <= MAX_DAYS:
        raise UsageError(
            f"{days} days", hint=f"give more than 0 and at most {MAX_DAYS}, or None for all time"
        )
    return datetime.now(UTC) - timedelta(days=days)
