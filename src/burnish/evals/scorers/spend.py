"""What an answer took: money and time."""

from __future__ import annotations

import math
from typing import Any

from burnish.errors import UsageError
from burnish.evals.scorers.kind import Case, Grade, Options, ScorerKind, yes_or_no
from burnish.storage.example import ScorerSpec


def cost(case: Case[Options]) -> Grade:
    spent = case.answered.cost_usd
    if spent is None:
        return Grade(value=None, error="the price of this model is unknown")
    met = spent <= _most(case.value)
    return yes_or_no(met, reason=f"{spent:.6f} USD", details={"cost_usd": spent})


def latency(case: Case[Options]) -> Grade:
    took = case.answered.latency_ms
    met = took <= _most(case.value)
    return yes_or_no(met, reason=f"{took:.0f} ms", details={"latency_ms": took})


def _most(value: Any) -> float:
    try:
        most = float(value)
    except (TypeError, ValueError, OverflowError):
        most = math.nan
    if isinstance(value, bool) or not most >= 0:
        raise UsageError("the bound is no number", hint="give 0 or more")
    return most


def _check(value: Any, *_: Any) -> None:
    _most(value)


KINDS = (
    ScorerKind(
        name="cost",
        summary="The answer cost at most so many US dollars.",
        grade=cost,
        needs="value",
        takes="US dollars",
        check=_check,
        example=ScorerSpec(name="cost", value=0.002),
    ),
    ScorerKind(
        name="latency",
        summary="The answer came within so many milliseconds.",
        grade=latency,
        needs="value",
        takes="milliseconds",
        check=_check,
        example=ScorerSpec(name="latency", value=2000),
    ),
)
