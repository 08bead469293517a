"""A last choice among the best candidates of a search."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from burnish.optimizers.book import mean_of

if TYPE_CHECKING:
    from burnish.optimizers.problem import Problem, Search

FINALISTS = 3
# A candidate that was measured on fewer looks good by luck.
LEAST = 8
_CHEAPER = 0.9


class Rank(Protocol):
    """Those (of all candidates, or `among` some) that may be better than the original, the best one
    first."""

    def __call__(self, problem: Problem, among: Sequence[str] | None = None) -> list[str]: ...


def halving(problem: Problem, candidates: Sequence[str], calls: int) -> Search:
    """Sequential halving (Karnin, Koren and Somekh 2013) on shared examples: the worse half goes
    after each round, in which all that are left are measured on the same new ones. They are ranked
    by all rounds so far, and each round is a little cheaper than the one before; both were measured
    to choose better than fresh rounds of equal cost. The one that stays leads."""
    left = list(dict.fromkeys(candidates))
    rounds = max(1, (len(left) - 1).bit_length())
    used = 0
    for number in range(rounds):
        weights = [_CHEAPER**later for later in range(number, rounds)]
        each = max(1, int((calls - used) * weights[0] / sum(weights)) // len(left))
        before = problem.ledger.measured_so_far
        yield from problem.measure(left, _fewest(problem, left, each))
        used += problem.ledger.measured_so_far - before
        common = _common(problem, left)
        ranked = sorted(left, key=lambda one: -mean_of(problem.book.values(one), common))
        left = ranked[: max(1, -(-len(ranked) // 2))]
    problem.lead(left[0])


def best_beside(problem: Problem, calls: int, rank: Rank) -> Search:
    """The first few are measured beside the original; the one that is first then leads, or the
    original where none is left."""
    several = rank(problem)[:FINALISTS]
    if several:
        among = [problem.original, *several]
        examples = _fewest(problem, among, calls // len(among))
        yield from problem.measure(among, examples)
    problem.lead(next(iter(rank(problem, several)), problem.original))


def loss(problem: Problem, candidate: str) -> float:
    """By how much it scores less than the original, on the examples that both have."""
    mine, theirs = problem.book.scores(candidate), problem.book.scores(problem.original)
    common = [each for each in problem.validation if each in mine and each in theirs]
    return mean_of(theirs, common) - mean_of(mine, common) if common else 1.0


def finalists(problem: Problem) -> list[str]:
    """The leader, and those that seem best by themselves."""
    known = [one for one in problem.book.candidates if problem.valued(one)[1] >= LEAST]
    ranked = sorted(known, key=lambda one: -problem.shrunken(one))
    return list(dict.fromkeys([problem.leader, *ranked]))[:FINALISTS]


def _fewest(problem: Problem, candidates: Sequence[str], count: int) -> list[int]:
    """Examples that most of them lack."""
    known = Counter(chain.from_iterable(problem.book.values(each) for each in candidates))
    lacked = [each for each in problem.validation if known[each] < len(candidates)]
    return sorted(lacked, key=known.__getitem__)[:count]


def _common(problem: Problem, among: Sequence[str]) -> Sequence[int]:
    """The examples that all of them have; where there are none, all."""
    values = [problem.book.values(each).keys() for each in among]
    shared = problem.searched.intersection(*values)
    return sorted(shared) or problem.validation
