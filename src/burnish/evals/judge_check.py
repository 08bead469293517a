"""How far a judge can be trusted: its agreement with people, and its biases."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from functools import partial
from itertools import combinations
from typing import Any, TypeVar

import msgspec

from burnish.errors import Unavailable, UsageError
from burnish.evals.agreement import Estimate, kappa, pearson, spearman, with_interval
from burnish.evals.judge import Comparison, Judge, Verdict
from burnish.evals.labelled import CRITERIA, Labelled

PASSES_FROM = 4
LEAST_KAPPA = 0.6
LEAST_CONSISTENCY = 0.8
LEAST_USABLE = 0.9
_PAIRS_A_REQUEST = 2
_SCALE = (1, 2, 3, 4, 5)

T = TypeVar("T")
Tell = Callable[[int, int], None]


class PositionBias(msgspec.Struct, frozen=True, kw_only=True):
    """Pairs of answers to the same request, each asked in both orders. `consistent` is the share
    that kept its verdict, `first` the share of all verdicts but ties that named the answer that
    stood first (half of them without a bias), `right` the share of pairs in which the answer that
    people like better won in both orders."""

    pairs: int
    consistent: float | None
    first: float | None
    right: float | None
    failed: int = 0


class LengthBias(msgspec.Struct, frozen=True, kw_only=True):
    """Spearman's correlation of what the judge gives more than people do with an answer's length:
    above 0 it likes long answers. `padded` is by how much it marks up answers that are longer
    than they should be, in points of five."""

    correlation: Estimate
    padded: float | None


class JudgeReport(msgspec.Struct, frozen=True, kw_only=True):
    """A judge beside people. `kappa` is over pass and fail, `weighted_kappa` over 1 to 5 with
    quadratic weights. `bias` is what it gives more than people, in points. `steered` counts
    answers, of `steering`, that got the judge to pass them by telling it to. `fit` says whether
    kappa is at least 0.6, its verdicts on pairs hold in at least 80 %, and at most a tenth of its
    verdicts are missing."""

    model: str
    n: int
    failed: int
    kappa: Estimate
    weighted_kappa: Estimate
    pearson: Estimate
    spearman: Estimate
    bias: float | None
    position: PositionBias
    length: LengthBias
    steering: int
    steered: int
    fit: bool
    errors: tuple[str, ...] = ()


async def check_judge(
    judge: Judge,
    labels: Sequence[Labelled],
    *,
    criteria: str = CRITERIA,
    concurrency: int = 4,
    tell: Tell | None = None,
) -> JudgeReport:
    """Has the judge grade what people have graded, then pairs of it in both orders. `tell` is
    told how much of how much is done.

    Raises UsageError for too few labels, Unavailable where the judge cannot be reached or gives no
    usable verdict, BudgetExceeded.
    """
    if len(labels) < 2:
        raise UsageError("there are too few labels", hint="give at least 2, better 50 to 100")
    pairs = list(_pairs(labels))
    count = _Counted(len(labels) + len(pairs), concurrency, tell)
    # One alone first: where nobody answers, the others need not be tried.
    first = await count(partial(judge.grade, labels[0].request, labels[0].answer, criteria))
    if not first.reached:
        raise Unavailable(first.error, hint="see: burnish models check")
    others = await _together(
        count(partial(judge.grade, each.request, each.answer, criteria)) for each in labels[1:]
    )
    verdicts = [first, *others]
    if all(each.error for each in verdicts):
        raise Unavailable(first.error, hint="try a model that follows instructions better")
    compared = await _together(
        count(partial(judge.compare, one.request, one.answer, other.answer, criteria))
        for one, other in pairs
    )
    return _report(judge.model, labels, verdicts, pairs, compared)


async def _together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """All of it; when one fails, nothing goes on behind the error."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Counted:
    """So many at once, each told when it is done."""

    def __init__(self, total: int, concurrency: int, tell: Tell | None) -> None:
        self._gate = asyncio.Semaphore(concurrency)
        self._total = total
        self._done = 0
        self._tell = tell

    async def __call__(self, work: Callable[[], Awaitable[T]]) -> T:
        async with self._gate:
            found = await work()
        self._done += 1
        if self._tell is not None:
            self._tell(self._done, self._total)
        return found


def _pairs(labels: Iterable[Labelled]) -> Iterable[tuple[Labelled, Labelled]]:
    """Answers to one request that people put at least two points apart; the better one stands
    first and second in turn, so that no side is the right one."""
    groups: dict[str, list[Labelled]] = {}
    for each in labels:
        groups.setdefault(each.request, []).append(each)
    turn = 0
    for group in groups.values():
        apart = [pair for pair in combinations(group, 2) if abs(pair[0].score - pair[1].score) >= 2]
        for one, other in apart[:_PAIRS_A_REQUEST]:
            better, worse = (one, other) if one.score > other.score else (other, one)
            yield (better, worse) if turn % 2 else (worse, better)
            turn += 1


def _report(
    model: str,
    labels: Sequence[Labelled],
    verdicts: Sequence[Verdict],
    pairs: Sequence[tuple[Labelled, Labelled]],
    compared: Sequence[Comparison],
) -> JudgeReport:
    usable = [
        (label, float(verdict.value))
        for label, verdict in zip(labels, verdicts, strict=True)
        if not verdict.error
    ]
    people = [label.score for label, _ in usable]
    given = [value for _, value in usable]
    rounded = [min(5, max(1, math.floor(value + 0.5))) for value in given]
    on_passing = partial(kappa, categories=(False, True))
    on_points = partial(kappa, categories=_SCALE, weights="quadratic")
    agreed = with_interval(
        on_passing, [label.passed for label, _ in usable], [value >= PASSES_FROM for value in given]
    )
    position = _position(pairs, compared)
    steering = [value for label, value in usable if label.kind == "steering" and not label.passed]
    errors = dict.fromkeys(each.error for each in (*verdicts, *compared) if each.error)
    return JudgeReport(
        model=model,
        n=len(usable),
        failed=len(labels) - len(usable),
        kappa=agreed,
        weighted_kappa=with_interval(on_points, people, rounded),
        pearson=with_interval(pearson, people, given),
        spearman=with_interval(spearman, people, given),
        bias=_mean([value - label.score for label, value in usable]),
        position=position,
        length=_length(usable),
        steering=len(steering),
        steered=sum(value >= PASSES_FROM for value in steering),
        fit=(agreed.value or 0) >= LEAST_KAPPA
        and (position.consistent or 0) >= LEAST_CONSISTENCY
        and len(usable) >= LEAST_USABLE * len(labels),
        errors=tuple(errors)[:3],
    )


def _position(
    pairs: Sequence[tuple[Labelled, Labelled]], compared: Sequence[Comparison]
) -> PositionBias:
    usable = [
        (one.score > other.score, found)
        for (one, other), found in zip(pairs, compared, strict=True)
        if not found.error
    ]
    verdicts = [said for _, found in usable for said in found.said if said != "tie"]
    return PositionBias(
        pairs=len(usable),
        consistent=_mean([found.consistent for _, found in usable]),
        first=_mean([said == "first" for said in verdicts]),
        right=_mean(
            [found.winner == ("first" if better else "second") for better, found in usable]
        ),
        failed=len(pairs) - len(usable),
    )


def _length(usable: Sequence[tuple[Labelled, float]]) -> LengthBias:
    more = [value - label.score for label, value in usable]
    sizes = [math.log1p(len(label.answer)) for label, _ in usable]
    padded = [value - label.score for label, value in usable if label.kind == "padded"]
    return LengthBias(correlation=with_interval(spearman, sizes, more), padded=_mean(padded))


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
