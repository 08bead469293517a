"""Runs as rows for SQLite's own driver.

Every model call becomes a row, so this path is written out: taking each value through its column's
type, as SQLAlchemy does, takes longer than SQLite needs to keep it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from burnish.errors import UsageError
from burnish.storage.run import Run
from burnish.storage.tables import runs

_FIELDS = Run.__struct_fields__
INSERT = f"INSERT INTO {runs.name} ({', '.join(_FIELDS)}) VALUES ({', '.join('?' * len(_FIELDS))})"  # noqa: S608 - names of our own
_ENCODER = msgspec.json.Encoder()


def rows_of(added: Sequence[Run]) -> list[tuple[Any, ...]]:
    """In the order of the run's fields. Raises UsageError for what no store can keep."""
    try:
        return [_row(run) for run in added]
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise UsageError(
            f"a run holds what JSON cannot say: {error}",
            hint="give texts, numbers, lists and mappings as input and parameters",
        ) from error


def _row(run: Run) -> tuple[Any, ...]:
    if (
        "\0" in run.output
        or "\0" in run.kind
        or "\0" in run.model
        or "\0" in run.prompt
        or "\0" in run.error
        or "\0" in run.who
        or "\0" in run.trace_id
        or "\0" in run.phase
    ):
        raise UsageError("a text holds a NUL character", hint="remove it and try again")
    return (
        run.id,
        run.kind,
        run.version_id,
        run.model,
        _json(run.parameters) if run.parameters else "{}",
        _json(run.input),
        run.output,
        run.prompt,
        run.input_tokens,
        run.output_tokens,
        run.cached_tokens,
        run.estimated,
        run.cost_usd,
        run.latency_ms,
        run.error,
        run.requests,
        run.retries,
        run.cached,
        run.valid,
        _json(run.attempts) if run.attempts else "[]",
        run.parent_id,
        run.who,
        run.trace_id,
        run.phase,
        _time(run.created_at),
    )


def _json(value: Any) -> str:
    return _ENCODER.encode(value).decode()


def _time(at: datetime) -> str:
    if at.tzinfo is None:
        raise UsageError(f"the time {at.isoformat()} has no time zone", hint="give an aware time")
    utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    return utc.isoformat(timespec="microseconds")
