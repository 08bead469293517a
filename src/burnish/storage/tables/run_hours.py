"""What runs add up to, hour by hour. It stays when the runs themselves are forgotten."""

from __future__ import annotations

from sqlalchemy import Column, Float, Integer, Table, Text

from burnish.storage.tables.base import Verbatim, metadata

# `hour` counts the hours since 1970 in UTC. `timed` are the runs in `latency_sum_ms` and in
# `latencies`: those that a model really answered. `latencies` is a histogram to which each write
# appends, so that adding to it is one atomic step; see `sql/histogram.py`.
run_hours = Table(
    "run_hours",
    metadata,
    Column("hour", Integer, primary_key=True, autoincrement=False),
    Column("kind", Verbatim, primary_key=True),
    Column("prompt", Verbatim, primary_key=True),
    Column("model", Verbatim, primary_key=True),
    Column("runs", Integer, nullable=False),
    Column("successes", Integer, nullable=False),
    Column("errors", Integer, nullable=False),
    Column("requests", Integer, nullable=False),
    Column("retries", Integer, nullable=False),
    Column("cached", Integer, nullable=False),
    Column("validated", Integer, nullable=False),
    Column("valid", Integer, nullable=False),
    Column("input_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Column("cached_tokens", Integer, nullable=False),
    Column("cost_usd", Float, nullable=False),
    Column("cost_unknown", Integer, nullable=False),
    Column("timed", Integer, nullable=False),
    Column("latency_sum_ms", Float, nullable=False),
    Column("latencies", Text, nullable=False),
)
