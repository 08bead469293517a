"""Prompts are ranked by what figures can tell, and by nothing else."""

from __future__ import annotations

import math
import random
from importlib import import_module
from typing import Any

import pytest

from burnish.analytics.period.ranking import LEAST, rankings_of
from burnish.analytics.period.report import Ranking
from burnish.storage.period import PromptRatings, PromptResults, PromptRuns

# It has no complete types.
stats: Any = import_module("scipy.stats")


def wilson(successes: int, n: int, level: float = 0.95) -> tuple[float, float]:
    found = stats.binomtest(successes, n).proportion_ci(confidence_level=level, method="wilson")
    return found.low, found.high


def kept(name: str, valid: int, validated: int) -> PromptRuns:
    return PromptRuns(
        name=name, runs=validated, errors=0, validated=validated, valid=valid,
        runs_before=0, errors_before=0, validated_before=0, valid_before=0,
    )  # fmt: skip


def ranking(*runs: PromptRuns) -> Ranking:
    (only,) = rankings_of((), runs, ())
    return only


@pytest.mark.spec("MET-10")
def test_the_best_and_the_worst_of_many_are_shown_and_told_apart() -> None:
    found = ranking(
        kept("best", 99, 100),
        kept("worst", 50, 100),
        *(kept(f"p{n:02}", 80, 100) for n in range(20)),
    )
    assert (found.by, found.prompts, len(found.rows)) == ("rules", 22, 10)
    assert (found.rows[0].name, found.rows[0].standing) == ("best", "better")
    assert (found.rows[-1].name, found.rows[-1].standing) == ("worst", "worse")
    assert {row.standing for row in found.rows[1:-1]} == {"not shown"}


@pytest.mark.spec("MET-10")
def test_few_answers_are_not_ranked_however_good() -> None:
    found = ranking(kept("lucky", LEAST - 1, LEAST - 1), kept("a", 60, 100), kept("b", 70, 100))
    assert [row.name for row in found.rows] == ["b", "a"]
    assert (found.few, found.unranked) == (1, ("lucky",))
    alone = ranking(kept("lucky", 3, 3))
    assert (alone.rows, alone.few) == ((), 1)


def test_a_prompt_alone_is_neither_best_nor_worst() -> None:
    (row,) = ranking(kept("a", 90, 100)).rows
    low, high = wilson(90, 100)
    assert (row.rate, row.low, row.high) == pytest.approx((0.9, low, high))
    assert row.standing == "not shown"


@pytest.mark.parametrize("seed", range(20))
def test_two_are_apart_where_newcombes_interval_is(seed: int) -> None:
    draw = random.Random(seed)
    n, m = draw.randint(LEAST, 200), draw.randint(LEAST, 200)
    a, b = draw.randint(n // 2, n), draw.randint(m // 3, m)
    rows = {row.name: row for row in ranking(kept("a", a, n), kept("b", b, m)).rows}
    # Both standings hold together, so each is at a level of 97.5 %.
    (low_a, high_a), (low_b, high_b) = wilson(a, n, 0.975), wilson(b, m, 0.975)
    p, q = a / n, b / m
    low = p - q - math.hypot(p - low_a, high_b - q)
    high = p - q + math.hypot(high_a - p, q - low_b)
    expected = "better" if low > 0 else "worse" if high < 0 else "not shown"
    assert rows["a"].standing == expected


def test_equal_prompts_are_seldom_told_apart() -> None:
    """All standings of a ranking hold together with 95 %."""
    draw, wrong = random.Random(7), 0
    for _ in range(300):
        runs = [kept(f"p{k}", sum(draw.random() < 0.8 for _ in range(60)), 60) for k in range(8)]
        wrong += any(row.standing != "not shown" for row in ranking(*runs).rows)
    assert wrong / 300 < 0.075


def test_repeats_of_an_example_are_no_more_examples() -> None:
    def results(name: str, passed: int, repeats: int) -> PromptResults:
        """Of 40 examples, whose repeats all agree."""
        return PromptResults(
            prompt=name, dataset="d@1", examples=40, judged=40 * repeats,
            passed=passed * repeats, passed_squares=passed * repeats**2,
            judged_squares=40 * repeats**2, products=passed * repeats**2,
        )  # fmt: skip

    (once,) = rankings_of([results("a@1", 30, 1)], (), ())
    (often,) = rankings_of([results("a@1", 30, 9)], (), ())
    assert (once.by, once.rows[0].dataset, often.rows[0].n) == ("evaluations", "d@1", 40)
    width = once.rows[0].high - once.rows[0].low
    assert often.rows[0].high - often.rows[0].low == pytest.approx(width, rel=0.05)


def test_the_interval_of_ratings_is_wide_enough_for_any_with_that_mean() -> None:
    (found,) = rankings_of((), (), [PromptRatings(name="a", count=40, total=30.0)])
    assert found.by == "ratings"
    low, high = wilson(30, 40)
    assert (found.rows[0].low, found.rows[0].high) == pytest.approx((low, high))
