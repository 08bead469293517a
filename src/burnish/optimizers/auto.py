"""Several optimizers share one budget: more for those that gain more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from burnish.optimizers.ask import Ask
from burnish.optimizers.optimizer import Optimizer
from burnish.optimizers.problem import Problem, Search
from burnish.optimizers.settle import halving

# What each gets to show what it can do, and the size of each further turn, of all that is left.
_FIRST = 0.12
_TURN = 0.08
_LEAST = 12
# A part that goes so many steps without a measurement has its turn behind it.
_STEPS = 40
Step = Callable[[], Ask]


class Auto:
    """Each of its optimizers has a first turn. The next turns go to the one whose leader is drawn
    as the best (Thompson sampling by the scores so far); in the end the leaders are measured beside
    each other. All see the scores of all, so that nothing is measured twice."""

    name = "auto"

    def __init__(self, optimizers: Sequence[Optimizer]) -> None:
        self._optimizers = tuple(optimizers)

    def search(self, problem: Problem) -> Search:
        parts = [_Part(each, problem) for each in self._optimizers]
        kept = problem.left // 10
        problem.ledger.reserved += kept
        whole = problem.left
        for part in parts:
            yield from part.turn(max(_LEAST, int(whole * _FIRST)))
            self._lead(problem, parts)
        while problem.left and (open_parts := [part for part in parts if not part.done]):
            problem.rounds += 1
            yield from self._next(problem, open_parts).turn(max(_LEAST, int(whole * _TURN)))
            self._lead(problem, parts)
        problem.ledger.reserved -= kept
        leaders = [problem.original, *(part.problem.leader for part in parts)]
        yield from halving(problem, leaders, kept)

    def _next(self, problem: Problem, parts: Sequence[_Part]) -> _Part:
        random = problem.random("auto", problem.rounds)

        def drawn(part: _Part) -> float:
            mean, n = problem.standing(part.problem.leader)
            return random.betavariate(1 + mean * n, 1 + (1 - mean) * n)

        return max(parts, key=drawn)

    def _lead(self, problem: Problem, parts: Sequence[_Part]) -> None:
        leaders = [problem.leader, *(part.problem.leader for part in parts)]
        problem.lead(max(leaders, key=problem.fitness))


class _Part:
    """One optimizer's share. Its problem has a leader and rounds of its own, and the rest with all
    others in common."""

    def __init__(self, optimizer: Optimizer, problem: Problem) -> None:
        self.problem = replace(problem, name=optimizer.name)
        self._search = optimizer.search(self.problem)
        self._ask: Ask | None = None
        self._began = self.done = False

    def turn(self, calls: int) -> Search:
        """Until it has used so many measurements, or has come to its end."""
        ledger = self.problem.ledger
        until = ledger.metric_calls + calls
        idle = 0
        if not self._began:
            self._began = True
            self._go(lambda: next(self._search))
        while self._ask is not None and ledger.metric_calls < until and idle < _STEPS:
            before = ledger.metric_calls
            drafts = yield self._ask
            self._go(lambda told=drafts: self._search.send(told))
            idle = 0 if ledger.metric_calls > before else idle + 1

    def _go(self, step: Step) -> None:
        try:
            self._ask = step()
        except StopIteration:
            self._ask = None
        self.done = self._ask is None
