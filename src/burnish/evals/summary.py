"""What an evaluation came to, small enough to be the result of its job."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import msgspec

from burnish.storage.evaluation import Stop

if TYPE_CHECKING:
    from burnish.evals.report import Column, Report, Verdict


class ColumnSummary(msgspec.Struct, frozen=True, kw_only=True):
    """`score` is the mean over `n` answers, None where nothing was scored; `low` and `high` bound
    its interval, where there are enough answers for one."""

    name: str
    prompt: str
    model: str
    n: int
    score: float | None
    low: float | None
    high: float | None
    answered: int
    failed: int
    missing: int


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """`stop` and `why` say what ended it before its time. `gate` is empty where no bound was
    given; `verdict` says why it has passed or failed."""

    id: str
    stop: Stop = ""
    why: str = ""
    gate: Literal["", "passed", "failed"] = ""
    verdict: str = ""
    recommendation: str = ""
    answered: int = 0
    cost_usd: float | None = None
    columns: tuple[ColumnSummary, ...] = ()


def summary_of(
    evaluation_id: str, report: Report, verdict: Verdict | None, *, stop: Stop, why: str
) -> Summary:
    known = [column.cost.usd for column in report.columns if column.cost.usd is not None]
    return Summary(
        id=evaluation_id,
        stop=stop,
        why=why,
        gate="" if verdict is None else "passed" if verdict.passed else "failed",
        verdict="" if verdict is None else verdict.text,
        recommendation=report.recommendation.text,
        answered=sum(column.answered for column in report.columns),
        cost_usd=math.fsum(known) if known else None,
        columns=tuple(map(_column, report.columns)),
    )


def _column(column: Column) -> ColumnSummary:
    interval = column.score.interval
    return ColumnSummary(
        name=column.name,
        prompt=column.prompt,
        model=column.model,
        n=column.score.n,
        score=column.score.mean,
        low=None if interval is None else interval.low,
        high=None if interval is None else interval.high,
        answered=column.answered,
        failed=column.failed,
        missing=column.missing,
    )
