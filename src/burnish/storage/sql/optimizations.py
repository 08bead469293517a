from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
from typing import Any, Unpack

from msgspec import structs
from sqlalchemy import (
    ColumnElement,
    RowMapping,
    Select,
    bindparam,
    case,
    delete,
    func,
    insert,
    select,
    tuple_,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from burnish.errors import Conflict, NotFound, UsageError
from burnish.storage.optimization import Change, Counts, Found, OfJob, Optimization, Standing, Step
from burnish.storage.sql.database import Database
from burnish.storage.sql.driver import TypedRows, driver_write
from burnish.storage.tables import optimization_answers, optimization_steps, optimizations
from burnish.storage.tables.base import encode_json

_o, _a, _s = optimizations.c, optimization_answers.c, optimization_steps.c
_OF_ONE = Optimization.__struct_fields__
_FIELDS = Found.__struct_fields__
_PAGE, _FEW = 500, 20
# The reference names the version; it is there for the index.
_ALIKE = ("prompt", "version_id", "dataset", "model", "goal")
# Written out, as rows of runs are: each answer becomes a row.
_PUT = (
    f"INSERT OR REPLACE INTO {optimization_answers.name} (optimization_id, {', '.join(_FIELDS)})"  # noqa: S608 - names of our own
    f" VALUES ({', '.join('?' * (len(_FIELDS) + 1))})"
)
_PUT_STEPS = (
    f"INSERT OR REPLACE INTO {optimization_steps.name}"  # noqa: S608 - names of our own
    " (optimization_id, step, operator, drafted, at) VALUES (?, ?, ?, ?, ?)"
)
_PLACE = (_a.candidate, _a.example, _a.repeat)
_AFTER = (
    select(*(_a[name] for name in _FIELDS))
    .where(
        _a.optimization_id == bindparam("id"),
        tuple_(*_PLACE) > tuple_(bindparam("candidate"), bindparam("example"), bindparam("repeat")),
    )
    .order_by(*_PLACE)
    .limit(_PAGE)
)
_TYPED = TypedRows(_AFTER)


class SqlOptimizations:
    """Answers pass through SQLite's own driver; other databases take them through SQLAlchemy."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._dialect = database.reader.dialect.name

    async def add(self, optimization: Optimization) -> None:
        try:
            async with self._database.writing() as connection:
                await connection.execute(insert(optimizations), structs.asdict(optimization))
        except IntegrityError:
            raise Conflict(
                f"there is an optimisation {optimization.id}", hint="give it another id"
            ) from None

    async def by_prefix(self, prefix: str, limit: int) -> list[Optimization]:
        where = (_o.id >= prefix, _o.id < f"{prefix}\U0010ffff")
        return await self._all(select(optimizations).where(*where).order_by(_o.id).limit(limit))

    async def page(
        self, limit: int, *, prompt: str = "", dataset: str = "", before: str = ""
    ) -> list[Optimization]:
        query = select(optimizations).order_by(_o.id.desc()).limit(limit)
        if before:
            query = query.where(_o.id < before)
        if prompt:
            query = query.where(*_versions_of(_o.prompt, prompt))
        if dataset:
            query = query.where(*_versions_of(_o.dataset, dataset))
        return await self._all(query)

    async def alike(self, optimization: Optimization) -> AsyncGenerator[Optimization]:
        same = [_o[name] == getattr(optimization, name) for name in _ALIKE]
        query = select(optimizations).where(*same).order_by(_o.id.desc()).limit(_FEW)
        page = await self._all(query)
        while page:
            for each in page:
                yield each
            page = await self._all(query.where(_o.id < page[-1].id))

    async def of_job(self, job_id: str) -> list[OfJob]:
        query = select(_o.id, _o.prompt).where(_o.job_id == job_id).order_by(_o.id)
        return [OfJob(**row) for row in await self._rows(query)]

    async def change(self, optimization_id: str, **fields: Unpack[Change]) -> None:
        changed = update(optimizations).where(_o.id == optimization_id).values(**fields)
        async with self._database.writing() as connection:
            if not (await connection.execute(changed)).rowcount:
                raise _gone(optimization_id)

    async def put(
        self, optimization_id: str, found: Sequence[Found], steps: Sequence[Step] = ()
    ) -> None:
        if not found and not steps:
            return
        found = await self._database.keeping.answers(found)
        try:
            if self._dialect == "sqlite":
                await self._put_by_driver(optimization_id, found, steps)
            else:
                async with self._database.writing() as connection:
                    await _replace(connection, optimization_id, found)
                    await _replace_steps(connection, optimization_id, steps)
        except IntegrityError:
            raise _gone(optimization_id) from None

    async def _put_by_driver(
        self, optimization_id: str, found: Sequence[Found], steps: Sequence[Step]
    ) -> None:
        rows = [_row(optimization_id, each) for each in found]
        made = [
            (optimization_id, e.step, e.operator, encode_json(e.drafted), _time(e.at))
            for e in steps
        ]
        both = ((_PUT, rows), (_PUT_STEPS, made))
        await driver_write(self._database, *((sql, given) for sql, given in both if given))

    async def steps(self, optimization_id: str) -> list[Step]:
        query = select(*(_s[name] for name in Step.__struct_fields__))
        query = query.where(_s.optimization_id == optimization_id).order_by(_s.step)
        return [Step(**row) for row in await self._rows(query)]

    async def found(self, optimization_id: str) -> AsyncGenerator[Found]:
        place: dict[str, Any] = {"candidate": "", "example": -1, "repeat": -1}
        while True:
            rows = await self._page_of_found({"id": optimization_id, **place})
            for row in rows:
                yield Found(**dict(zip(_FIELDS, row, strict=True)))
            if len(rows) < _PAGE:
                return
            place = dict(zip(place, rows[-1], strict=False))

    async def standings(self, optimization_id: str) -> list[Standing]:
        own = _a.optimization_id == optimization_id
        # Examples weigh the same, however often each was repeated.
        each = select(
            _a.candidate,
            func.avg(func.coalesce(_a.value, 0.0)).label("score"),
            *_sums(_a.cost_usd, case((_a.cost_usd.is_(None), 1), else_=0)),
            func.sum(_a.input_tokens).label("input_tokens"),
            func.sum(_a.output_tokens).label("output_tokens"),
        )
        each = each.where(own).group_by(_a.candidate, _a.example).subquery()
        sums = ("answers", "failed", "calls", "cost_usd", "unpriced")
        query = select(
            each.c.candidate,
            func.count().label("examples"),
            func.avg(each.c.score).label("score"),
            *(func.sum(each.c[name]).label(name) for name in (*sums, "input_tokens")),
            func.sum(each.c.output_tokens).label("output_tokens"),
        )
        query = query.group_by(each.c.candidate).order_by(each.c.candidate)
        return [_counted(Standing, row) for row in await self._rows(query)]

    async def counts(self, optimization_id: str) -> Counts:
        query = select(
            func.count(_a.candidate.distinct()).label("candidates"),
            *_sums(_a.paid_usd, _a.unpriced),
        )
        (row,) = await self._rows(query.where(_a.optimization_id == optimization_id))
        return _counted(Counts, row)

    async def delete(self, optimization_id: str) -> None:
        async with self._database.writing() as connection:
            for table in (optimization_answers, optimization_steps):
                own = table.c.optimization_id == optimization_id
                await connection.execute(delete(table).where(own))
            await connection.execute(delete(optimizations).where(_o.id == optimization_id))

    async def _page_of_found(self, values: dict[str, Any]) -> Sequence[Sequence[Any]]:
        if self._dialect == "sqlite":
            return await _TYPED.tuples(self._database, values)
        async with self._database.reading() as connection:
            return (await connection.execute(_AFTER, values)).all()

    async def _all(self, query: Select[Any]) -> list[Optimization]:
        rows = await self._rows(query)
        return [Optimization(**{name: row[name] for name in _OF_ONE}) for row in rows]

    async def _rows(self, query: Any) -> Sequence[RowMapping]:
        async with self._database.reading() as connection:
            return (await connection.execute(query)).mappings().all()


async def _replace(
    connection: AsyncConnection, optimization_id: str, found: Sequence[Found]
) -> None:
    if not found:
        return
    # The last of a place counts.
    rows = {(each.candidate, each.example, each.repeat): each for each in found}
    there = (_a.optimization_id == optimization_id, tuple_(*_PLACE).in_(list(rows)))
    await connection.execute(delete(optimization_answers).where(*there))
    await connection.execute(
        insert(optimization_answers),
        [{"optimization_id": optimization_id, **structs.asdict(e)} for e in rows.values()],
    )


async def _replace_steps(
    connection: AsyncConnection, optimization_id: str, steps: Sequence[Step]
) -> None:
    if not steps:
        return
    there = (_s.optimization_id == optimization_id, _s.step.in_([s.step for s in steps]))
    rows = [{"optimization_id": optimization_id, **structs.asdict(step)} for step in steps]
    await connection.execute(delete(optimization_steps).where(*there))
    await connection.execute(insert(optimization_steps), rows)


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _versions_of(column: ColumnElement[str], name: str) -> tuple[ColumnElement[bool], ...]:
    """A range, which an index finds: what follows `@` among characters is `A`."""
    return column >= f"{name}@", column < f"{name}A"


def _sums(
    cost_usd: ColumnElement[Any], unpriced: ColumnElement[int]
) -> tuple[ColumnElement[Any], ...]:
    return (
        func.count().label("answers"),
        func.count(case((_a.error != "", 1))).label("failed"),
        func.coalesce(func.sum(_a.calls), 0).label("calls"),
        func.coalesce(func.sum(cost_usd), 0.0).label("cost_usd"),
        func.coalesce(func.sum(unpriced), 0).label("unpriced"),
    )


_NO_COUNTS = ("candidate", "score", "cost_usd")


def _counted(shape: Any, row: RowMapping) -> Any:
    """Sums of whole numbers are no whole numbers everywhere."""
    return shape(**{name: v if name in _NO_COUNTS else int(v) for name, v in row.items()})


def _gone(optimization_id: str) -> NotFound:
    return NotFound(f"there is no optimisation {optimization_id}", hint="it was deleted meanwhile")


def _row(optimization_id: str, found: Found) -> tuple[Any, ...]:
    if "\0" in found.output or "\0" in found.error or "\0" in found.notes:
        raise UsageError("an answer holds a NUL character", hint="see the run's record")
    return (
        optimization_id,
        found.candidate,
        found.example,
        found.repeat,
        found.value,
        found.cost_usd,
        found.latency_ms,
        found.input_tokens,
        found.output_tokens,
        found.calls,
        found.error,
        found.output,
        found.notes,
        found.run_id,
        found.paid_usd,
        found.unpriced,
    )
