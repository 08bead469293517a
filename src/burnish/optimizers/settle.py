"""What follows a search: the best few once more, then the best beside the original on examples that
nothing was chosen by."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from burnish.optimizers.ask import Ask, Drafts, Measure, Pair
from burnish.optimizers.optimizer import Optimizer
from burnish.optimizers.problem import Problem, Search

_FIRST = 4
# What is right on so many is wrong on one in twenty at most (the rule of three), and a gain of so
# little is shown by no examples that anybody has.
_SURE = 60
_FULL = 1 - 1e-9


def course(
    problem: Problem, optimizer: Optimizer, test: Sequence[int], *, final: int = 0
) -> Search:
    """The search, with `final` measurements kept for a last choice among the best, as the goal
    makes it, and two for each example of the `test`."""
    ledger = problem.ledger
    ledger.reserved = final + 2 * len(test)
    yield from problem.measure([problem.original], problem.validation[:_FIRST])
    if _all_failed(problem):
        # The search would find nothing but the same error, again and again.
        return
    if problem.goal.is_full_best and (yield from _is_full(problem)):
        ledger.ended = full(problem)
        return
    yield from optimizer.search(problem)
    ledger.is_settling = True
    ledger.reserved = 2 * len(test)
    yield from problem.goal.choose(problem, final)
    ledger.reserved = 0
    if problem.leader != problem.original:
        # Example by example, so that what the budget affords can be compared.
        both = (problem.original, problem.leader)
        yield Measure(tuple(Pair(each, example) for example in test for each in both))


def full(problem: Problem) -> str:
    """Why there is nothing to gain where the original scores all that can be scored; else empty."""
    mean, n = problem.standing(problem.original)
    if mean < _FULL or n < min(len(problem.validation), _SURE):
        return ""
    return f"the original is right on all {n} examples; nothing to gain"


def _is_full(problem: Problem) -> Generator[Ask, Drafts | None, bool]:
    """Measures the original for as long as it is right. The search wants to know its first failure
    in any case."""
    known, most = _FIRST, min(len(problem.validation), _SURE)
    while problem.left and known < most and problem.standing(problem.original)[0] >= _FULL:
        block = problem.validation[known : min(most, known + _FIRST)]
        yield from problem.measure([problem.original], block)
        known += len(block)
    return bool(full(problem))


def _all_failed(problem: Problem) -> bool:
    found = problem.book.measured(problem.original).values()
    return bool(found) and all(each.error for each in found)
