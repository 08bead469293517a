"""What a search costs beside its models: one whose answers are there at once, all written down.

cd benchmarks && python -m optimizing.overhead [--profile reflective]
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import pstats
import random
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from burnish.optimizers.ask import Measured, Pair, Propose
from burnish.optimizers.drive import Drafted, play
from burnish.optimizers.fewshot import FewShot
from burnish.optimizers.log import StoredLog
from burnish.optimizers.optimizer import Optimizer
from burnish.optimizers.settle import course
from burnish.storage.optimization import Optimization
from burnish.storage.sqlite import open_sqlite

from .families import OURS
from .gepa_runs import TRAIN, VALIDATION_FROM, Silent, WorldAdapter, package
from .worlds import WORDS, World, mixed, rules_of, text_of
from .worlds_bench import WorldBench, candidate_of, final_of, problem_on

CALLS = 1_000
SEARCHES: dict[str, Callable[[], Optimizer]] = {
    **{name: OURS[name] for name in ("reflective", "genetic", "bandit", "auto")},
    "fewshot": FewShot,
}


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Processor and wall clock seconds of so many metric calls, and how many are in the store."""

    cpu_s: float
    wall_s: float
    calls: int
    written: int


class Instant(WorldBench):
    """More rules are better, and answers take no time to work out."""

    async def propose(self, ask: Propose) -> Drafted:
        if ask.operator == "reflect":
            rules = rules_of(self.text(ask.parents[0]))
            missing = random.choice(list(WORDS))
            return Drafted(candidates=(candidate_of(text_of(rules | {missing}), ask),), calls=1)
        if ask.operator != "demonstrate":
            return await super().propose(ask)
        shown = "\n".join(f"example {each}" for each in ask.examples)
        return Drafted(candidates=(candidate_of(f"{self.text(ask.parents[0])}\n{shown}", ask),))

    async def measure(self, pairs: Sequence[Pair], keep: Callable[[Pair, Measured], None]) -> str:
        for pair in pairs:
            keep(pair, Measured(value=float(answered(self.text(pair.candidate), pair.example))))
        return ""


def answered(text: str, example: int) -> bool:
    return mixed(example * 31 + len(text)) % 1000 < 300 + len(text) // 4


def stored(number: int) -> Optimization:
    return Optimization(
        id=f"01970000-0000-7000-8000-{number:012}",
        prompt="quiz@1",
        version_id="01970000-0000-7000-8000-000000000000",
        algorithm="own",
        dataset="questions@1",
        model="fake:a",
        created_at=datetime(2026, 1, 2, tzinfo=UTC),
    )


async def ours(make: Callable[[], Optimizer], rounds: int, profile: Any = None) -> list[Cost]:
    found: list[Cost] = []
    with tempfile.TemporaryDirectory() as folder:
        store = await open_sqlite(Path(folder) / "store.sqlite")
        for number in range(rounds):
            own = stored(number)
            await store.optimizations.add(own)
            problem = problem_on(CALLS, number)
            problem.free |= {"demonstrate"}
            bench = Instant(World(number), problem.book, number)
            problem.edits = bench.edits
            problem.words = lambda each: frozenset({str(each), str(each % 7)})
            optimizer = make()
            final = final_of(problem.validation, CALLS)
            if profile is not None:
                profile.enable()
            cpu, wall = time.process_time(), time.perf_counter()
            async with await StoredLog.load(store.optimizations, own) as log:
                await play(course(problem, optimizer, (), final=final), problem, bench, log)
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            if profile is not None:
                profile.disable()
            counts = await store.optimizations.counts(own.id)
            calls = problem.ledger.metric_calls
            found.append(Cost(cpu_s=cpu, wall_s=wall, calls=calls, written=counts.answers))
        await store.close()
    return found


class InstantAdapter(WorldAdapter):
    def evaluate(
        self, batch: Sequence[int], candidate: Mapping[str, str], capture_traces: bool = False
    ) -> Any:
        text = candidate["instruction"]
        scores = [float(answered(text, item)) for item in batch]
        self.calls += len(batch)
        records = [(item, score == 1) for item, score in zip(batch, scores, strict=True)]
        return self._batch(
            outputs=scores, scores=scores, trajectories=records if capture_traces else None
        )


def theirs(rounds: int, validation: int = 25) -> list[Cost]:
    """Nothing is stored."""

    found: list[Cost] = []
    for number in range(rounds):
        adapter = InstantAdapter(World(number), random.Random(number))
        cpu, wall = time.process_time(), time.perf_counter()
        package().optimize(
            seed_candidate={"instruction": text_of(())},
            trainset=list(range(TRAIN)),
            valset=list(range(VALIDATION_FROM, VALIDATION_FROM + validation)),
            adapter=adapter,
            max_metric_calls=CALLS,
            logger=Silent(),
            track_best_outputs=False,
            seed=number,
        )
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        found.append(Cost(cpu_s=cpu, wall_s=wall, calls=adapter.calls, written=0))
    return found


async def in_turns(rounds: int) -> dict[str, list[Cost]]:
    """By search, and of gepa, each round right after the one before it: what else the machine does
    meets all of them. The first search of each is not told: it imports and plans."""
    found: dict[str, list[Cost]] = {name: [] for name in (*SEARCHES, "gepa")}
    for _ in range(rounds):
        for name, make in SEARCHES.items():
            found[name] += (await ours(make, 2))[1:]
        found["gepa"] += theirs(2)[1:]
    return found


def per_thousand(several: Sequence[Cost]) -> float:
    """Of the best round: others' work on the machine only ever adds."""
    return min(1000 * each.cpu_s / max(1, each.calls) for each in several)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--profile", default="")
    options = parser.parse_args()
    if options.profile:
        profile = cProfile.Profile()
        asyncio.run(ours(SEARCHES[options.profile], options.rounds, profile))
        pstats.Stats(profile).sort_stats("tottime").print_stats(28)
        return
    for name, got in asyncio.run(in_turns(options.rounds)).items():
        written = sum(each.written for each in got)
        print(f"{name:12} {per_thousand(got):.3f} s per 1,000 calls, {written} written")


if __name__ == "__main__":
    main()
