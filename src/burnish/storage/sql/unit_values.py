"""What was recorded of the units of an experiment, page by page."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Label,
    Select,
    String,
    and_,
    bindparam,
    func,
    or_,
    select,
)

from burnish.storage.experiment import Came, UnitValue
from burnish.storage.sql.database import Database
from burnish.storage.sql.driver import TypedRows
from burnish.storage.tables import exposures, outcomes
from burnish.storage.tables.base import UtcTime

_x, _o = exposures.c, outcomes.c
# The loop waits for no more rows than that to be read.
_PAGE = 2_000
_ALWAYS = datetime.max.replace(tzinfo=UTC)
_NEVER = datetime.min.replace(tzinfo=UTC)


class UnitValues:
    """Rows pass through SQLite's own driver; other databases give them through SQLAlchemy."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._is_sqlite = database.reader.dialect.name == "sqlite"

    async def pages(
        self, experiment_id: str, metric: str, until: datetime | None, *, before: bool
    ) -> AsyncGenerator[list[UnitValue]]:
        place: dict[str, Any] = {"after_at": _NEVER, "after": ""}
        known = {"experiment": experiment_id, "metric": metric, "until": until or _ALWAYS}
        while True:
            rows = await self._rows("before" if before else "since", known | place)
            yield [
                UnitValue(
                    unit=unit,
                    variant=variant,
                    chance=chance,
                    slices=slices,
                    at=at,
                    value=value,
                    denominator=denominator,
                    rows=count,
                )
                for unit, variant, chance, slices, at, value, denominator, count in rows
            ]
            if len(rows) < _PAGE:
                return
            place = {"after_at": rows[-1][4], "after": rows[-1][0]}

    async def came(self, experiment_id: str, metric: str) -> AsyncGenerator[list[Came]]:
        place = {"after": "", "after_key": ""}
        known = {"experiment": experiment_id, "metric": metric}
        while True:
            rows = await self._rows("came", known | place)
            yield [
                Came(unit=unit, value=value, denominator=denominator, at=at)
                for unit, _, value, denominator, at in rows
            ]
            if len(rows) < _PAGE:
                return
            place = {"after": rows[-1][0], "after_key": rows[-1][1]}

    async def _rows(self, what: str, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        if self._is_sqlite:
            return await _TYPED[what].tuples(self._database, values)
        async with self._database.reading() as connection:
            return (await connection.execute(_QUERIES[what], values)).all()


def _time(name: str) -> Any:
    return bindparam(name, type_=UtcTime())


def _text(name: str) -> BindParameter[str]:
    return bindparam(name, type_=String())


def _values(*, before: bool) -> Select[Any]:
    """A page of units, each with the sums of what was recorded of it in time."""
    at, unit = _time("after_at"), _text("after")
    ours = select(exposures).where(
        _x.experiment_id == bindparam("experiment"),
        _x.at <= _time("until"),
        or_(_x.at > at, and_(_x.at == at, _x.unit > unit)),
    )
    page = ours.order_by(_x.at, _x.unit).limit(_PAGE).subquery()
    p = page.c
    own = (
        _o.experiment_id == p.experiment_id,
        _o.unit == p.unit,
        _o.metric == _text("metric"),
        _o.at < p.since if before else _o.at >= p.since,
        _o.at <= _time("until"),
    )

    def each(figure: ColumnElement[Any], name: str) -> Label[Any]:
        # Asked for unit by unit, along the key: joined to what is summed up apart, every unit would
        # be looked for among all of the page.
        found = select(figure).where(*own).scalar_subquery()
        return func.coalesce(found, 0).label(name)

    told = (
        each(func.sum(_o.value), "value"),
        each(func.sum(_o.denominator), "denominator"),
        each(func.count(), "rows"),
    )
    query: Any = select(*(p[name] for name in ("unit", "variant", "chance", "slices", "at")), *told)
    ordered: Select[Any] = query.order_by(p.at, p.unit)
    return ordered


def _came() -> Select[Any]:
    """A page of outcomes, along their key."""
    same = and_(_x.experiment_id == _o.experiment_id, _x.unit == _o.unit)
    unit, key = _text("after"), _text("after_key")
    query: Any = (
        select(_o.unit, _o.key, _o.value, _o.denominator, _o.at)
        .join(exposures, same)
        .where(
            _o.experiment_id == bindparam("experiment"),
            _o.metric == bindparam("metric"),
            _o.at >= _x.since,
            or_(_o.unit > unit, and_(_o.unit == unit, _o.key > key)),
        )
    )
    ordered: Select[Any] = query.order_by(_o.unit, _o.key).limit(_PAGE)
    return ordered


_QUERIES = {"since": _values(before=False), "before": _values(before=True), "came": _came()}
_TYPED = {name: TypedRows(query) for name, query in _QUERIES.items()}
