"""Choosing the best of 64 prompts with few evaluations, on accuracies that were really measured.

    cd benchmarks && python -m optimizing.surfaces [--draws 2] [--held-out] [--only halving]

A surface is one model on one task: its accuracies on many paraphrases of an instruction
(SLAB-NLP/Multi-Prompt-LLM-Evaluation, over 100 samples each), shrunk by what sampling added. The
items are drawn: their difficulties are normal, and a prompt is as able as makes its accuracy over
all items the surface's value.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np

from .methods import BASELINES
from .worlds import NODES, WEIGHTS

SOURCE = "shared/data/surfaces/paraphrase_accuracy.json"  # beside the project, or further up
PROMPTS = 64
DIFFICULTY = 1.5  # standard deviation in log odds: some items nearly all prompts solve, some none
SPREAD = 0.04  # a flat surface has nothing to choose
BLOCK = 64  # items that are drawn at once
TUNING_DRAWS = range(10)  # methods are chosen on these
HELD_OUT_DRAWS = range(100, 120)  # what is published comes from these

Method = Callable[["Surface", int, int], int]


class Surface:
    """64 prompts of one task and model. Which ones, and each answer, follow from the seed."""

    def __init__(self, name: str, accuracies: Sequence[float], seed: int) -> None:
        self.name = name
        self._key = [seed, *name.encode()]
        rng = np.random.default_rng(self._key)
        self.truth: Any = rng.choice(np.array(accuracies), PROMPTS, replace=False)
        self.size = PROMPTS
        self.used = 0
        self._able = abilities(self.truth)
        self._blocks: dict[tuple[int, int], tuple[Any, Any]] = {}

    def score(self, prompt: int, item: int, repeat: int = 0) -> float:
        return float(self.scores([prompt], [item], repeat)[0, 0])

    def scores(self, prompts: Iterable[int], items: Iterable[int], repeat: int = 0) -> Any:
        """Prompts are rows. What was asked before is not counted again in `used`."""
        rows, columns = np.array(list(prompts), int), np.array(list(items), int)
        found = np.empty((len(rows), len(columns)))
        for number in np.unique(columns // BLOCK).tolist():
            here = columns // BLOCK == number
            cells = np.ix_(rows, columns[here] % BLOCK)
            answers, asked = self._block(number, repeat)
            before = int(asked.sum())
            asked[cells] = True
            self.used += int(asked.sum()) - before
            found[:, here] = answers[cells]
        return found

    def regret(self, prompt: int) -> float:
        """In points of accuracy, to the best of the 64."""
        return 100 * float(self.truth.max() - self.truth[prompt])

    def _block(self, number: int, repeat: int) -> tuple[Any, Any]:
        """The answers, and which of them were asked for."""
        known = self._blocks.get((number, repeat))
        if known is None:
            difficulty = np.random.default_rng([*self._key, 1, number]).normal(0, DIFFICULTY, BLOCK)
            luck = np.random.default_rng([*self._key, 2, number, repeat]).random((PROMPTS, BLOCK))
            chance = 1 / (1 + np.exp(difficulty[None, :] - self._able[:, None]))
            answers = (luck < chance).astype(float)
            known = self._blocks[number, repeat] = (answers, np.zeros(answers.shape, bool))
        return known


@cache
def grid() -> tuple[Any, Any]:
    """Abilities in log odds, and the accuracy over all items that each gives."""
    able = np.linspace(-15, 15, 3001)
    odds = able[:, None] - DIFFICULTY * NODES[None, :]
    return able, (1 / (1 + np.exp(-odds))) @ WEIGHTS


def abilities(accuracies: Any) -> Any:
    able, mean = grid()
    return np.array(np.interp(accuracies, mean, able), float)


def shrunk(accuracies: Sequence[float], samples: int) -> list[float]:
    """Towards their mean, by the part of their variance that sampling explains."""
    mean = statistics.mean(accuracies)
    variance = statistics.variance(accuracies)
    noise = statistics.mean(each * (1 - each) / samples for each in accuracies)
    kept = sqrt(max(0.0, 1 - noise / variance)) if variance else 0.0
    return [mean + kept * (each - mean) for each in accuracies]


@cache
def accuracies() -> dict[str, list[float]]:
    """By task and model, those that differ by prompt."""
    places = [above / SOURCE for above in Path(__file__).parents[3:]]
    source = next((place for place in places if place.exists()), None)
    if source is None:
        raise SystemExit(f"the measured accuracies are missing; put them at {places[0]}")
    content = json.loads(source.read_text(encoding="utf-8"))
    found: dict[str, list[float]] = {}
    for task, table in content["tasks"].items():
        for column, model in enumerate(table["models"]):
            measured = [row[column] for row in table["accuracy"]]
            values = shrunk(measured, content["samples_per_prompt"])
            if statistics.pstdev(values) >= SPREAD:
                found[f"{task} {model}"] = values
    return found


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """`regret` is in points. Draws of one surface are alike, so `error` is over surfaces."""

    regret: float
    error: float
    within: float  # share of choices at most one point from the best
    used: float  # evaluations, the mean


def played(name: str, method: Method, budget: int, draws: Sequence[int]) -> list[tuple[float, int]]:
    found: list[tuple[float, int]] = []
    for draw in draws:
        surface = Surface(name, accuracies()[name], draw)
        chosen = method(surface, budget, draw)
        if surface.used > budget:
            raise ValueError(f"{surface.used} evaluations were used of {budget}")
        found.append((surface.regret(chosen), surface.used))
    return found


def play(method: Method, budget: int, draws: Sequence[int]) -> Outcome:
    """The method on each draw of each surface."""
    names = sorted(accuracies())
    with ProcessPoolExecutor(max_workers=2) as pool:
        one = partial(played, method=method, budget=budget, draws=draws)
        results = list(pool.map(one, names, chunksize=8))
    means = [statistics.mean(regret for regret, _ in rows) for rows in results]
    every = [each for rows in results for each in rows]
    return Outcome(
        regret=statistics.mean(means),
        error=statistics.stdev(means) / sqrt(len(means)),
        within=statistics.mean(regret <= 1 for regret, _ in every),
        used=statistics.mean(used for _, used in every),
    )


def show(what: str, method: Method, budget: int, draws: Sequence[int]) -> Outcome:
    start = time.perf_counter()
    got = play(method, budget, draws)
    print(
        f"{what:40} {budget:6} {got.used:7.0f} {got.regret:6.2f} ({got.error:.2f})"
        f" {got.within:5.0%} {time.perf_counter() - start:6.1f} s",
        flush=True,
    )
    return got


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=2)
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--only", default="", help="the methods that have this in their names")
    options = parser.parse_args()
    draws = (HELD_OUT_DRAWS if options.held_out else TUNING_DRAWS)[: options.draws]
    print(f"{len(accuracies())} surfaces, {len(draws)} draws each; regret in points")
    print("method                                   budget    used  regret (se) within 1")
    for what, method, budgets in BASELINES:
        for budget in budgets if options.only in what else ():
            show(what, method, budget, draws)


if __name__ == "__main__":
    main()
