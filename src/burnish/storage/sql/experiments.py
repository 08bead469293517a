from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import Any

from msgspec import structs
from sqlalchemy import (
    ColumnElement,
    Insert,
    Select,
    Table,
    and_,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from burnish.errors import Conflict
from burnish.storage.experiment import (
    Came,
    Experiment,
    Exposure,
    Moved,
    Outcome,
    State,
    Tally,
    UnitValue,
)
from burnish.storage.sql.database import Database
from burnish.storage.sql.unit_values import UnitValues
from burnish.storage.tables import experiment_moves, experiments, exposures, outcomes

_e, _m, _x, _o = experiments.c, experiment_moves.c, exposures.c, outcomes.c
_AT_ONCE = 500


class SqlExperiments:
    def __init__(self, database: Database) -> None:
        self._database = database
        dialect = database.reader.dialect.name
        self._expose, self._record = _once(exposures, dialect), _first_in_time(dialect)
        self._values = UnitValues(database)

    async def add(self, experiment: Experiment, moved: Moved) -> None:
        try:
            async with self._database.writing() as connection:
                await connection.execute(insert(experiments), structs.asdict(experiment))
                await connection.execute(insert(experiment_moves), _line(experiment, moved))
        except IntegrityError:
            raise Conflict(
                f"there is an experiment {experiment.name!r} already",
                hint="name it otherwise, or delete that one",
                subject=experiment.name,
            ) from None

    async def by_name(self, name: str) -> Experiment | None:
        found = await self._all(select(experiments).where(_e.name == name))
        return found[0] if found else None

    async def by_prefix(self, prefix: str, limit: int) -> list[Experiment]:
        where = (_e.id >= prefix, _e.id < f"{prefix}\U0010ffff")
        return await self._all(select(experiments).where(*where).order_by(_e.id).limit(limit))

    async def page(
        self, limit: int, *, state: State | None = None, prompt: str = "", before: str = ""
    ) -> list[Experiment]:
        query = select(experiments).order_by(_e.id.desc()).limit(limit)
        if state is not None:
            query = query.where(_e.state == state)
        if prompt:
            query = query.where(_e.prompt == prompt)
        if before:
            query = query.where(_e.id < before)
        return await self._all(query)

    async def change(self, experiment: Experiment, moved: Moved) -> Experiment:
        new = structs.replace(experiment, revision=experiment.revision + 1)
        same = (_e.id == experiment.id, _e.revision == experiment.revision)
        changed = update(experiments).where(*same).values(structs.asdict(new))
        async with self._database.writing() as connection:
            if not (await connection.execute(changed)).rowcount:
                raise Conflict(
                    f"somebody else has changed experiment {experiment.name!r} meanwhile",
                    hint="look at it again, then try again",
                    subject=experiment.name,
                )
            await connection.execute(insert(experiment_moves), _line(experiment, moved))
        return new

    async def log(self, experiment_id: str, limit: int) -> list[Moved]:
        query = select(*(_m[name] for name in Moved.__struct_fields__))
        query = query.where(_m.experiment_id == experiment_id).order_by(_m.id.desc()).limit(limit)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings()
        return [Moved(**row) for row in rows]

    async def delete(self, experiment_id: str) -> None:
        async with self._database.writing() as connection:
            for table in (outcomes, exposures, experiment_moves):
                await connection.execute(
                    delete(table).where(table.c.experiment_id == experiment_id)
                )
            await connection.execute(delete(experiments).where(_e.id == experiment_id))

    async def live(self, prompt: str) -> list[Experiment]:
        query = select(experiments).where(
            _e.prompt == prompt, _e.kind == "online", _e.state.in_(("running", "paused"))
        )
        return await self._all(query.order_by(_e.id))

    async def expose(self, exposures: Sequence[Exposure]) -> None:
        await self._add(self._expose, exposures)

    async def seen(self, experiment_id: str, units: Sequence[str]) -> dict[str, str]:
        return await self._of_units(experiment_id, units, _x.variant)

    async def since(self, experiment_id: str, units: Sequence[str]) -> dict[str, datetime]:
        return await self._of_units(experiment_id, units, _x.since)

    async def _of_units(
        self, experiment_id: str, units: Sequence[str], what: ColumnElement[Any]
    ) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for start in range(0, len(units), _AT_ONCE):
            some = units[start : start + _AT_ONCE]
            query = select(_x.unit, what).where(
                _x.experiment_id == experiment_id, _x.unit.in_(some)
            )
            async with self._database.reading() as connection:
                found |= {row[0]: row[1] for row in await connection.execute(query)}
        return found

    async def record(self, outcomes: Sequence[Outcome]) -> int:
        return await self._add(self._record, outcomes)

    async def served(self, run_id: str) -> list[tuple[str, str]]:
        query = select(_o.experiment_id, _o.unit).distinct().where(_o.run_id == run_id)
        async with self._database.reading() as connection:
            rows = await connection.execute(query)
        return [(experiment_id, unit) for experiment_id, unit in rows] if run_id else []

    async def values(
        self,
        experiment_id: str,
        metric: str,
        until: datetime | None = None,
        *,
        before: bool = False,
    ) -> AsyncGenerator[UnitValue]:
        pages = self._values.pages(experiment_id, metric, until, before=before)
        async for some in pages:
            for each in some:
                yield each

    async def came(self, experiment_id: str, metric: str) -> AsyncGenerator[Came]:
        async for some in self._values.came(experiment_id, metric):
            for each in some:
                yield each

    async def tally(self, experiment_id: str) -> Tally:
        own = (_x.experiment_id == experiment_id, _o.experiment_id == experiment_id)
        units = select(_x.variant, func.count()).where(own[0]).group_by(_x.variant)
        counts = select(_o.metric, func.count(), func.max(_o.at)).where(own[1]).group_by(_o.metric)
        seen = outcomes.outerjoin(
            exposures, and_(_x.experiment_id == _o.experiment_id, _x.unit == _o.unit)
        )
        lost = select(func.count().filter(_x.unit.is_(None)), func.count().filter(_o.at < _x.since))
        last = select(func.max(_x.at)).where(own[0])
        async with self._database.reading() as connection:
            by_variant = {row[0]: row[1] for row in await connection.execute(units)}
            by_metric = (await connection.execute(counts)).all()
            (missing, early) = (
                await connection.execute(lost.select_from(seen).where(own[1]))
            ).one()
            newest = await connection.scalar(last)
        times = [at for _, _, at in by_metric if at is not None]
        return Tally(
            units=by_variant,
            outcomes={name: n for name, n, _ in by_metric},
            unmatched=missing,
            early=early,
            last_at=max(filter(None, (newest, *times)), default=None),
        )

    async def _add(self, statement: Insert, given: Sequence[Exposure] | Sequence[Outcome]) -> int:
        if not given:
            return 0
        rows = [structs.asdict(each) for each in given]
        async with self._database.writing() as connection:
            return (await connection.execute(statement, rows)).rowcount

    async def _all(self, query: Select[Any]) -> list[Experiment]:
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings()
        return [Experiment(**row) for row in rows]


def _once(table: Table, dialect: str) -> Insert:
    """An insert that leaves alone what is there."""
    return _insert(table, dialect).on_conflict_do_nothing()


def _first_in_time(dialect: str) -> Insert:
    """As `_once`, but a unit's only outcome (no key) that is from before it saw its variant gives
    way to the first one after, which would be lost as a second one."""
    statement = _insert(outcomes, dialect)
    new = statement.excluded
    # By name: as columns they would be looked for in a table of their own, joined to all of it.
    own = [_x[name] == literal_column(f"excluded.{name}") for name in ("experiment_id", "unit")]
    since = select(_x.since).where(*own).scalar_subquery()
    return statement.on_conflict_do_update(
        index_elements=["experiment_id", "unit", "metric", "key"],
        set_={name: new[name] for name in ("value", "denominator", "run_id", "at")},
        where=and_(_o.key == "", _o.at < since, new.at >= since),
    )


def _insert(table: Table, dialect: str) -> Any:
    # A dialect takes long to import, so only the one in use is.
    if dialect == "sqlite":
        from sqlalchemy.dialects.sqlite import insert as own
    else:
        from sqlalchemy.dialects.postgresql import insert as own
    return own(table)


def _line(experiment: Experiment, moved: Moved) -> dict[str, Any]:
    return {"experiment_id": experiment.id, **structs.asdict(moved)}
