"""What was run and what it gave: the single source of every statistic."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One try at an answer. `sent` tells whether a request went over the wire."""

    model: str
    error: str = ""
    status: int = 0
    latency_ms: float = 0.0
    sent: bool = True


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One model or offline call.

    `cost_usd` is None where the price is unknown, which is not the same as 0. `input` is plain
    JSON: the messages that were sent, or the values that a render was given. `prompt` is the
    name of the stored prompt that was run (agent/task), empty for none. `requests` counts what
    went over the wire for this run, `retries` the repeats after a fault or a refused answer.
    `cached` runs were answered from the response cache. `valid` is None where no rule was set for
    the answer. `estimated` says that the provider counted no tokens.
    `attempts` are all tries, those at other models of a fallback order included.
    """

    id: str
    kind: str
    version_id: str | None = None
    model: str = ""
    parameters: dict[str, Any] = {}
    input: Any = None
    output: str = ""
    prompt: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    estimated: bool = False
    cost_usd: float | None = None
    latency_ms: float = 0.0
    error: str = ""
    requests: int = 0
    retries: int = 0
    cached: bool = False
    valid: bool | None = None
    attempts: tuple[Attempt, ...] = ()
    parent_id: str | None = None
    who: str = ""
    trace_id: str = ""
    phase: str = ""
    created_at: datetime


class RunFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Runs that meet every condition given. `since` is included, `until` is not.

    `agent` is the first part of the prompt's name: `writer` for `writer/chapter`. `failed` and
    `cached` are conditions when they are True or False. `not_model` leaves the runs of a model out.
    """

    kind: str | None = None
    version_id: str | None = None
    model: str | None = None
    not_model: str | None = None
    parent_id: str | None = None
    who: str | None = None
    trace_id: str | None = None
    phase: str | None = None
    prompt: str | None = None
    agent: str | None = None
    failed: bool | None = None
    cached: bool | None = None
    since: datetime | None = None
    until: datetime | None = None


class RunCursor(msgspec.Struct, frozen=True):
    """The last run of a page, where the next page goes on."""

    created_at: datetime
    id: str


class TechniqueStatistic(msgspec.Struct, frozen=True, kw_only=True):
    """How often a technique served an intent on one day, and how well. Scores are 0..1."""

    technique: str
    intent: str
    day: date
    uses: int = 0
    successes: int = 0
    score_sum: float = 0.0
    score_n: int = 0


class TechniqueTotal(msgspec.Struct, frozen=True, kw_only=True):
    """The sum of a technique's days for one intent."""

    technique: str
    intent: str
    uses: int
    successes: int
    score_sum: float
    score_n: int
