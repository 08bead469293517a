"""Our optimisers, random search and the real gepa on simulated worlds, at the same budgets.

    cd benchmarks && python -m optimizing.families [--worlds 40] [--variant plain] [--held-out]
        [--only reflective] [--budgets 300,600]

prints their curves, on the tuning worlds unless `--held-out`. `auto` has no part here that shows
examples, and `fewshot` is not measured: the examples of a world are numbers without a text, and
there is nothing of them to show.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from burnish.optimizers.ask import Ask, Drafts
from burnish.optimizers.auto import Auto
from burnish.optimizers.bandit import Bandit
from burnish.optimizers.genetic import Genetic
from burnish.optimizers.optimizer import Optimizer
from burnish.optimizers.problem import Problem
from burnish.optimizers.reflective import Reflective

from .gepa_runs import BUDGETS, run_gepa, standard_error
from .random_search import RandomSearch
from .variants import UNWRITTEN, WHOLE, WORLDS
from .worlds import HELD_OUT, TUNING
from .worlds_bench import Run, run_ours

# A round that asks for nothing new ends with the budget in any case.
_MOST_ROUNDS = 100_000


def _reflected(
    problem: Problem, known: Sequence[str], examples: Sequence[int]
) -> Generator[Ask, Drafts | None, Sequence[str]]:
    parent = problem.random("parent", problem.rounds).choice(known)
    failing = problem.book.failing(parent, examples)
    return (yield from problem.propose("reflect", (parent,), examples=failing))


def _random() -> Optimizer:
    return RandomSearch("random search", _reflected, _MOST_ROUNDS)


def auto() -> Optimizer:
    return Auto([Reflective(), Genetic(), Bandit()])


OURS: dict[str, Callable[[], Optimizer]] = {
    "reflective": Reflective,
    "genetic": Genetic,
    "bandit": Bandit,
    "auto": auto,
    "random search": _random,
}
GEPA = {"gepa, 25 validation examples": 25, "gepa, 50 validation examples": 50}
METHODS = (*OURS, *GEPA)


def run(seed: int, method: str, variant: str, budget: int, again: int) -> Run:
    """`again` is the seed of the search itself."""
    world = WORLDS[variant](seed)
    if method in OURS:
        return run_ours(
            world,
            OURS[method](),
            calls=budget,
            seed=again,
            whole=variant == WHOLE,
            written=variant != UNWRITTEN,
        )
    found = run_gepa(world, budget=budget, validation=GEPA[method], seed=again)
    return Run(
        true_score=found.true_score,
        calls=found.calls,
        reflections=found.reflections,
        rules=found.rules,
    )


def runs(
    seeds: Sequence[int], method: str, variant: str, budget: int, repeats: int = 1
) -> list[list[Run]]:
    """By repeat, then by world."""
    # Threads of a library for matrices wait for each other where two processes share two cores.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    with ProcessPoolExecutor(max_workers=2) as pool:
        return [
            list(
                pool.map(
                    partial(run, method=method, variant=variant, budget=budget, again=n), seeds
                )
            )
            for n in range(repeats)
        ]


def by_world(several: Sequence[Sequence[Run]]) -> list[float]:
    """The true score of each world, the mean over repeats."""
    return [
        statistics.mean(each.true_score for each in world) for world in zip(*several, strict=True)
    ]


def told(method: str, budget: int, several: Sequence[Sequence[Run]], seconds: float) -> str:
    scores = by_world(several)
    every = [each for some in several for each in some]
    useful = statistics.mean(sum(rule[0] == "u" for rule in each.rules) for each in every)
    harmful = statistics.mean(sum(rule[0] == "h" for rule in each.rules) for each in every)
    calls = statistics.mean(each.calls for each in every)
    return (
        f"{method:30} {budget:6}  {statistics.mean(scores):.3f} ({standard_error(scores):.3f})"
        f"  {calls:5.0f} calls  {statistics.mean(each.reflections for each in every):5.1f}"
        f" reflections  {useful:4.1f} useful {harmful:4.1f} harmful"
        f"  {2000 * seconds / (calls * len(every)):.2f} s per 1,000 calls"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=len(TUNING))
    parser.add_argument("--variant", choices=list(WORLDS), default="plain")
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--only", default="", help="the methods that have this in their names")
    parser.add_argument("--budgets", default=",".join(map(str, BUDGETS)))
    parser.add_argument("--repeats", type=int, default=1)
    options = parser.parse_args()
    seeds = (HELD_OUT if options.held_out else TUNING)[: options.worlds]
    print(f"{options.variant}: true score (standard error), {len(seeds)} worlds")
    for method in METHODS:
        for budget in map(int, options.budgets.split(",")) if options.only in method else ():
            start = time.perf_counter()
            got = runs(seeds, method, options.variant, budget, options.repeats)
            print(told(method, budget, got, time.perf_counter() - start), flush=True)


if __name__ == "__main__":
    main()
