"""One optimisation of one task, as a user would begin it, and the true gain of what it chose."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import burnish
from burnish.optimizers.changes import changed
from burnish.optimizers.problem import Problem, Search

from .remembering import MODEL, Remembering
from .tasks import PROMPT, Task

CALLS = 300
MAX_TOKENS = 12
METHODS = ("auto", "fewshot", "reflective", "genetic", "bandit", "random", "gepa")
_ENOUGH = 12


class RandomSearch:
    """Each proposal changes any candidate so far and is measured on as many examples; the best
    mean leads."""

    name = "random"

    def search(self, problem: Problem) -> Search:
        examples = problem.validation[:_ENOUGH]
        yield from problem.measure([problem.original], examples)
        known = [problem.original]
        while problem.left and problem.rounds < 10 * _ENOUGH * _ENOUGH:
            problem.rounds += 1
            random = problem.random("round", problem.rounds)
            child = yield from changed(problem, random.choice(known), random)
            if child is None or child in known:
                continue
            yield from problem.measure([child], examples)
            if problem.standing(child)[1] == _ENOUGH:
                known.append(child)
            problem.lead(max(known, key=lambda one: problem.standing(one)[0]))


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
    plugin = SimpleNamespace(models=lambda: [model], optimizers=lambda: [RandomSearch()])
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
