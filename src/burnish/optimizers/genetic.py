"""A population of prompts: the better ones are crossed and changed, the worse ones go."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from random import Random

from burnish.optimizers.ask import Ask, Drafts
from burnish.optimizers.problem import Problem, Search
from burnish.optimizers.racing import BLOCK, raced
from burnish.optimizers.showing import can_show, showing

_POPULATION, _CHILDREN, _ELITE, _TOURNAMENT = 8, 4, 2, 3
_DIFFERENCE = 0.25
# So often what a change changes is the examples that a prompt shows, where there are any to show.
_SHOWING = 0.25
_CROSSING = ("crossover", "merge")
_CHANGING = (
    "reflect", "critique_edit", "paraphrase", "add", "swap", "take", "drop", "reorder", "phrase",
    "shorten", "condense", "vary",
)  # fmt: skip


class Genetic:
    """Tournaments choose parents; children come by crossing two (a model unites them, or their
    edits are), by changing one or the examples that it shows, or from the difference of two put
    into the best one (EvoPrompt, Guo and others 2023). A child is measured as long as it keeps up
    with its parent."""

    name = "genetic"

    def search(self, problem: Problem) -> Search:
        ways = self._able(problem, (*_CHANGING, *_CROSSING, *problem.goal.ways))
        if not ways and not can_show(problem):
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
        operators = self._able(problem, (*_CHANGING, *problem.goal.ways))
        if others and random.random() < 0.5:
            parents.append(self._winner(fitness, others, random))
            operators = self._able(problem, _CROSSING) or operators
            differs = len(others) > 1 and self._able(problem, ("difference",))
            if differs and random.random() < _DIFFERENCE:
                operators = ["difference"]
                parents = [problem.leader, *random.sample(others, 2)]
        elif can_show(problem) and random.random() < _SHOWING:
            return parents, (yield from showing(problem, parents[0], random))
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

    def _able(self, problem: Problem, operators: Sequence[str]) -> list[str]:
        asked = problem.paid if problem.proposals_left > 0 else frozenset[str]()
        free = problem.free - problem.paid
        return [each for each in operators if each in asked or each in free]


_IDLE = 20
