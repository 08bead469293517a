from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import structs
from sqlalchemy import (
    ColumnElement,
    String,
    and_,
    bindparam,
    case,
    cast,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from burnish.errors import Conflict, NotFound, UsageError
from burnish.storage.evaluation import Counts, Evaluation, Numbered, Stop
from burnish.storage.result import UNFIT, Result
from burnish.storage.sql.database import Database
from burnish.storage.sql.driver import TypedRows, driver_write
from burnish.storage.tables import evaluations, results

_e, _r = evaluations.c, results.c
_FIELDS = Result.__struct_fields__
_PAGE = 500
# Written out, as rows of runs are: each answer becomes a row.
_PUT = (
    f"INSERT OR REPLACE INTO {results.name} (evaluation_id, cell, {', '.join(_FIELDS)})"  # noqa: S608 - names of our own
    f" VALUES ({', '.join('?' * (len(_FIELDS) + 2))})"
)
_ENCODER = msgspec.json.Encoder()
_AFTER = (
    select(_r.cell, *(_r[name] for name in _FIELDS))
    .where(_r.evaluation_id == bindparam("id"), _r.cell > bindparam("last"))
    .order_by(_r.cell)
    .limit(_PAGE)
)
_TYPED = TypedRows(_AFTER)


class SqlEvaluations:
    """Results pass through SQLite's own driver; other databases take them through SQLAlchemy."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._dialect = database.reader.dialect.name

    async def add(self, evaluation: Evaluation) -> None:
        try:
            async with self._database.writing() as connection:
                await connection.execute(insert(evaluations), structs.asdict(evaluation))
        except IntegrityError:
            raise Conflict(
                f"there is an evaluation {evaluation.id}", hint="give it another id"
            ) from None

    async def by_prefix(self, prefix: str, limit: int) -> list[Evaluation]:
        where = (_e.id >= prefix, _e.id < f"{prefix}\U0010ffff")
        return await self._evaluations(select(evaluations).where(*where).limit(limit))

    async def page(
        self, limit: int, *, prompt: str = "", dataset: str = "", before: str = ""
    ) -> list[Evaluation]:
        query = select(evaluations).order_by(_e.id.desc()).limit(limit)
        if before:
            query = query.where(_e.id < before)
        if dataset:
            query = query.where(_e.dataset.startswith(f"{dataset}@", autoescape=True))
        if prompt:
            # Names of prompts hold no quotation mark, so it bounds them in the JSON of the list.
            query = query.where(cast(_e.prompts, String).contains(f'"{prompt}@', autoescape=True))
        return await self._evaluations(query)

    async def end(self, evaluation_id: str, stop: Stop, at: datetime) -> None:
        ended = update(evaluations).where(_e.id == evaluation_id)
        async with self._database.writing() as connection:
            await connection.execute(ended.values(stop=stop, ended_at=at))

    async def begin_again(self, evaluation_id: str) -> int:
        again = update(evaluations).where(_e.id == evaluation_id).values(stop="", ended_at=None)
        # Without a score is also an answer whose scores are told but do not count.
        scores = cast(_r.scores, String)
        untold = or_(scores.contains('"value":null'), scores.contains('"value": null'))
        unscored = and_(_r.score.is_(None), untold)
        failed = delete(results).where(
            _r.evaluation_id == evaluation_id, or_(_r.error != "", unscored)
        )
        async with self._database.writing() as connection:
            await connection.execute(again)
            return (await connection.execute(failed)).rowcount

    async def put(self, evaluation_id: str, results: Sequence[Numbered]) -> None:
        if not results:
            return
        results = await self._database.keeping.results(results)
        if self._dialect == "sqlite":
            rows = [_row(evaluation_id, each) for each in results]
            try:
                await driver_write(self._database, (_PUT, rows))
            except IntegrityError:
                raise NotFound(
                    f"there is no evaluation {evaluation_id}", hint="it was deleted meanwhile"
                ) from None
            return
        await self._replace(evaluation_id, results)

    async def cells(self, evaluation_id: str) -> list[int]:
        query = select(_r.cell).where(_r.evaluation_id == evaluation_id).order_by(_r.cell)
        async with self._database.reading() as connection:
            return list((await connection.scalars(query)).all())

    async def counts(self, evaluation_id: str) -> list[Counts]:
        answered = _r.error == ""
        asked = and_(_r.cached.is_(False), _r.error.not_like(f"%{UNFIT}%"))
        query = select(
            _r.prompt,
            _r.model,
            func.count().label("results"),
            _count(asked).label("asked"),
            _count(_r.error != "").label("failed"),
            func.count(_r.passed).label("judged"),
            _count(_r.passed).label("passed"),
            func.count(_r.score).label("scored"),
            func.coalesce(func.sum(_r.score), 0.0).label("score"),
            (_total(case((asked, _r.cost_usd), else_=0.0)) + _total(_r.judge_cost_usd)).label(
                "cost_usd"
            ),
            _count(
                or_(and_(asked, answered, _r.cost_usd.is_(None)), _r.judge_cost_usd.is_(None))
            ).label("unpriced"),
        )
        query = query.where(_r.evaluation_id == evaluation_id).group_by(_r.prompt, _r.model)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [Counts(**row) for row in rows]

    async def results(self, evaluation_id: str) -> AsyncGenerator[Result]:
        last = -1
        while True:
            rows = await self._page_of_results({"id": evaluation_id, "last": last})
            for row in rows:
                yield Result(**dict(zip(_FIELDS, row[1:], strict=True)))
            if len(rows) < _PAGE:
                return
            last = rows[-1][0]

    async def _page_of_results(self, values: dict[str, Any]) -> Sequence[Sequence[Any]]:
        if self._dialect == "sqlite":
            return await _TYPED.tuples(self._database, values)
        async with self._database.reading() as connection:
            return (await connection.execute(_AFTER, values)).all()

    async def delete(self, evaluation_id: str) -> None:
        async with self._database.writing() as connection:
            await connection.execute(delete(results).where(_r.evaluation_id == evaluation_id))
            await connection.execute(delete(evaluations).where(_e.id == evaluation_id))

    async def _replace(self, evaluation_id: str, given: Sequence[Numbered]) -> None:
        cells = [each.cell for each in given]
        rows = [
            {"evaluation_id": evaluation_id, "cell": each.cell, **structs.asdict(each.result)}
            for each in given
        ]
        async with self._database.writing() as connection:
            await connection.execute(
                delete(results).where(_r.evaluation_id == evaluation_id, _r.cell.in_(cells))
            )
            await connection.execute(insert(results), rows)

    async def _evaluations(self, query: Any) -> list[Evaluation]:
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings()
        return [Evaluation(**{name: row[name] for name in _OF_ONE}) for row in rows]


_OF_ONE = Evaluation.__struct_fields__


def _total(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(func.sum(column), 0.0)


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((condition, 1)))


def _row(evaluation_id: str, each: Numbered) -> tuple[Any, ...]:
    result = each.result
    if "\0" in result.output or "\0" in result.error:
        raise UsageError("an answer holds a NUL character", hint="see the run's record")
    return (
        evaluation_id,
        each.cell,
        result.prompt,
        result.model,
        result.example,
        result.repeat,
        result.run_id,
        result.output,
        result.error,
        _json(result.scores),
        result.score,
        result.passed,
        result.latency_ms,
        result.input_tokens,
        result.output_tokens,
        result.cost_usd,
        result.cached,
        result.judge_calls,
        result.judge_cost_usd,
        _json(result.tags),
    )


def _json(value: Any) -> str:
    return _ENCODER.encode(value).decode() if value else "[]"
