"""One answer of an evaluation, scored, as it is stored."""

from __future__ import annotations

from typing import Any

import msgspec

# In the error of a result for which no model was asked.
UNFIT = "the example does not fit the prompt"


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """`value` is 0 to 1, and None where the scorer could not say (`error` tells why), which is
    not the same as 0. `details` are plain JSON."""

    metric: str
    value: float | None
    passed: bool
    weight: float = 1.0
    reason: str = ""
    error: str = ""
    details: dict[str, Any] = {}


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of one prompt by one model to one example, the `repeat`-th from 0.

    `prompt` is a pinned reference (`mail/late@3`). `score` is the mean of the scores by their
    weights, None without any; `passed` whether each that counts has passed. With an `error` there
    is no answer. `latency_ms` is what the model took and `cost_usd` what it cost, None where no
    price is known; of a `cached` answer, which cost nothing, both are of the call that first gave
    it. `judge_cost_usd` was paid for the `judge_calls` of scorers, None where a price is unknown.
    """

    prompt: str
    model: str
    example: str
    repeat: int = 0
    run_id: str = ""
    output: str = ""
    error: str = ""
    scores: tuple[Score, ...] = ()
    score: float | None = None
    passed: bool | None = None
    latency_ms: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    cached: bool = False
    judge_calls: int = 0
    judge_cost_usd: float | None = 0.0
    tags: tuple[str, ...] = ()
