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
# A candidate that was measured on fewer looks good by luck, nothing is surely worse over fewer, and
# fewer tell nothing of cost and latency either.
LEAST = 8
_CHEAPER = 0.9
# So many measurements more draw a candidate to what is expected of it, and an example to all.
_DRAWN, _ALL = 4.0, 2.0


class Rank(Protocol):
    """Those (of all candidates, or `among` some) that may be better than the original, the best one
    first."""

    def __call__(self, problem: Problem, among: Sequence[str] | None = None) -> list[str]: ...


def halving(problem: Problem, candidates: Sequence[str], calls: int) -> Search:
    """Sequential halving (Karnin, Koren and Somekh 2013) on shared examples: the worse half goes
    after each round, in which all that are left are measured on the same new ones. They are ranked
    by all rounds so far, and each round is a little cheaper than the one before; both were measured
    to choose better than fresh rounds of equal cost. The one that stays leads; of those that are
    not told apart from it, the shortest."""
    left = ranked = list(dict.fromkeys(candidates))
    rounds = max(1, (len(left) - 1).bit_length())
    used = 0
    for number in range(rounds):
        weights = [_CHEAPER**later for later in range(number, rounds)]
        each = max(1, int((calls - used) * weights[0] / sum(weights)) // len(left))
        before = problem.ledger.measured_so_far
        yield from problem.measure(left, _fewest(problem, left, each))
        used += problem.ledger.measured_so_far - before
        worth = worths(problem, left)
        ranked = sorted(left, key=lambda one: -worth[one])
        left = ranked[: max(1, -(-len(ranked) // 2))]
    problem.lead(_shortest(problem, ranked))


def _shortest(problem: Problem, ranked: Sequence[str]) -> str:
    """Of the first one and those that score the same on each of its examples."""
    first, known = ranked[0], problem.book.candidates
    least = max(LEAST, problem.valued(first)[1])

    def is_alike(one: str) -> bool:
        apart = problem.book.differences(one, first, problem.validation)
        return len(apart) >= least and not any(apart)

    alike = [first, *(each for each in ranked[1:] if is_alike(each))]
    return min(alike, key=lambda each: (known[each].length, -problem.valued(each)[1]))


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
    worth = worths(problem, known)
    ranked = sorted(known, key=lambda one: -worth[one])
    return list(dict.fromkeys([problem.leader, *ranked]))[:FINALISTS]


def _fewest(problem: Problem, candidates: Sequence[str], count: int) -> list[int]:
    """Examples that most of them lack."""
    known = Counter(chain.from_iterable(problem.book.values(each) for each in candidates))
    lacked = [each for each in problem.validation if known[each] < len(candidates)]
    return sorted(lacked, key=known.__getitem__)[:count]


def worths(problem: Problem, among: Sequence[str]) -> dict[str, float]:
    """What each seems to be worth, whichever examples it was measured on: by how much it did better
    on each than all candidates have in the mean, drawn as if by a few examples more to what is
    expected (of the leader, by the search; of any other, the mean of all)."""
    book, overall = problem.book, problem.book.overall
    sums, counts = dict.fromkeys(problem.searched, _ALL * overall), Counter[int]()
    for each in book.candidates:
        for n, value in book.values(each).items():
            if n in sums:
                sums[n] += value
                counts[n] += 1
    mean = {n: total / (counts[n] + _ALL) for n, total in sums.items()}

    def worth(one: str) -> float:
        gains = [value - mean[n] for n, value in book.values(one).items() if n in mean]
        expected = problem.expected - overall if one == problem.leader else 0.0
        return overall + (sum(gains) + _DRAWN * expected) / (len(gains) + _DRAWN)

    return {one: worth(one) for one in among}
