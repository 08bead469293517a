"""What follows a search: the best few once more, then the best beside the original on examples that
nothing was chosen by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain

from burnish.optimizers.ask import Measure, Pair
from burnish.optimizers.optimizer import Optimizer
from burnish.optimizers.pareto import point_of
from burnish.optimizers.problem import Problem, Search

FINALISTS = 3
# Tokens that a prompt for less money must save, and what of the score it may seem to lose.
SAVED, LOST = 0.05, 0.03
# A candidate that was measured on fewer looks good by luck.
_LEAST = 8
_FIRST = 4
# So many measurements more draw a candidate to what is expected of it, and an example to all.
_DRAWN, _ALL = 4.0, 2.0
_CHEAPER = 0.9


def course(
    problem: Problem,
    optimizer: Optimizer,
    test: Sequence[int],
    *,
    final: int = 0,
    goal: str = "quality",
) -> Search:
    """The search, with `final` measurements kept for a last choice among the best (for the goal
    `efficiency`: among those that save most), and two for each example of the `test`."""
    ledger = problem.ledger
    ledger.reserved = final + 2 * len(test)
    yield from problem.measure([problem.original], problem.validation[:_FIRST])
    if _all_failed(problem):
        # The search would find nothing but the same error, again and again.
        return
    yield from optimizer.search(problem)
    ledger.is_settling = True
    ledger.reserved = 2 * len(test)
    yield from (_thrifty if goal == "efficiency" else _last_choice)(problem, final)
    ledger.reserved = 0
    if problem.leader != problem.original:
        yield from paired(problem, [problem.original, problem.leader], test)


def _all_failed(problem: Problem) -> bool:
    found = problem.book.measured(problem.original).values()
    return bool(found) and all(each.error for each in found)


def paired(problem: Problem, candidates: Sequence[str], examples: Sequence[int]) -> Search:
    """Example by example, so that what the budget affords can be compared."""
    pairs = [Pair(each, example) for example in examples for each in candidates]
    yield Measure(tuple(pair for pair in pairs if pair not in problem.book))


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
        before = problem.ledger.metric_calls
        yield from problem.measure(left, _fewest(problem, left, each))
        used += problem.ledger.metric_calls - before
        worth = worths(problem, left)
        ranked = sorted(left, key=lambda one: -worth[one])
        left = ranked[: max(1, -(-len(ranked) // 2))]
    problem.lead(left[0])


def _last_choice(problem: Problem, calls: int) -> Search:
    several = finalists(problem)
    if calls >= 2 * len(several) and len(several) > 1:
        yield from halving(problem, several, calls)


def _thrifty(problem: Problem, calls: int) -> Search:
    """Those that save most tokens and seem no worse than the original are measured beside it; the
    one that saves most and still seems no worse leads, else the original."""
    several = _savers(problem)[:FINALISTS]
    if several:
        among = [problem.original, *several]
        examples = _fewest(problem, among, calls // len(among))
        yield from problem.measure(among, examples)
    problem.lead(next(iter(_savers(problem, several)), problem.original))


def _savers(problem: Problem, among: Sequence[str] | None = None) -> list[str]:
    """The one that saves most first."""
    whole = point_of(problem, problem.original).tokens
    found = {
        each: point.tokens
        for each in (problem.book.candidates if among is None else among)
        if (point := point_of(problem, each)).n >= _LEAST
        and point.tokens <= (1 - SAVED) * whole
        and _loss(problem, each) <= LOST
    }
    return sorted(found, key=found.__getitem__)


def _loss(problem: Problem, candidate: str) -> float:
    """By how much it scores less than the original, on the examples that both have."""
    found = problem.book.differences(problem.original, candidate, problem.validation)
    return sum(found) / len(found) if found else 1.0


def finalists(problem: Problem) -> list[str]:
    """The leader, and those that seem best by themselves."""
    known = [one for one in problem.book.candidates if problem.standing(one)[1] >= _LEAST]
    worth = worths(problem, known)
    ranked = sorted(known, key=lambda one: -worth[one])
    return list(dict.fromkeys([problem.leader, *ranked]))[:FINALISTS]


def _fewest(problem: Problem, candidates: Sequence[str], count: int) -> list[int]:
    """Examples that most of them lack."""
    known = Counter(chain.from_iterable(problem.book.values(each) for each in candidates))
    lacked = [each for each in problem.validation if known[each] < len(candidates)]
    return sorted(lacked, key=known.__getitem__)[:count]


def worths(problem: Problem, among: Sequence[str]) -> dict[str, float]:
    """What each seems to score, whichever examples it was measured on: by how much it did better on
    each than all candidates have in the mean, drawn as if by a few examples more to what is
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
