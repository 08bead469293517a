"""The ports of what was run and of how techniques did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from burnish.storage.run import Run, RunCursor, RunFilter, TechniqueStatistic, TechniqueTotal
from burnish.storage.stats import RunStat, StatBy, StatFilter


class Runs(Protocol):
    async def add(self, runs: Sequence[Run]) -> None:
        """Adds the runs and what they add up to, all or none.

        Raises Conflict for an id that is there, NotFound for an unknown version, UsageError for
        a value that no store can keep.
        """
        ...

    async def by_id(self, run_id: str) -> Run | None: ...

    async def by_prefix(self, prefix: str, limit: int) -> list[Run]:
        """Up to `limit` runs whose id begins so, in the order of their ids."""
        ...

    async def known(self, ids: Sequence[str]) -> set[str]:
        """Those of the ids that are there."""
        ...

    async def page(
        self,
        where: RunFilter,
        limit: int,
        after: RunCursor | None = None,
        *,
        oldest_first: bool = False,
    ) -> list[Run]:
        """Newest first, unless told otherwise."""
        ...

    async def count(self, where: RunFilter) -> int: ...

    async def cost_usd(self, trace_id: str) -> float:
        """What the calls of a trace have cost, as far as prices are known."""
        ...

    async def stats(self, by: StatBy, where: StatFilter) -> list[RunStat]:
        """What the runs add up to, forgotten ones included; the group with most runs first, days
        newest first."""
        ...

    async def forget(self, before: datetime) -> int:
        """Deletes the runs made before that and tells how many; what they added up to stays."""
        ...


class Techniques(Protocol):
    async def add(self, statistics: Sequence[TechniqueStatistic]) -> None:
        """Adds to what is there for the same technique, intent and day, atomically."""
        ...

    async def days(
        self, *, technique: str | None = None, intent: str | None = None, since: date | None = None
    ) -> list[TechniqueStatistic]:
        """In the order of technique, intent and day."""
        ...

    async def totals(
        self, *, intent: str | None = None, since: date | None = None
    ) -> list[TechniqueTotal]:
        """One for each technique and intent, in that order."""
        ...
