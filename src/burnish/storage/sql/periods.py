"""Periods out of the tables: sums by the database, so that a million runs stay where they are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from msgspec import structs
from sqlalchemy import (
    ColumnElement,
    RowMapping,
    and_,
    case,
    func,
    literal,
    literal_column,
    or_,
    select,
)

from burnish.storage.evaluation import Evaluation
from burnish.storage.period import (
    Doings,
    Failures,
    PromptRatings,
    PromptResults,
    PromptRuns,
    RunStep,
    RunTotal,
    Spent,
)
from burnish.storage.sql import histogram
from burnish.storage.sql.database import Database
from burnish.storage.sql.period_experiments import PeriodExperiments
from burnish.storage.sql.period_results import results_of, results_query
from burnish.storage.sql.run_stats import SUMS, conditions, stat_of
from burnish.storage.stats import StatFilter
from burnish.storage.tables import (
    evaluations,
    jobs,
    prompt_versions,
    prompts,
    run_hours,
    runs,
)

_c, _r, _v, _e = run_hours.c, runs.c, prompt_versions.c, evaluations.c
# The index of failed runs is taken where the condition says so without a value to be bound.
_EMPTY: ColumnElement[str] = literal_column("''")
_AT_ONCE = 500
_MAX_REASON = 120
# Of latencies that fewer runs have, the ranks around a percentile tell nothing of it.
_LEAST_TIMED = 200
_SURE = 2.5758
_PEOPLE = 1_000


class SqlPeriods(PeriodExperiments):
    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._place: Any = func.instr
        if database.reader.dialect.name != "sqlite":
            self._place = func.strpos

    async def total(self, where: StatFilter) -> RunTotal | None:
        named = case((_c.prompt != "", _c.prompt))
        joined = func.aggregate_strings(_c.latencies, "").label("latencies")
        query = select(
            *(func.sum(_c[name]).label(name) for name in SUMS),
            func.count(named.distinct()).label("prompts"),
            joined,
        )
        (row,) = await self._rows(query.where(*conditions(where)))
        if not row["runs"]:
            return None
        low, high = _around_p95(row["latencies"], row["timed"])
        return RunTotal(
            stat=stat_of("", [row]), prompts=row["prompts"], p95_low_ms=low, p95_high_ms=high
        )

    async def steps(self, where: StatFilter, step_h: int) -> list[RunStep]:
        assert where.until is not None
        end = -int(-where.until.timestamp() // 3600)
        back = ((literal(end - 1) - _c.hour) // step_h).label("back")
        query = select(back, *_sums()).where(*conditions(where)).group_by("back")
        return [
            RunStep(
                at=_time(end - (row["back"] + 1) * step_h),
                runs=int(row["runs"]),
                errors=int(row["errors"]),
                tokens=int(row["tokens"]),
                cost_usd=_cost(row),
            )
            for row in sorted(await self._rows(query), key=lambda row: -row["back"])
        ]

    async def spent(
        self, by: Literal["prompt", "model"], where: StatFilter, limit: int
    ) -> list[Spent]:
        name: ColumnElement[str] = _c[by].label("name")
        query: Any = select(name, *_sums()).where(*conditions(where)).group_by(_c[by])
        query = query.order_by(
            func.sum(_c.cost_usd).desc(), func.sum(_c.runs).desc(), _c[by]
        ).limit(limit)
        return [
            Spent(
                name=row["name"],
                runs=int(row["runs"]),
                errors=int(row["errors"]),
                tokens=int(row["tokens"]),
                cost_usd=_cost(row),
                cost_unknown=int(row["cost_unknown"]),
            )
            for row in await self._rows(query)
        ]

    async def prompts(self, where: StatFilter, before: StatFilter, limit: int) -> list[PromptRuns]:
        now, then = and_(*conditions(where)), and_(*conditions(before))
        sums = [
            func.sum(case((during, _c[name]), else_=0)).label(f"{name}{suffix}")
            for during, suffix in ((now, ""), (then, "_before"))
            for name in ("runs", "errors", "validated", "valid")
        ]
        query: Any = select(_c.prompt.label("name"), *sums)
        query = query.where(_c.prompt != "", or_(now, then)).group_by(_c.prompt)
        query = query.order_by(func.sum(case((now, _c.runs), else_=0)).desc(), _c.prompt)
        return [_counted(PromptRuns, row) for row in await self._rows(query.limit(limit))]

    async def results(self, since: datetime, until: datetime, limit: int) -> list[PromptResults]:
        rows = await self._rows(results_query(since, until, limit))
        return [results_of(row) for row in rows]

    async def ratings(self, names: Sequence[str]) -> list[PromptRatings]:
        p = prompts.c
        found: list[PromptRatings] = []
        for start in range(0, len(names), _AT_ONCE):
            some = names[start : start + _AT_ONCE]
            query = select(p.name, p.rating_count, p.rating_sum).where(
                p.name.in_(some), p.deleted_at.is_(None), p.rating_count > 0
            )
            found += [
                PromptRatings(name=row["name"], count=row["rating_count"], total=row["rating_sum"])
                for row in await self._rows(query)
            ]
        return found

    async def failures(self, where: StatFilter, limit: int) -> list[Failures]:
        at = self._place(_r.error, ": ")
        reason = case((at > 1, func.substr(_r.error, 1, at - 1)), else_=_r.error)
        shown = func.substr(reason, 1, _MAX_REASON).label("reason")
        query: Any = select(shown, func.count().label("runs")).where(
            *_of_runs(where), _r.error != _EMPTY
        )
        query = query.group_by("reason").order_by(func.count().desc(), "reason").limit(limit)
        return [_counted(Failures, row) for row in await self._rows(query)]

    async def doings(self, where: StatFilter, limit: int) -> list[Doings]:
        since, until = where.since, where.until
        assert since is not None
        assert until is not None
        found = await self._ran(where)
        for name, who, at in (
            ("versions", _v.author, _v.created_at),
            ("evaluations", _e.who, _e.ended_at),
        ):
            query: Any = select(who.label("who"), func.count().label("n"))
            query = query.where(at >= since, at < until).group_by(who)
            for row in await self._rows(query.order_by(func.count().desc()).limit(_PEOPLE)):
                one = found.get(row["who"], Doings(who=row["who"]))
                found[row["who"]] = structs.replace(one, **{name: row["n"]})
        for by, count in (await self._decided(since, until)).items():
            found[by] = structs.replace(found.get(by, Doings(who=by)), moves=count)
        order = sorted(found.values(), key=lambda one: (-one.runs, -_did(one), one.who))
        return order[:limit]

    async def _ran(self, where: StatFilter) -> dict[str, Doings]:
        query = select(
            _r.who,
            func.count().label("runs"),
            func.count().filter(_r.error != _EMPTY).label("errors"),
            func.coalesce(func.sum(_r.cost_usd), 0.0).label("cost_usd"),
            func.count().filter(_r.cost_usd.is_(None)).label("cost_unknown"),
        )
        query = query.where(*_of_runs(where)).group_by(_r.who)
        rows = await self._rows(query.order_by(func.count().desc()).limit(_PEOPLE))
        return {
            row["who"]: Doings(
                who=row["who"],
                runs=row["runs"],
                errors=row["errors"],
                cost_usd=_cost(row),
                cost_unknown=row["cost_unknown"],
            )
            for row in rows
        }

    async def made(self, since: datetime, until: datetime) -> tuple[int, int]:
        first = func.count().filter(_v.revision == 1)
        query = select(func.count().label("n"), first.label("first"))
        (row,) = await self._rows(query.where(_v.created_at >= since, _v.created_at < until))
        return row["n"], row["first"]

    async def evaluations(
        self, since: datetime, until: datetime, limit: int
    ) -> tuple[int, list[Evaluation]]:
        ended = (_e.ended_at >= since, _e.ended_at < until)
        (count,) = await self._rows(select(func.count().label("n")).where(*ended))
        newest = select(evaluations).where(*ended).order_by(_e.ended_at.desc(), _e.id).limit(limit)
        return count["n"], [_of(Evaluation, row) for row in await self._rows(newest)]

    async def gates(self, evaluation_ids: Sequence[str]) -> dict[str, str]:
        """A job that was left an evaluation has its id as key, one that planned it has its id, and
        those that went on with it have its id and a number as key."""
        j = jobs.c
        again = [j.key.startswith(f"{each} ", autoescape=True) for each in evaluation_ids]
        own = or_(j.key.in_(evaluation_ids), j.id.in_(evaluation_ids), *again)
        query = select(j.id, j.key, j.result, j.state).where(
            own, j.kind == "evaluation", j.state != "queued"
        )
        found: dict[str, str] = {}
        for row in await self._rows(query.order_by(j.created_at, j.id)):
            result: dict[str, Any] = row["result"] or {}
            key = (row["key"] or "").split(" ")[0]
            evaluation_id = key if key in evaluation_ids else row["id"]
            # Whoever went on may have set no bound: then no gate holds for what it is now.
            found[evaluation_id] = str(result.get("gate", "")) if row["state"] == "done" else ""
        return {name: gate for name, gate in found.items() if gate}


def _sums() -> list[ColumnElement[Any]]:
    tokens = func.sum(_c.input_tokens + _c.output_tokens).label("tokens")
    names = ("runs", "errors", "cost_usd", "cost_unknown")
    return [*(func.sum(_c[name]).label(name) for name in names), tokens]


def _cost(row: RowMapping) -> float | None:
    return None if row["cost_unknown"] == row["runs"] else float(row["cost_usd"])


def _time(hour: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=int(hour))


def _of(shape: Any, row: RowMapping) -> Any:
    return shape(**{name: row[name] for name in shape.__struct_fields__})


def _counted(shape: Any, row: RowMapping) -> Any:
    """A name or more with counts: sums of whole numbers are no whole numbers everywhere."""
    values = ((name, row[name]) for name in shape.__struct_fields__)
    return shape(**{name: v if isinstance(v, str) else int(v) for name, v in values})


def _of_runs(where: StatFilter) -> list[ColumnElement[bool]]:
    assert where.since is not None
    assert where.until is not None
    wanted = [_r.created_at >= where.since, _r.created_at < where.until]
    return [*wanted, _r.model != where.not_model] if where.not_model is not None else wanted


def _around_p95(latencies: str, n: int) -> tuple[float | None, float | None]:
    """By the ranks that the binomial distribution gives the percentile's place."""
    if n < _LEAST_TIMED:
        return None, None
    off = _SURE * math.sqrt(0.95 * 0.05 / n)
    low, high = histogram.percentiles_ms(latencies, (0.95 - off, min(0.95 + off, 1.0)))
    return low, high


def _did(one: Doings) -> int:
    return one.versions + one.evaluations + one.moves
