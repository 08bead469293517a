"""Several optimizers share one budget: more for those that are likely to gain more by it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import log1p, sqrt

from burnish.optimizers.ask import Ask
from burnish.optimizers.finals import halving
from burnish.optimizers.optimizer import Optimizer
from burnish.optimizers.problem import Problem, Search
from burnish.optimizers.showing import can_show

# The size of a turn, of all that there is, and what is kept to compare leaders in the end.
_TURN, _KEPT = 0.04, 0.05
_LEAST = 12
# Gains are taken to grow with the logarithm of the calls, counted in so many: by a rate that is
# known for each part before it begins (for one that reflects where a model writes, and for any
# other), with an error; what a part says of its leader has one, too.
_SCALE = 50
_REFLECTING, _RATE = 0.18, 0.11
_RATE_ERROR, _GAIN_ERROR = 0.05, 0.08
# Showing examples gains much at once with some models, and nothing with others: so it is tried
# first, even where so little can be measured that not all have a turn.
_SHOWING_ERROR = 0.15
# A leader that is expected to be worse by so much than the best one is not looked at again.
_APART = 0.1
# A part that goes so many steps without a measurement has its turn behind it.
_STEPS = 40
Step = Callable[[], Ask]


class Auto:
    """The first turn goes to the one that shows examples, each other one to the optimizer that is
    drawn as the one to gain most if it had all the calls that are left (Thompson sampling over the
    rates at which they gain, by what they expect of their leaders so far). In the end leaders that
    are close are measured beside each other. All see the scores of all, so that nothing is measured
    twice."""

    name = "auto"

    def __init__(self, optimizers: Sequence[Optimizer]) -> None:
        self._optimizers = tuple(optimizers)

    def search(self, problem: Problem) -> Search:
        parts = [_Part(each, problem) for each in self._optimizers]
        kept = int(problem.left * _KEPT)
        turn = max(_LEAST, int(problem.left * _TURN))
        problem.ledger.reserved += kept
        yield from self._turns(problem, parts, turn)
        problem.ledger.reserved -= kept
        leaders = _close(parts)
        if len(leaders) > 1:
            yield from halving(problem, leaders, kept)
        else:
            yield from self._turns(problem, parts, turn)

    def _turns(self, problem: Problem, parts: Sequence[_Part], calls: int) -> Search:
        while problem.left and (able := [part for part in parts if not part.done]):
            problem.rounds += 1
            yield from self._next(problem, able).turn(calls)
            best = max(parts, key=lambda part: part.problem.expected)
            problem.lead(best.problem.leader, best.problem.expected)
            yield from problem.confirm()

    def _next(self, problem: Problem, parts: Sequence[_Part]) -> _Part:
        if (first := next((part for part in parts if part.comes_first), None)) is not None:
            return first
        random = problem.random("auto", problem.rounds)
        before = problem.shrunken(problem.original)
        return max(parts, key=lambda part: part.promise(before, random.gauss(0, 1)))


class _Part:
    """One optimizer's share. Its problem has a leader and rounds of its own, and the rest with all
    others in common."""

    def __init__(self, optimizer: Optimizer, problem: Problem) -> None:
        self.problem = replace(problem, name=optimizer.name)
        self._search = optimizer.search(self.problem)
        self._ask: Ask | None = None
        self._began = self.done = False
        self._used = 0
        reflects = optimizer.name == "reflective" and "reflect" in problem.paid
        self._rate = _REFLECTING if reflects else _RATE
        self._shows = optimizer.name == "fewshot" and can_show(problem)
        self._error = _SHOWING_ERROR if self._shows else _RATE_ERROR

    @property
    def comes_first(self) -> bool:
        return self._shows and not self._used

    def promise(self, before: float, luck: float) -> float:
        """The gain over what the original scores `before`, with all the calls that are left, by a
        rate drawn from what is thought of it."""
        size = log1p(self._used / _SCALE)
        gain = self.problem.expected - before if self._used else 0.0
        known = 1 / self._error**2
        precision = known + (size / _GAIN_ERROR) ** 2
        rate = (self._rate * known + gain * size / _GAIN_ERROR**2) / precision
        drawn = rate + luck / sqrt(precision)
        return drawn * log1p((self._used + self.problem.left) / _SCALE)

    def turn(self, calls: int) -> Search:
        """Until it has used so many measurements, or has come to its end."""
        ledger = self.problem.ledger
        began = ledger.measured_so_far
        idle = 0
        if not self._began:
            self._began = True
            self._go(lambda: next(self._search))
        while self._ask is not None and ledger.measured_so_far < began + calls and idle < _STEPS:
            before = ledger.measured_so_far
            drafts = yield self._ask
            self._go(lambda told=drafts: self._search.send(told))
            idle = 0 if ledger.measured_so_far > before else idle + 1
        self._used += ledger.measured_so_far - began

    def _go(self, step: Step) -> None:
        try:
            self._ask = step()
        except StopIteration:
            self._ask = None
        self.done = self._ask is None


def _close(parts: Sequence[_Part]) -> list[str]:
    """Leaders that may be the best one."""
    best = max(part.problem.expected for part in parts)
    ranked = sorted(parts, key=lambda part: -part.problem.expected)
    near = [part for part in ranked if part.problem.expected >= best - _APART]
    return list(dict.fromkeys(part.problem.leader for part in near))
