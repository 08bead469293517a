"""One optimisation of one task, as a user would begin it, and the true gain of what it chose."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import burnish
from burnish.optimizers.ask import Ask, Drafts
from burnish.optimizers.changes import changed
from burnish.optimizers.problem import Problem
from optimizing.random_search import ENOUGH, RandomSearch

from .remembering import MODEL, Remembering
from .tasks import PROMPT, Task

CALLS = 300
MAX_TOKENS = 12
METHODS = ("auto", "fewshot", "genetic", "bandit", "random", "gepa")
_MOST_ROUNDS = 10 * ENOUGH * ENOUGH


def _changed(
    problem: Problem, known: Sequence[str], examples: Sequence[int]
) -> Generator[Ask, Drafts | None, Sequence[str]]:
    del examples
    random = problem.random("round", problem.rounds)
    child = yield from changed(problem, random.choice(known), random)
    return () if child is None else (child,)


class Found(NamedTuple):
    """`values` are those of the held-out examples, before and after, in one order."""

    outcome: str
    before: list[float]
    after: list[float]
    calls: int
    messages: list[str]


class Paths(NamedTuple):
    weights: Path
    memory: Path


def search(task: Task, method: str, seed: int, paths: Paths) -> Found:
    model = Remembering(paths.weights, paths.memory)
    plugin = SimpleNamespace(
        models=lambda: [model], optimizers=lambda: [RandomSearch("random", _changed, _MOST_ROUNDS)]
    )
    asked: dict[str, Any] = {"temperature": 0.0, "max_tokens": MAX_TOKENS, "concurrency": 1}
    with tempfile.TemporaryDirectory() as home, burnish.open(home, plugins=[plugin]) as p:
        name = f"task/{task.name}"
        p.prompts.create(name, PROMPT)
        done = p.optimize(
            name,
            task.examples,
            algorithm=method,
            model=f"local:{MODEL}",
            writer="offline",
            scorers=["exact"],
            budget=burnish.Budget(calls=CALLS),
            dataset=task.name,
            seed=seed,
            **asked,
        ).optimization
        first, best = f"{name}@1", done.best or f"{name}@1"
        versions = list(dict.fromkeys([first, best]))
        judged = p.evaluate(
            versions,
            task.held_out,
            models=f"local:{MODEL}",
            scorers=["exact"],
            dataset=f"{task.name}-held-out",
            **asked,
        )
        rows = {
            (each.prompt, each.example): each.score or 0.0
            for each in p.evaluations.results(judged.evaluation.id)
        }
        values = [[rows[one, each["id"]] for each in task.held_out] for one in (first, best)]
        text = [each.content for each in p.prompts.get(best).version.messages]
    return Found(done.outcome, *values, calls=done.report["calls"], messages=text)
