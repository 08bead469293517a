"""Examples of the training part, drawn by chance and shown: one change of a prompt among others."""

from __future__ import annotations

from collections.abc import Generator
from random import Random

from burnish.optimizers.ask import BLOCK, DEMONSTRATE, TURNS, Ask, Drafts
from burnish.optimizers.problem import Problem

FORMS = (BLOCK, TURNS)
_MOST = 4


def can_show(problem: Problem) -> bool:
    return DEMONSTRATE in problem.free and bool(problem.showable)


def showing(
    problem: Problem, parent: str, random: Random, form: str = ""
) -> Generator[Ask, Drafts | None, tuple[str, ...]]:
    """The parent with others in place of those that it shows; in any of both forms, or in this."""
    count = min(len(problem.showable), random.randint(1, _MOST))
    examples = random.sample(problem.showable, count)
    chosen = form or random.choice(FORMS)
    return (yield from problem.propose(DEMONSTRATE, (parent,), examples=examples, form=chosen))
