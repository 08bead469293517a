"""What became of experiments in a period, and who decided it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, RowMapping, func, or_, select

from burnish.storage.experiment import Experiment, Moved, What
from burnish.storage.period import EndedExperiment, MovedExperiment, Units
from burnish.storage.sql.database import Database
from burnish.storage.sql.queries import Query
from burnish.storage.tables import experiment_moves, experiments, exposures

_e, _m, _x = experiments.c, experiment_moves.c, exposures.c
_ENDS: Final[tuple[What, ...]] = ("completed", "stopped")
# What a check does by itself is nobody's: halts, ramps, shares that follow what was seen, and ends
# at the stop rule.
_DECIDED: Final[tuple[What, ...]] = (
    "created", "started", "paused", "resumed", "stopped", "rolled back",
)  # fmt: skip
_PROMOTED: Final[tuple[What, ...]] = ("promoted", "asked")


class PeriodExperiments:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def running(self, at: datetime, limit: int) -> tuple[int, list[Experiment]]:
        begun = (_e.started_at < at, or_(_e.ended_at.is_(None), _e.ended_at >= at))
        return await self._some(begun, _e.started_at.desc(), limit)

    async def ended(
        self, since: datetime, until: datetime, limit: int
    ) -> tuple[int, list[EndedExperiment]]:
        # One on a dataset may have gone on after it was stopped.
        over = (_e.state.in_(_ENDS), _e.ended_at >= since, _e.ended_at < until)
        count, found = await self._some(over, _e.ended_at.desc(), limit)
        ids = [each.id for each in found]
        query = select(experiment_moves).where(_m.experiment_id.in_(ids), _m.what.in_(_ENDS))
        rows = await self._rows(query.order_by(_m.at, _m.id)) if ids else ()
        ends = {row["experiment_id"]: _moved(row) for row in rows}
        return count, [EndedExperiment(experiment=e, moved=ends.get(e.id)) for e in found]

    async def moves(
        self, since: datetime, until: datetime, whats: Sequence[What], limit: int
    ) -> tuple[int, list[MovedExperiment]]:
        during = (_m.at >= since, _m.at < until, _m.what.in_(whats))
        query: Any = select(experiment_moves, _e.name)
        query = query.join(experiments, _e.id == _m.experiment_id).where(*during)
        rows = await self._rows(query.order_by(_m.at.desc(), _m.id.desc()).limit(limit))
        found = [MovedExperiment(name=row["name"], moved=_moved(row)) for row in rows]
        return await self._count(during), found

    async def units(
        self, experiment_ids: Sequence[str], since: datetime, until: datetime
    ) -> dict[str, Units]:
        new = func.count().filter(_x.at >= since).label("new")
        query = select(_x.experiment_id, func.count().label("seen"), new)
        query = query.where(_x.experiment_id.in_(experiment_ids), _x.at < until)
        rows = await self._rows(query.group_by(_x.experiment_id))
        return {row["experiment_id"]: Units(seen=row["seen"], new=row["new"]) for row in rows}

    async def _decided(self, since: datetime, until: datetime) -> Counter[str]:
        """How many moves each one decided."""
        during = (_m.at >= since, _m.at < until)
        query: Any = select(_m.by, func.count().label("n"))
        query = query.where(*during, _m.what.in_(_DECIDED)).group_by(_m.by)
        found = Counter({row["by"]: int(row["n"]) for row in await self._rows(query)})
        promotions = select(_m.by, _m.facts, _e.plan).where(*during, _m.what.in_(_PROMOTED))
        promotions = promotions.join(experiments, _e.id == _m.experiment_id)
        for row in await self._rows(promotions):
            # A check promotes by itself where the plan says so, and never against the figures.
            found[row["by"]] += bool(not row["plan"].auto or row["facts"].get("forced"))
        return +found

    async def _some(
        self, where: Sequence[ColumnElement[bool]], order: Any, limit: int
    ) -> tuple[int, list[Experiment]]:
        query = select(experiments).where(*where).order_by(order, _e.id.desc()).limit(limit)
        found = [Experiment(**row) for row in await self._rows(query)]
        return await self._count(where), found

    async def _count(self, where: Sequence[ColumnElement[bool]]) -> int:
        (row,) = await self._rows(select(func.count().label("n")).where(*where))
        return row["n"]

    async def _rows(self, query: Query | Any) -> Sequence[RowMapping]:
        async with self._database.reading() as connection:
            return (await connection.execute(query)).mappings().all()


def _moved(row: RowMapping) -> Moved:
    return Moved(**{name: row[name] for name in Moved.__struct_fields__})
