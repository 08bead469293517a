"""What every search has to beat: changes drawn at random, measured alike, the best mean taken."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

from burnish.optimizers.ask import Ask, Drafts
from burnish.optimizers.problem import Problem, Search

ENOUGH = 12
Changes = Callable[
    [Problem, Sequence[str], Sequence[int]], Generator[Ask, Drafts | None, Sequence[str]]
]
"""New candidates of a round, from one of those that are known; examples are those to measure on."""


class RandomSearch:
    """Each round changes any candidate so far, and what comes of it is measured on as many
    examples; the best mean leads. There are `most` rounds at most."""

    def __init__(self, name: str, changes: Changes, most: int) -> None:
        self.name = name
        self._changes = changes
        self._most = most

    def search(self, problem: Problem) -> Search:
        examples = problem.validation[:ENOUGH]
        yield from problem.measure([problem.original], examples)
        known = [problem.original]
        while problem.left and problem.rounds < self._most:
            problem.rounds += 1
            for child in (yield from self._changes(problem, known, examples)):
                if child in known:
                    continue
                yield from problem.measure([child], examples)
                if problem.standing(child)[1] == ENOUGH:
                    known.append(child)
            problem.lead(max(known, key=lambda one: problem.standing(one)[0]))
