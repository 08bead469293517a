"""Candidates that none is better than in every respect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from burnish.optimizers.book import mean_of
from burnish.optimizers.finals import LEAST
from burnish.optimizers.problem import Problem

# Nobody chooses by less of cost, latency, tokens or length (the goal efficiency asks for as much);
# means of latency differ by more from run to run.
_SAME = 0.05
_SAME_MS = 1.0


class Point(NamedTuple):
    """Of one candidate: `score` and `own`, the goal's own measure (None: it has none), are better
    when higher, all others when lower. Costs are those of its answers in the mean, None where a
    price is unknown; `length` is in characters."""

    candidate: str
    n: int
    score: float
    cost_usd: float | None
    latency_ms: float
    tokens: float
    length: int
    own: float | None = None


def front(problem: Problem) -> list[Point]:
    """Not dominated in score, the goal's own measure, cost, latency, tokens and length, best first;
    as far as it is known, for the means have errors. Of those that are as good as another but for
    a saving of less than 5 % (in latency, of less than 1 ms) the other one is there alone. The
    original and the leader are in it in any case."""
    points = [point_of(problem, each) for each in problem.book.candidates]
    kept = (problem.original, problem.leader)
    known = [each for each in points if each.n >= LEAST or (each.candidate in kept and each.n)]
    best = [
        each
        for each in known
        if each.candidate in kept or not any(dominates(other, each) for other in known)
    ]
    return sorted(_told_apart(best, kept), key=lambda each: (-each.score, each.length))


def _told_apart(points: Sequence[Point], kept: Sequence[str]) -> list[Point]:
    """Best first, so that of some that are all alike one is left."""
    order = sorted(points, key=lambda one: (-one.score, -(one.own or 0.0), one.tokens, one.length))
    left = [each for each in order if each.candidate in kept]
    for each in order:
        if each.candidate not in kept and not any(_is_as_good(one, each) for one in left):
            left.append(each)
    return left


def _is_as_good(one: Point, other: Point) -> bool:
    """In score and the goal's own measure; in all else but for what nobody would notice."""
    if one.score < other.score or (one.own or 0.0) < (other.own or 0.0):
        return False
    mine, theirs = ((x.cost_usd or 0.0, x.tokens, x.length) for x in (one, other))
    near = all(a <= b * (1 + _SAME) for a, b in zip(mine, theirs, strict=True))
    return near and one.latency_ms <= max(
        other.latency_ms * (1 + _SAME), other.latency_ms + _SAME_MS
    )


def dominates(one: Point, other: Point) -> bool:
    """As good in every respect, and better in one."""
    mine, theirs = _losses(one), _losses(other)
    return mine != theirs and all(a <= b for a, b in zip(mine, theirs, strict=True))


def point_of(problem: Problem, candidate: str) -> Point:
    book = problem.book
    answers = [
        each
        for (number, _), each in book.measured(candidate).items()
        if number in problem.searched and not each.error
    ]
    n = max(1, len(answers))
    priced = [each.cost_usd for each in answers if each.cost_usd is not None]
    score, known = problem.standing(candidate)
    owns = book.owns(candidate)
    return Point(
        candidate=candidate,
        n=known,
        score=score,
        cost_usd=sum(priced) / n if len(priced) == len(answers) else None,
        latency_ms=sum(each.latency_ms for each in answers) / n,
        tokens=sum(each.tokens for each in answers) / n,
        length=book.candidates[candidate].length,
        own=mean_of(owns, problem.validation) if owns else None,
    )


def _losses(point: Point) -> tuple[float, ...]:
    costs = (point.cost_usd or 0.0, point.latency_ms, point.tokens, point.length)
    return (-point.score, *costs, -(point.own or 0.0))
