"""What follows a search: the best few once more, then the best beside the original on examples that
nothing was chosen by."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from burnish.optimizers.ask import Ask, Drafts, Measure, Pair
from burnish.optimizers.operators.parameters import VARY
from burnish.optimizers.optimizer import Optimizer
from burnish.optimizers.problem import Problem, Search
from burnish.optimizers.stops import right_on_all

_FIRST = 4
_TRIED = 8
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
    yield from _varied(problem)
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
    return f"the original {right_on_all(n)}"


def _is_full(problem: Problem) -> Generator[Ask, Drafts | None, bool]:
    """Measures the original for as long as it is right. The search wants to know its first failure
    in any case."""
    known, most = _FIRST, min(len(problem.validation), _SURE)
    while problem.left and known < most and problem.standing(problem.original)[0] >= _FULL:
        block = problem.validation[known : min(most, known + _FIRST)]
        yield from problem.measure([problem.original], block)
        known += len(block)
    return bool(full(problem))


def _varied(problem: Problem) -> Search:
    """Each value that a parameter may have is tried with the original, whatever searches then: by
    the scores of all together it is known what each is worth."""
    made: list[str] = []
    for name, values in problem.vary.items():
        for value in values:
            made += yield from problem.propose(
                VARY, (problem.original,), parameter=name, value=value
            )
    several = [each for each in dict.fromkeys(made) if each != problem.original]
    if several:
        # At most a third of the search, so that texts are tried as well.
        count = min(_TRIED, max(1, problem.left // (3 * (len(several) + 1))))
        yield from problem.measure([problem.original, *several], problem.validation[:count])


def _all_failed(problem: Problem) -> bool:
    found = problem.book.measured(problem.original).values()
    return bool(found) and all(each.error for each in found)
