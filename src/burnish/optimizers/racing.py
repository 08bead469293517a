"""Whether a new candidate is worth keeping, for as few measurements as that takes."""

from __future__ import annotations

from collections.abc import Generator

from burnish.optimizers.ask import Ask, Drafts
from burnish.optimizers.problem import Problem

BLOCK = 4
# A child that loses so much to its parent on the same examples is dropped.
_LOST = -2.0


def raced(
    problem: Problem, child: str, parent: str, *, most: int = 16
) -> Generator[Ask, Drafts | None, float | None]:
    """The mean paired gain over the parent, None for a child that lost. It is tried on the examples
    that the parent was measured on first, block by block. Trying it on those that it was made for
    before that was measured, and made no difference beyond chance."""
    known = problem.book.values(parent)
    shared = [each for each in problem.validation if each in known]
    fresh = [each for each in problem.validation if each not in known]
    order = [*shared, *fresh][:most]
    for start in range(0, len(order), BLOCK):
        if not problem.left:
            break
        yield from problem.measure([child, parent], order[start : start + BLOCK])
        if sum(problem.book.differences(child, parent, order)) <= _LOST:
            return None
    gains = problem.book.differences(child, parent, order)
    return sum(gains) / len(gains) if gains else None
