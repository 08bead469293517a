"""What runs and prompts add up to."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

StatBy = Literal["model", "prompt", "agent", "task", "kind", "day"]


class StatFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Runs that meet every condition given.

    Statistics are kept by the hour: `since` goes back to the beginning of its hour and `until` on
    to the end of its. `agent` is the first part of the prompt's name, before the slash. `not_model`
    leaves the runs of a model out.
    """

    since: datetime | None = None
    until: datetime | None = None
    model: str | None = None
    not_model: str | None = None
    prompt: str | None = None
    agent: str | None = None
    kind: str | None = None


class RunStat(msgspec.Struct, frozen=True, kw_only=True):
    """What the runs of one group add up to. Rates are 0..1.

    A run that the response cache answered counts as a run and as a cache hit, and is left out of
    the latencies, as failed runs are: these tell how long models take to answer. Latencies are
    None when no model answered; the percentiles are within 1 % of the exact ones.
    `validation_rate` is None when no answer had rules to keep. `cost_usd` is the sum of the known
    costs, None when none is known; `cost_unknown` counts the runs without one. `requests` went
    over the wire, `retries` are those among them that repeated one.
    """

    group: str
    runs: int
    successes: int
    success_rate: float
    errors: int
    error_rate: float
    requests: int
    retries: int
    avg_retries: float
    cache_hits: int
    cache_hit_rate: float
    validated: int
    validation_rate: float | None
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    tokens: int
    cost_usd: float | None
    cost_unknown: int
    avg_latency_ms: float | None
    p50_latency_ms: float | None
    p95_latency_ms: float | None


class CategoryStat(msgspec.Struct, frozen=True, kw_only=True):
    """The prompts of one category that are not deleted. `average_rating` is the mean of their
    ratings (0..1), None when none is rated; `usage_count` the sum of their uses."""

    category: str
    prompts: int
    average_rating: float | None
    usage_count: int
