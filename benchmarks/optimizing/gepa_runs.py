"""The real `gepa` package on a simulated world: the opponent of our own optimisers.

    cd benchmarks && python -m optimizing.gepa_runs [--worlds 40]

prints its curve on the tuning worlds. `pip install gepa==0.1.4` into the environment first: it is
needed for benchmarks alone.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from math import sqrt
from typing import Any

from .worlds import CONSTANTS, TUNING, Constants, Rules, World, rules_of, text_of

TRAIN = 120  # items that reflections are made of; gepa's own advice is 30 to 300 examples
VALIDATION_FROM = 1_000_000  # no item is in both parts
BUDGETS = (300, 600, 1200)
LISTS = (25, 50, 100)
# The true score of what gepa chose where it was first measured, on other worlds of this kind.
PUBLISHED = {
    25: (0.590, 0.672, 0.771),
    50: (0.556, 0.629, 0.711),
    100: (0.517, 0.594, 0.667),
}


@dataclass(frozen=True, kw_only=True)
class GepaRun:
    true_score: float
    calls: int  # metric calls really used: gepa looks at its budget between iterations only
    reflections: int
    accepted: int
    rules: Rules


def package() -> Any:
    try:
        return import_module("gepa")
    except ModuleNotFoundError as error:
        raise SystemExit(
            "gepa is not installed; put it into this environment: pip install gepa==0.1.4"
        ) from error


class WorldAdapter:
    """What gepa asks of a task. Reflection is the world's own, as for each optimiser."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self.world = world
        self.rng = rng
        self.calls: int = 0
        self.reflections = 0
        self._batch: Any = import_module("gepa.core.adapter").EvaluationBatch

    def evaluate(
        self, batch: Sequence[int], candidate: Mapping[str, str], capture_traces: bool = False
    ) -> Any:
        text = candidate["instruction"]
        scores = [self.world.score(text, item) for item in batch]
        self.calls += len(scores)
        records = [(item, score == 1) for item, score in zip(batch, scores, strict=True)]
        return self._batch(
            outputs=scores, scores=scores, trajectories=records if capture_traces else None
        )

    def make_reflective_dataset(
        self, candidate: Mapping[str, str], eval_batch: Any, components_to_update: Sequence[str]
    ) -> dict[str, list[dict[str, Any]]]:
        del candidate
        records = [{"item": item, "correct": correct} for item, correct in eval_batch.trajectories]
        return dict.fromkeys(components_to_update, records)

    def propose_new_texts(
        self,
        candidate: Mapping[str, str],
        reflective_dataset: Mapping[str, Sequence[Mapping[str, Any]]],
        components_to_update: Sequence[str],
    ) -> dict[str, str]:
        self.reflections += 1
        (name,) = components_to_update
        records = [(row["item"], row["correct"]) for row in reflective_dataset[name]]
        rules = self.world.reflect(rules_of(candidate[name]), records, self.rng)
        return {name: text_of(rules)}


class Silent:
    def log(self, message: str) -> None:
        """What gepa tells of each iteration is not looked at."""


def run_gepa(world: World, *, budget: int, validation: int, seed: int = 0) -> GepaRun:
    """`validation` is the number of items on which each accepted candidate is run. The winner is
    gepa's: the best mean there."""
    adapter = WorldAdapter(world, random.Random(f"gepa {world.seed} {seed}"))
    result = package().optimize(
        seed_candidate={"instruction": text_of(())},
        trainset=list(range(TRAIN)),
        valset=list(range(VALIDATION_FROM, VALIDATION_FROM + validation)),
        adapter=adapter,
        max_metric_calls=budget,
        logger=Silent(),
        track_best_outputs=False,
        seed=world.seed * 1000 + seed,
    )
    rules = rules_of(result.best_candidate["instruction"])
    return GepaRun(
        true_score=world.true_score(rules),
        calls=adapter.calls,
        reflections=adapter.reflections,
        accepted=len(result.candidates) - 1,
        rules=rules,
    )


def curve_of(
    seed: int, constants: Constants = CONSTANTS, run: int = 0
) -> dict[tuple[int, int], GepaRun]:
    """By length of the validation list and budget, of one world."""
    return {
        (length, budget): run_gepa(
            World(seed, constants), budget=budget, validation=length, seed=run
        )
        for length in LISTS
        for budget in BUDGETS
    }


def curves(
    seeds: Sequence[int], constants: Constants = CONSTANTS, run: int = 0
) -> list[dict[tuple[int, int], GepaRun]]:
    with ProcessPoolExecutor(max_workers=2) as pool:
        return list(pool.map(partial(curve_of, constants=constants, run=run), seeds, chunksize=4))


def standard_error(values: Sequence[float]) -> float:
    return statistics.stdev(values) / sqrt(len(values))


def show(runs: Sequence[Mapping[tuple[int, int], GepaRun]]) -> None:
    print("validation  budget  true score (se)  published  calls  reflections  accepted")
    for length, budget in runs[0]:
        cell = [run[length, budget] for run in runs]
        scores = [each.true_score for each in cell]
        published = PUBLISHED[length][BUDGETS.index(budget)]
        score = f"{statistics.mean(scores):.3f} ({standard_error(scores):.3f})"
        print(
            f"{length:10}  {budget:6}  {score:>15}"
            f"  {published:9.3f}  {statistics.mean(each.calls for each in cell):5.0f}"
            f"  {statistics.mean(each.reflections for each in cell):11.1f}"
            f"  {statistics.mean(each.accepted for each in cell):8.1f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=len(TUNING))
    parser.add_argument("--run", type=int, default=0, help="the seed of gepa itself")
    options = parser.parse_args()
    seeds = TUNING[: options.worlds]
    worlds = [World(seed) for seed in seeds]
    for what, rules in (
        ("seed", [Rules() for _ in worlds]),
        ("oracle", [w.oracle for w in worlds]),
    ):
        scores = [w.true_score(r) for w, r in zip(worlds, rules, strict=True)]
        print(f"{what} {statistics.mean(scores):.3f} (sd {statistics.stdev(scores):.3f})")
    start = time.perf_counter()
    runs = curves(seeds, run=options.run)
    seconds = time.perf_counter() - start
    show(runs)
    calls = sum(cell.calls for run in runs for cell in run.values())
    print(
        f"{seconds:.1f} s on two processes, {2e6 * seconds / calls:.0f} ms per 1,000 metric calls"
    )


if __name__ == "__main__":
    main()
