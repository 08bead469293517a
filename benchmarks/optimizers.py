"""Optimisers: what they choose, what they find on simulated worlds beside the real gepa, and what
they cost beside their models.

    python benchmarks/optimizers.py [worlds]

Takes about six minutes. `worlds` (100) are held out: constants were chosen on others. A world is a
set of rules whose effects add up in log odds. That is in favour of a search which takes prompts
for sums of their edits (`reflective`, and `auto`, which has it), so that each way in which worlds
may be otherwise is measured, too. gepa looks at its budget between its iterations; the calls are
those that it really used. It is played twice on each world.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from math import inf, sqrt
from typing import Any

from _report import report
from optimizing.families import GEPA, OURS, by_world, runs
from optimizing.gepa_runs import BUDGETS
from optimizing.overhead import SEARCHES, in_turns, per_thousand
from optimizing.selection import OTHERS, chosen, found_best
from optimizing.surfaces import HELD_OUT_DRAWS, play
from optimizing.variants import UNWRITTEN, WORLDS
from optimizing.worlds import HELD_OUT
from optimizing.worlds_bench import Run

Rows = list[dict[str, Any]]
Several = list[list[Run]]
WANTED = dict(zip(BUDGETS, (0.62, 0.68, 0.77), strict=True))
MARGIN, REFLECTIONS, STRETCH = 0.02, 1.3, 0.03
GEPA_25, GEPA_50 = GEPA
REGRET = {1280: 2.0, 2560: 1.2}
DRAWS, GAMES, FOUND = 4, 400, 0.8
CURVES = {0.6: (100, 200, 400, 800, 1200, 1600, 2400), 0.7: (50, 100, 200, 300, 400, 600)}
ROUNDS = 9
STARTED = time.perf_counter()


def told(what: str) -> None:
    print(f"{time.perf_counter() - STARTED:5.0f} s  {what}", flush=True)


class Worlds:
    """Each run once, however often it is compared."""

    def __init__(self, count: int) -> None:
        self._seeds = HELD_OUT[:count]
        self._known: dict[tuple[str, str, int], Several] = {}

    def runs(self, method: str, budget: int, variant: str = "plain") -> Several:
        key = (method, variant, budget)
        if key not in self._known:
            repeats = 2 if method in GEPA else 1
            self._known[key] = runs(self._seeds, method, variant, budget, repeats)
            told(f"{method}, {variant}, {budget} calls")
        return self._known[key]


def mean(values: Sequence[float]) -> float:
    return statistics.fmean(values)


def error(values: Sequence[float]) -> float:
    return statistics.stdev(values) / sqrt(len(values))


def reflections(several: Several) -> float:
    return mean([each.reflections for some in several for each in some])


def figures(several: Several) -> dict[str, float]:
    scores = by_world(several)
    return {
        "true_score": round(mean(scores), 3),
        "standard_error": round(error(scores), 3),
        "calls": round(mean([each.calls for some in several for each in some])),
        "reflections": round(reflections(several), 1),
    }


def curves(worlds: Worlds) -> Rows:
    rows: Rows = []
    for method in (*OURS, *GEPA):
        for budget in BUDGETS:
            row: dict[str, Any] = {"what": f"additive worlds, {method}, {budget:,} calls"}
            row |= figures(worlds.runs(method, budget))
            if method in ("reflective", "auto"):
                row["target"] = f">= {WANTED[budget]}"
                row["met"] = row["true_score"] >= WANTED[budget]
            rows.append(row)
    return rows


def beside(one: Several, other: Several) -> dict[str, float]:
    """The difference on the same worlds, with the ends of its 95 % interval."""
    pairs = zip(by_world(one), by_world(other), strict=True)
    differences = [mine - theirs for mine, theirs in pairs]
    half = 1.96 * error(differences)
    return {
        "difference": round(mean(differences), 3),
        "low": round(mean(differences) - half, 3),
        "high": round(mean(differences) + half, 3),
    }


def compared(worlds: Worlds) -> Rows:
    rows: Rows = []
    for method in ("reflective", "auto"):
        for budget in BUDGETS:
            mine, theirs_ = worlds.runs(method, budget), worlds.runs(GEPA_25, budget)
            found = beside(mine, theirs_)
            ratio = round(reflections(mine) / reflections(theirs_), 2)
            least = STRETCH if budget == 600 else -MARGIN
            rows.append(
                {
                    "what": f"{method} less {GEPA_25}, {budget:,} calls, the same worlds",
                    **found,
                    "reflections_ratio": ratio,
                    "target": f"low > {least}, reflections ratio <= {REFLECTIONS}",
                    "met": found["low"] > least and ratio <= REFLECTIONS,
                }
            )
        for budget in BUDGETS[1:]:
            fewer = budget * 6 // 10
            found = beside(worlds.runs(method, fewer), worlds.runs(GEPA_50, budget))
            rows.append(
                {
                    "what": f"{method} with {fewer} calls less {GEPA_50} with {budget:,}",
                    **found,
                    "target": f"low > -{MARGIN}",
                    "met": found["low"] > -MARGIN,
                }
            )
    return rows


def robust(worlds: Worlds) -> Rows:
    """At 600 calls, beside gepa where a model writes."""
    rows: Rows = []
    for variant in [each for each in WORLDS if each != "plain"]:
        written = variant != UNWRITTEN
        methods = ("reflective", "genetic", "bandit", "auto") if written else tuple(OURS)[1:4]
        best = max(mean(by_world(worlds.runs(each, 600, variant))) for each in methods[:-1])
        for method in methods:
            mine = worlds.runs(method, 600, variant)
            row: dict[str, Any] = {"what": f"{variant}, {method}, 600 calls", **figures(mine)}
            if method == "auto":
                row["best_part"] = round(best, 3)
                row["target"] = "at most 0.03 less than its best part"
                row["met"] = mean(by_world(mine)) >= best - 0.03
            elif method == "reflective":
                row |= beside(mine, worlds.runs(GEPA_25, 600, variant))
                row["target"] = f"less {GEPA_25}: low > -{MARGIN}"
                row["met"] = row["low"] > -MARGIN
            rows.append(row)
        if written:
            theirs_ = worlds.runs(GEPA_25, 600, variant)
            rows.append({"what": f"{variant}, {GEPA_25}, 600 calls", **figures(theirs_)})
    return rows


def selection() -> Rows:
    rows: Rows = []
    for budget in (640, 1280, 2560, 5120):
        got = play(chosen, budget, HELD_OUT_DRAWS[:DRAWS])
        told(f"selection, {budget} evaluations")
        row: dict[str, Any] = {
            "what": f"the best of 64 measured prompts, {budget:,} evaluations",
            "regret_points": round(got.regret, 2),
            "standard_error": round(got.error, 2),
            "within_one_point": round(got.within, 2),
        }
        if budget in REGRET:
            row |= {"target": f"<= {REGRET[budget]}", "met": got.regret <= REGRET[budget]}
        rows.append(row)
    return rows


def bandits() -> Rows:
    rows: Rows = []
    for right, curve in CURVES.items():
        shares = {rule: curve_of(rule, right, curve) for rule in ("top two", "uniform")}
        told(f"bandit, {right}")
        arms = f"the best of 10 prompts ({right}, others {OTHERS})"
        rows += [
            {
                "what": f"{arms} found, {calls:,} calls",
                "top_two": round(ours_, 3),
                "uniform": round(equal, 3),
                "standard_error": round(
                    sqrt((ours_ * (1 - ours_) + equal * (1 - equal)) / GAMES), 3
                ),
            }
            for calls, ours_, equal in zip(curve, *shares.values(), strict=True)
        ]
        top_two, uniform = (reached(curve, each) for each in shares.values())
        rows.append(
            {
                "what": f"{arms} found in {FOUND:.0%} of {GAMES} games, calls",
                "top_two": round(top_two),
                "uniform": round(uniform),
                "target": "fewer than uniform",
                "met": top_two < uniform,
            }
        )
    return rows


def curve_of(rule: str, right: float, curve: Sequence[int]) -> list[float]:
    """In which share of games the best one leads after so many calls."""
    play_ = partial(found_best, curve, uniform=rule == "uniform", right=right)
    with ProcessPoolExecutor(max_workers=2) as pool:
        games = list(pool.map(play_, range(GAMES)))
    return [mean([each[at] for each in games]) for at in range(len(curve))]


def reached(curve: Sequence[int], shares: Sequence[float]) -> float:
    """The calls at which the line between the points first comes to the share that is wanted;
    infinitely many where it never does."""
    for at in range(1, len(curve)):
        (x, y), (x2, y2) = ((curve[n], shares[n]) for n in (at - 1, at))
        if y < FOUND <= y2:
            return x + (x2 - x) * (FOUND - y) / (y2 - y)
    return inf


def overheads() -> Rows:
    rows: Rows = []
    measured = asyncio.run(in_turns(ROUNDS))
    gepa = per_thousand(measured["gepa"])
    for name in SEARCHES:
        cost = per_thousand(measured[name])
        unwritten = sum(each.calls - each.written for each in measured[name])
        rows.append(
            {
                "what": f"processor time of 1,000 metric calls, {name}, all written",
                "s": round(cost, 4),
                "times_gepa": round(cost / gepa, 2),
                "unwritten": unwritten,
                "target": "<= 0.04 s",
                "met": cost <= 0.04 and not unwritten,
            }
        )
    what = "processor time of 1,000 metric calls, gepa, none written"
    rows.append({"what": what, "s": round(gepa, 4)})
    told("overhead")
    return rows


def main() -> None:
    worlds = Worlds(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
    cheap = [*overheads(), *bandits(), *selection()]
    report("optimizers", [*curves(worlds), *compared(worlds), *robust(worlds), *cheap])


if __name__ == "__main__":
    main()
