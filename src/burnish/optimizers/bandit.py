"""Which way to change a prompt pays is learned as one goes, and from one search to the next."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from burnish.optimizers.ask import DEMONSTRATE, Ask, Drafts
from burnish.optimizers.problem import Problem, Search
from burnish.optimizers.racing import raced
from burnish.optimizers.showing import can_show, showing

# Each reward fades, for what pays changes as a prompt gets better.
_KEPT = 0.99
_LEAST_CHANCE = 0.01
_POOL = 6
_BLOCK = 4
_IDLE = 20
_PARENTS = {"crossover": 2, "merge": 2, "difference": 3}


class Bandit:
    """The arms are operators, those with techniques one for each, and the forms in which examples
    are shown. Thompson sampling draws the chance of each arm to give a better prompt from its Beta
    posterior; what searches in the same category have learnt is where the next one begins
    (`problem.beliefs`). Candidates that kept up share the remaining calls by top-two Thompson
    sampling (Russo 2016), which finds the best arm with fewer draws than equal shares."""

    name = "bandit"

    def search(self, problem: Problem) -> Search:
        if not any(self._is_open(problem, arm, max(_PARENTS.values())) for arm in problem.arms):
            return
        pool = [problem.original]
        yield from problem.measure(pool, problem.validation[:8])
        idle = 0
        while problem.left and idle < _IDLE:
            problem.rounds += 1
            spent = problem.ledger.metric_calls
            arm = self._arm(problem, len(pool))
            if arm is not None:
                yield from self._pulled(problem, arm, pool)
            yield from self._told_apart(problem, pool)
            idle = 0 if problem.ledger.metric_calls > spent else idle + 1

    def _arm(self, problem: Problem, pool: int) -> str | None:
        random = problem.random("arm", problem.rounds)
        arms = [each for each in problem.arms if self._is_open(problem, each, pool)]
        if not arms:
            return None
        if random.random() < _LEAST_CHANCE * len(arms):
            return random.choice(arms)
        drawn = {arm: random.betavariate(*problem.beliefs.get(arm, (1.0, 1.0))) for arm in arms}
        return max(arms, key=drawn.__getitem__)

    def _is_open(self, problem: Problem, arm: str, pool: int) -> bool:
        operator = arm.partition(":")[0]
        if operator == DEMONSTRATE:
            return can_show(problem)
        if pool < _PARENTS.get(operator, 1):
            return False
        if operator in problem.paid:
            return problem.proposals_left > 0
        return operator in problem.free

    def _pulled(self, problem: Problem, arm: str, pool: list[str]) -> Search:
        parent = problem.leader
        made = yield from self._made(problem, arm, pool)
        gain = None
        for child in made:
            if child not in pool:
                gain = yield from raced(problem, child, parent, most=8)
                if gain is not None:
                    pool.append(child)
        self._learn(problem, arm, gain)

    def _made(
        self, problem: Problem, arm: str, pool: Sequence[str]
    ) -> Generator[Ask, Drafts | None, tuple[str, ...]]:
        operator, _, kind = arm.partition(":")
        if operator == DEMONSTRATE:
            random = problem.random("shown", problem.rounds)
            return (yield from showing(problem, problem.leader, random, kind))
        others = [each for each in pool if each != problem.leader]
        parents = [problem.leader, *others[: _PARENTS.get(operator, 1) - 1]]
        failing = problem.book.failing(parents[0], problem.validation)[:6]
        options: dict[str, Any] = {"draw": problem.rounds}
        if kind:
            options["technique"] = kind
        return (yield from problem.propose(operator, parents, examples=failing, **options))

    def _learn(self, problem: Problem, arm: str, gain: float | None) -> None:
        good, bad = problem.beliefs.get(arm, (1.0, 1.0))
        reward = 1.0 if gain is not None and gain > 0 else 0.0
        tried, paid = problem.tried.get(arm, (0, 0))
        problem.tried[arm] = (tried + 1, paid + int(reward))
        problem.beliefs[arm] = (
            1 + (good - 1) * _KEPT + reward,
            1 + (bad - 1) * _KEPT + 1 - reward,
        )

    def _told_apart(self, problem: Problem, pool: list[str]) -> Search:
        pool.sort(key=lambda one: -problem.fitness(one))
        del pool[_POOL:]
        one = top_two(problem, pool)
        seen = problem.book.values(one)
        rest = [each for each in problem.validation if each not in seen][:_BLOCK]
        yield from problem.measure([one], rest)
        problem.lead(max(pool, key=problem.fitness))


def top_two(problem: Problem, pool: list[str]) -> str:
    """The one that a draw of all says is best, or half of the time the one that another draw says
    is the best beside it."""
    random = problem.random("top two", problem.rounds)

    def drawn(one: str) -> float:
        mean, n = problem.valued(one)
        return random.betavariate(1 + mean * n, 1 + (1 - mean) * n)

    first = max(pool, key=drawn)
    if len(pool) == 1 or random.random() < 0.5:
        return first
    return max((each for each in pool if each != first), key=drawn)
