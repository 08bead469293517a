"""Runs added up to hours, and hours to statistics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Insert, RowMapping, and_, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from burnish.storage.run import Run
from burnish.storage.sql import histogram
from burnish.storage.sql.queries import Query, of_agent
from burnish.storage.stats import RunStat, StatBy, StatFilter
from burnish.storage.tables import run_hours

_c = run_hours.c
_KEY = ("hour", "kind", "prompt", "model")
SUMS = (
    "runs", "successes", "errors", "requests", "retries", "cached", "validated", "valid",
    "input_tokens", "output_tokens", "cached_tokens", "cost_usd", "cost_unknown", "timed",
    "latency_sum_ms",
)  # fmt: skip
_LONG = 4000
ENTRY_CHARS = histogram.ENTRY_CHARS
Key = tuple[int, str, str, str]


class _Hour:
    """What the runs of one hour, kind, prompt and model add up to."""

    __slots__ = (*SUMS, "buckets")

    def __init__(self) -> None:
        self.runs = self.successes = self.errors = self.requests = self.retries = 0
        self.cached = self.validated = self.valid = self.cost_unknown = self.timed = 0
        self.input_tokens = self.output_tokens = self.cached_tokens = 0
        self.cost_usd = self.latency_sum_ms = 0.0
        self.buckets: dict[int, int] = {}

    def add(self, run: Run) -> None:
        self.runs += 1
        self.requests += run.requests
        self.retries += run.retries
        self.input_tokens += run.input_tokens
        self.output_tokens += run.output_tokens
        self.cached_tokens += run.cached_tokens
        if run.cost_usd is None:
            self.cost_unknown += 1
        else:
            self.cost_usd += run.cost_usd
        if run.valid is not None:
            self.validated += 1
            self.valid += run.valid
        if run.error:
            self.errors += 1
            return
        self.successes += 1
        if run.cached:
            self.cached += 1
            return
        self.timed += 1
        self.latency_sum_ms += run.latency_ms
        bucket = histogram.bucket_of(run.latency_ms)
        self.buckets[bucket] = self.buckets.get(bucket, 0) + 1


def add_up(runs: Iterable[Run]) -> list[dict[str, Any]]:
    """The rows to add, in the order of their keys, which keeps writers out of deadlocks."""
    hours: dict[Key, _Hour] = {}
    for run in runs:
        key = (int(run.created_at.timestamp() // 3600), run.kind, run.prompt, run.model)
        hour = hours.get(key)
        if hour is None:
            hour = hours[key] = _Hour()
        hour.add(run)
    return [
        dict(zip(_KEY, key, strict=True))
        | {name: getattr(hours[key], name) for name in SUMS}
        | {"latencies": histogram.pack(hours[key].buckets)}
        for key in sorted(hours)
    ]


def upsert(dialect: str) -> Insert:
    # A dialect takes long to import, so only the one in use is.
    if dialect == "sqlite":
        from sqlalchemy.dialects.sqlite import insert
    else:
        from sqlalchemy.dialects.postgresql import insert
    statement = insert(run_hours)
    new = statement.excluded
    sums: dict[str, Any] = {name: _c[name] + new[name] for name in SUMS}
    return statement.on_conflict_do_update(
        index_elements=_KEY, set_=sums | {"latencies": _c.latencies.concat(new.latencies)}
    )


_TOO_LONG = (
    select(_c.hour, _c.kind, _c.prompt, _c.model, _c.latencies)
    .where(_c.hour.in_(bindparam("hours", expanding=True)), func.length(_c.latencies) > _LONG)
    .with_for_update(skip_locked=True)
)
_SHORTEN = (
    update(run_hours)
    .where(and_(*(_c[name] == bindparam(f"at_{name}") for name in _KEY)))
    .values(latencies=bindparam("shorter"))
)


async def shorten(connection: AsyncConnection, hours: set[int]) -> None:
    """Brings buckets that occur many times in a histogram together."""
    result = await connection.execute(_TOO_LONG, {"hours": sorted(hours)})
    rows = [
        {f"at_{name}": row[name] for name in _KEY}
        | {"shorter": histogram.pack(histogram.unpack(row["latencies"]))}
        for row in result.mappings()
    ]
    if rows:
        await connection.execute(_SHORTEN, rows)


def stats_query(by: StatBy, where: StatFilter) -> Query:
    """For agent and task the groups are whole names, to be brought together by `stats_of`."""
    columns: Mapping[StatBy, ColumnElement[Any]] = {
        "model": _c.model, "kind": _c.kind, "day": _c.hour // 24,
        "prompt": _c.prompt, "agent": _c.prompt, "task": _c.prompt,
    }  # fmt: skip
    group = columns[by].label("group")
    sums = [func.sum(_c[name]).label(name) for name in SUMS]
    # Joined in whatever order: a histogram has none.
    joined = func.aggregate_strings(_c.latencies, "").label("latencies")
    return select(group, *sums, joined).where(*conditions(where)).group_by(group)


def conditions(where: StatFilter) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [
        _c[name] == value
        for name in ("model", "prompt", "kind")
        if (value := getattr(where, name)) is not None
    ]
    if where.not_model is not None:
        wanted.append(_c.model != where.not_model)
    if where.agent is not None:
        wanted.append(of_agent(_c.prompt, where.agent))
    if where.since is not None:
        wanted.append(_c.hour >= int(where.since.timestamp() // 3600))
    if where.until is not None:
        wanted.append(_c.hour < -int(-where.until.timestamp() // 3600))
    return wanted


def stats_of(by: StatBy, rows: Sequence[RowMapping]) -> list[RunStat]:
    """Most runs first; days newest first."""
    groups: dict[str, list[RowMapping]] = {}
    name_of = _NAMES.get(by, str)
    for row in rows:
        groups.setdefault(name_of(row["group"]), []).append(row)
    stats = [stat_of(group, members) for group, members in groups.items()]
    if by == "day":
        return sorted(stats, key=lambda stat: stat.group, reverse=True)
    return sorted(stats, key=lambda stat: (-stat.runs, stat.group))


def _agent(prompt: str) -> str:
    return prompt.partition("/")[0]


def _task(prompt: str) -> str:
    return prompt.partition("/")[2]


def _day(number: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=number)).isoformat()


_NAMES: Mapping[str, Callable[[Any], str]] = {"agent": _agent, "task": _task, "day": _day}


def stat_of(group: str, rows: Sequence[RowMapping]) -> RunStat:
    total = {name: sum(row[name] for row in rows) for name in SUMS}
    runs, timed = total["runs"], total["timed"]
    p50, p95 = None, None
    if timed:
        joined = "".join(row["latencies"] for row in rows)
        p50, p95 = histogram.percentiles_ms(joined, (0.5, 0.95))
    return RunStat(
        group=group,
        runs=runs,
        successes=total["successes"],
        success_rate=total["successes"] / runs,
        errors=total["errors"],
        error_rate=total["errors"] / runs,
        requests=total["requests"],
        retries=total["retries"],
        avg_retries=total["retries"] / runs,
        cache_hits=total["cached"],
        cache_hit_rate=total["cached"] / runs,
        validated=total["validated"],
        validation_rate=total["valid"] / total["validated"] if total["validated"] else None,
        input_tokens=total["input_tokens"],
        output_tokens=total["output_tokens"],
        cached_tokens=total["cached_tokens"],
        tokens=total["input_tokens"] + total["output_tokens"],
        cost_usd=None if total["cost_unknown"] == runs else total["cost_usd"],
        cost_unknown=total["cost_unknown"],
        avg_latency_ms=total["latency_sum_ms"] / timed if timed else None,
        p50_latency_ms=p50,
        p95_latency_ms=p95,
    )
