"""A population of prompts: the better ones are crossed and changed, the worse ones go."""

from __future__ import annotations

from collections.abc import Generator
from random import Random

from burnish.optimizers.ask import Ask, Drafts
from burnish.optimizers.problem import Problem, Search
from burnish.optimizers.racing import BLOCK, raced

_POPULATION, _CHILDREN, _ELITE, _TOURNAMENT = 8, 4, 2, 3
_DIFFERENCE = 0.25
_CROSSING = ("crossover", "merge")
_CHANGING = (
    "reflect", "critique_edit", "paraphrase", "add", "swap", "take", "drop", "reorder", "phrase",
    "shorten", "condense", "vary",
)  # fmt: skip


class Genetic:
    """Tournaments choose parents; children come by crossing two (a model unites them, or their
    edits are), by changing one, or from the difference of two put into the best one (EvoPrompt, Guo
    and others 2023). A child is measured as long as it keeps up with its parent."""

    name = "genetic"

    def search(self, problem: Problem) -> Search:
        changing = (*_CHANGING, *problem.goal.ways)
        if not any(self._can(problem, each) for each in (*changing, *_CROSSING)):
            return
        population = [problem.original]
        yield from problem.measure(population, problem.validation[:8])
        idle = 0
        while problem.left and idle < _IDLE:
            problem.rounds += 1
            random = problem.random("genetic", problem.rounds)
            spent = problem.ledger.metric_calls
            population += yield from self._children(problem, population, random)
            population = self._fittest(problem, population)
            yield from self._again(problem, population[0])
            population = self._fittest(problem, population)
            problem.lead(population[0])
            idle = 0 if problem.ledger.metric_calls > spent else idle + 1

    def _again(self, problem: Problem, best: str) -> Search:
        """On new examples: one that leads by luck does not lead for long."""
        seen = problem.book.values(best)
        fresh = [n for n in problem.validation if n not in seen]
        yield from problem.measure([best], fresh[:BLOCK])

    def _children(
        self, problem: Problem, population: list[str], random: Random
    ) -> Generator[Ask, Drafts | None, list[str]]:
        kept: list[str] = []
        fitness = {each: problem.fitness(each) for each in population}
        for _ in range(_CHILDREN):
            if not problem.left:
                break
            parents, made = yield from self._born(problem, fitness, random)
            for child in made:
                if child in population or child in kept:
                    continue
                gain = yield from raced(problem, child, parents[0])
                if gain is not None:
                    kept.append(child)
        return kept

    def _born(
        self, problem: Problem, fitness: dict[str, float], random: Random
    ) -> Generator[Ask, Drafts | None, tuple[list[str], tuple[str, ...]]]:
        parents = [self._winner(fitness, list(fitness), random)]
        others = [each for each in fitness if each != parents[0]]
        changing = (*_CHANGING, *problem.goal.ways)
        operators = [each for each in changing if self._can(problem, each)]
        if others and random.random() < 0.5:
            parents.append(self._winner(fitness, others, random))
            operators = [each for each in _CROSSING if self._can(problem, each)] or operators
            differs = len(others) > 1 and self._can(problem, "difference")
            if differs and random.random() < _DIFFERENCE:
                operators = ["difference"]
                parents = [problem.leader, *random.sample(others, 2)]
        if not operators:
            return parents, ()
        operator = random.choice(operators)
        failing = problem.book.failing(parents[0], problem.validation)[:6]
        made = yield from problem.propose(
            operator, parents, examples=failing, draw=random.getrandbits(32)
        )
        return parents, made

    def _winner(self, fitness: dict[str, float], among: list[str], random: Random) -> str:
        drawn = random.sample(among, min(_TOURNAMENT, len(among)))
        return max(drawn, key=fitness.__getitem__)

    def _fittest(self, problem: Problem, population: list[str]) -> list[str]:
        ranked = sorted(dict.fromkeys(population), key=lambda one: -problem.fitness(one))
        elite, rest = ranked[:_ELITE], ranked[_ELITE:_POPULATION]
        return [*elite, *rest]

    def _can(self, problem: Problem, operator: str) -> bool:
        if operator in problem.paid:
            return problem.proposals_left > 0
        return operator in problem.free


_IDLE = 20
