"""Runs tell what their calls went through, and add up to hours."""

import base64
import math
import struct
from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.String(length=32).with_variant(sa.DateTime(timezone=True), "postgresql")
NEWEST = ["created_at", "id"]
OLD = ("kind", "version", "parent")
COUNTS = (
    "runs", "successes", "errors", "requests", "retries", "cached", "validated", "valid",
    "input_tokens", "output_tokens", "cached_tokens",
)  # fmt: skip


def upgrade() -> None:
    # Added in place: SQLite would have to copy every run into a table made anew.
    for column in (
        sa.Column("prompt", TEXT, server_default="", nullable=False),
        sa.Column("cached_tokens", sa.Integer(), server_default="0", nullable=False),
        sa.Column("estimated", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("requests", sa.Integer(), server_default="0", nullable=False),
        sa.Column("retries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("cached", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("valid", sa.Boolean(), nullable=True),
        sa.Column("attempts", sa.JSON(), server_default="[]", nullable=False),
    ):
        op.add_column("runs", column)
    for name in ("ix_runs_newest", *(f"ix_runs_newest_of_{what}" for what in OLD)):
        op.drop_index(name, "runs")
    for name, columns, where in (
        ("ix_runs_newest", [*NEWEST, "kind", "model"], None),
        ("ix_runs_newest_of_version", ["version_id", *NEWEST], "version_id IS NOT NULL"),
        ("ix_runs_newest_of_parent", ["parent_id", *NEWEST], "parent_id IS NOT NULL"),
        ("ix_runs_newest_of_prompt", ["prompt", *NEWEST], "prompt <> ''"),
        ("ix_runs_newest_failed", NEWEST, "error <> ''"),
    ):
        condition = None if where is None else sa.text(where)
        op.create_index(
            name,
            "runs",
            columns,
            unique=False,
            sqlite_where=condition,
            postgresql_where=condition,
        )
    hours = op.create_table(
        "run_hours",
        sa.Column("hour", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("prompt", TEXT, nullable=False),
        sa.Column("model", TEXT, nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        sa.Column("cost_usd", sa.Float(), nullable=False),
        sa.Column("cost_unknown", sa.Integer(), nullable=False),
        sa.Column("timed", sa.Integer(), nullable=False),
        sa.Column("latency_sum_ms", sa.Float(), nullable=False),
        sa.Column("latencies", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "kind", "prompt", "model", name=op.f("pk_run_hours")),
    )
    _add_up_what_is_there(hours)


def _add_up_what_is_there(hours: sa.Table) -> None:
    runs = sa.table(
        "runs",
        *map(sa.column, ("kind", "model", "input_tokens", "output_tokens", "cost_usd")),
        *map(sa.column, ("latency_ms", "error")),
        sa.column("created_at", TIME),
    )
    sums: defaultdict[tuple[int, str, str], dict[str, Any]] = defaultdict(
        lambda: dict.fromkeys((*COUNTS, "cost_usd", "cost_unknown", "timed", "latency_sum_ms"), 0)
    )
    buckets: defaultdict[tuple[int, str, str], Counter[int]] = defaultdict(Counter)
    for run in op.get_bind().execution_options(yield_per=1000).execute(sa.select(runs)):
        key = (_hour(run.created_at), run.kind, run.model)
        good = not run.error
        hour = sums[key]
        hour["runs"] += 1
        hour["successes" if good else "errors"] += 1
        hour["input_tokens"] += run.input_tokens
        hour["output_tokens"] += run.output_tokens
        hour["cost_usd"] += run.cost_usd or 0.0
        hour["cost_unknown"] += run.cost_usd is None
        if good:
            hour["timed"] += 1
            hour["latency_sum_ms"] += run.latency_ms
            buckets[key][_bucket(run.latency_ms)] += 1
    rows: list[dict[str, Any]] = [
        sums[hour, kind, model]
        | {"hour": hour, "kind": kind, "prompt": "", "model": model}
        | {"latencies": _packed(buckets[hour, kind, model])}
        for hour, kind, model in sums
    ]
    if rows:
        op.get_bind().execute(sa.insert(hours), rows)


def _hour(at: str | datetime) -> int:
    aware = datetime.fromisoformat(at) if isinstance(at, str) else at.astimezone(UTC)
    return int(aware.timestamp() // 3600)


def _bucket(latency_ms: float) -> int:
    return 0 if latency_ms <= 0.01 else 1 + int(math.log(latency_ms / 0.01) / math.log(1.01))


def _packed(buckets: Counter[int]) -> str:
    entries = (struct.pack("<HI", *entry) for entry in sorted(buckets.items()))
    return base64.b64encode(b"".join(entries)).decode()
