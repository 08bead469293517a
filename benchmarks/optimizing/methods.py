"""Ways to choose one of many prompts within a budget of evaluations.

`surface` answers `scores(prompts, items)`, prompts by items; `size` is how many prompts there are.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import ceil, log
from typing import Any

import numpy as np

Method = Callable[[Any, int, int], int]


def at_random(surface: Any, budget: int, seed: int) -> int:
    del budget
    size: int = surface.size
    return int(np.random.default_rng([seed, 7]).integers(size))


def uniform(surface: Any, budget: int, seed: int, most: int | None = None) -> int:
    """Each prompt on the same items, `most` of them at the most."""
    items = min(budget // surface.size, most or budget)
    return best(surface.scores(range(surface.size), range(items)).mean(axis=1), seed)


def top_two_thompson(surface: Any, budget: int, seed: int) -> int:
    """Beta posteriors; half of the time the second best of a draw. The n-th evaluation of a prompt
    is on the n-th item."""
    rng = np.random.default_rng([seed, 8])
    right, wrong = np.ones(surface.size), np.ones(surface.size)
    asked = np.zeros(surface.size, int)
    for _ in range(budget):
        drawn = rng.beta(right, wrong)
        chosen = int(drawn.argmax())
        if rng.random() < 0.5:
            drawn[chosen] = -1
            chosen = int(drawn.argmax())
        score = surface.score(chosen, int(asked[chosen]))
        right[chosen] += score
        wrong[chosen] += 1 - score
        asked[chosen] += 1
    return best(right / (right + wrong), seed)


def halving(
    surface: Any,
    budget: int,
    seed: int,
    *,
    factor: float = 2,
    growth: float = 1,
    reuse: bool = True,
) -> int:
    """Sequential halving on shared items: each round keeps one of `factor`, and costs `growth`
    times the one before. With `reuse`, earlier results count with the new ones."""
    alive = np.array(range(surface.size))
    rounds = ceil(log(surface.size) / log(factor) - 1e-9)
    weights = [growth**index for index in range(rounds)]
    totals = np.zeros(surface.size)
    asked, left = 0, budget
    for index in range(rounds):
        share = int(left * weights[index] / sum(weights[index:]))
        new = max(1, share // len(alive))
        scores = surface.scores(alive, range(asked, asked + new)).sum(axis=1)
        totals[alive] = totals[alive] * reuse + scores
        asked, left = asked + new, left - new * len(alive)
        keep = 1 if index == rounds - 1 else max(1, round(len(alive) / factor))
        alive = alive[ranked(totals[alive], seed)[:keep]]
    return int(alive[0])


def ranked(values: Any, seed: int) -> Any:
    """Best first, ties by lot."""
    lot = np.random.default_rng([seed, 9]).random(len(values))
    order: Any = np.lexsort((lot, -values))
    return order


def best(values: Any, seed: int) -> int:
    return int(ranked(values, seed)[0])


BASELINES: tuple[tuple[str, Method, tuple[int, ...]], ...] = (
    ("random", at_random, (0,)),
    ("uniform, same items", uniform, (1280, 5120)),
    ("every prompt on 50 items", partial(uniform, most=50), (3200,)),
    ("every prompt on 300 items", partial(uniform, most=300), (19200,)),
    ("sequential halving, fresh", partial(halving, reuse=False), (640, 1280, 2560, 5120)),
    ("sequential halving", halving, (640, 1280, 2560, 5120)),
    ("sequential halving, shrinking rounds", partial(halving, growth=0.9), (640, 1280, 2560, 5120)),
    ("top-two Thompson", top_two_thompson, (1280, 2560)),
)
