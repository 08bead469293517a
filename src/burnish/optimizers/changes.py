"""A change of a prompt by chance, for searches that leave the choice to it."""

from __future__ import annotations

from collections.abc import Generator
from random import Random

from burnish.optimizers.ask import DEMONSTRATE, Ask, Drafts
from burnish.optimizers.problem import Problem
from burnish.optimizers.showing import can_show, showing

# Ways that take more than the one prompt that is to be changed.
_OF_SEVERAL = frozenset({"crossover", "merge", "difference"})


def changed(
    problem: Problem, parent: str, random: Random
) -> Generator[Ask, Drafts | None, str | None]:
    """Written by a model by what failed, where one writes; else any of the other ways, one of them
    being to show examples. None where nothing new came of it."""
    if "reflect" in problem.paid and problem.proposals_left:
        failing = problem.book.failing(parent, problem.train)[:6]
        made = yield from problem.propose("reflect", (parent,), examples=failing)
    else:
        made = yield from _unwritten(problem, parent, random)
    return next((each for each in made if each != parent), None)


def is_changeable(problem: Problem) -> bool:
    written = "reflect" in problem.paid and problem.proposals_left
    return bool(written or _ways(problem))


def _unwritten(
    problem: Problem, parent: str, random: Random
) -> Generator[Ask, Drafts | None, tuple[str, ...]]:
    ways = _ways(problem)
    if not ways:
        return ()
    way = random.choice(ways)
    if way == DEMONSTRATE:
        return (yield from showing(problem, parent, random))
    operator, _, technique = way.partition(":")
    if technique:
        return (yield from problem.propose(operator, (parent,), technique=technique))
    return (yield from problem.propose(operator, (parent,), draw=problem.rounds))


def _ways(problem: Problem) -> list[str]:
    """To show examples is one, whatever their form."""
    ways = [each for each in problem.arms if _is_open(problem, each)]
    return [*ways, DEMONSTRATE] if can_show(problem) else ways


def _is_open(problem: Problem, arm: str) -> bool:
    operator = arm.partition(":")[0]
    return operator in problem.free and operator not in (*_OF_SEVERAL, DEMONSTRATE)
