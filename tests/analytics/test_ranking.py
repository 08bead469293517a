"""Prompts are ranked by what figures can tell, and by nothing else."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

import pytest

from burnish.analytics.period import sheets
from burnish.analytics.period.ranking import LEAST, rankings_of
from burnish.analytics.period.report import Ranking
from burnish.storage.period import Beside, PromptRatings, PromptResults, PromptRuns

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
    assert (found.rows[0].name, found.rows[0].standing) == ("best", "higher")
    assert (found.rows[-1].name, found.rows[-1].standing) == ("worst", "lower")
    assert {row.standing for row in found.rows[1:-1]} == {"not shown"}


@pytest.mark.spec("MET-10")
def test_few_answers_are_not_ranked_however_good() -> None:
    found = ranking(kept("lucky", LEAST - 1, LEAST - 1), kept("a", 60, 100), kept("b", 70, 100))
    assert [row.name for row in found.rows] == ["b", "a"]
    assert (found.few, found.unranked) == (1, ("lucky",))
    alone = ranking(kept("lucky", 3, 3))
    assert (alone.rows, alone.few) == ((), 1)


def test_what_is_too_few_on_one_dataset_is_not_called_so_on_another() -> None:
    def tried(name: str, dataset: str, n: int) -> PromptResults:
        return PromptResults(
            prompt=name, dataset=dataset, examples=n, judged=n, passed=n, judged_squares=n,
            passed_squares=n, products=n,
        )  # fmt: skip

    (found,) = rankings_of((tried("a@1", "long", 40), tried("a@1", "short", 4)), (), ())
    assert [(row.name, row.dataset) for row in found.rows] == [("a@1", "long")]
    assert found.unranked == ("a@1 on short",)
    assert sheets.ranked(found).remark == "Too few to say (under 20 examples): a@1 on short."


def test_a_prompt_alone_is_neither_best_nor_worst() -> None:
    (row,) = ranking(kept("a", 90, 100)).rows
    low, high = wilson(90, 100)
    assert (row.rate, row.low, row.high) == pytest.approx((0.9, low, high))
    assert row.standing is None


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
    expected = "higher" if low > 0 else "lower" if high < 0 else "not shown"
    assert rows["a"].standing == expected


def test_equal_prompts_are_seldom_told_apart() -> None:
    """All standings of a ranking hold together with 95 %."""
    draw, wrong = random.Random(7), 0
    for _ in range(300):
        runs = [kept(f"p{k}", sum(draw.random() < 0.8 for _ in range(60)), 60) for k in range(8)]
        wrong += any(row.standing != "not shown" for row in ranking(*runs).rows)
    assert wrong / 300 < 0.075


Passed = Sequence[Sequence[int]]


def evaluated(answers: Mapping[str, Passed], dataset: str = "d@1") -> list[PromptResults]:
    """Of each version, how many of the answers to each example passed, and how many there were."""
    return [_beside(name, dataset, answers) for name in answers]


def _beside(name: str, dataset: str, answers: Mapping[str, Passed]) -> PromptResults:
    own = answers[name]
    others = [
        [sum(column) for column in zip(*parts, strict=True)]
        for parts in zip(*(answers[each] for each in answers if each != name), strict=True)
    ]
    rows = [(p, n, n * a / b) for (p, n), (a, b) in zip(own, others, strict=False)]

    def total(of: Callable[[float, float, float], float], rows: Sequence[Any]) -> float:
        return sum(of(*row) for row in rows)

    beside = Beside(
        examples=len(rows),
        others=sum(b for _, b in others),
        judged=total(lambda p, n, e: n, rows),
        passed=total(lambda p, n, e: p, rows),
        expected=total(lambda p, n, e: e, rows),
        judged_squares=total(lambda p, n, e: n * n, rows),
        passed_squares=total(lambda p, n, e: p * p, rows),
        expected_squares=total(lambda p, n, e: e * e, rows),
        judged_passed=total(lambda p, n, e: n * p, rows),
        judged_expected=total(lambda p, n, e: n * e, rows),
        passed_expected=total(lambda p, n, e: p * e, rows),
    )
    return PromptResults(
        prompt=name,
        dataset=dataset,
        examples=len(own),
        judged=sum(n for _, n in own),
        passed=sum(p for p, _ in own),
        passed_squares=sum(p * p for p, _ in own),
        judged_squares=sum(n * n for _, n in own),
        products=sum(p * n for p, n in own),
        beside=beside if rows else None,
    )


def standings(results: Sequence[PromptResults]) -> dict[tuple[str, str], str | None]:
    (found,) = rankings_of(results, (), ())
    return {(row.name, row.dataset): row.standing for row in found.rows}


@pytest.mark.spec("MET-10")
def test_an_easy_dataset_makes_no_prompt_better() -> None:
    def alone(passed: int, dataset: str) -> list[PromptResults]:
        return evaluated({"mail@1": [[1, 1]] * passed + [[0, 1]] * (100 - passed)}, dataset)

    found = standings(alone(95, "easy@1") + alone(60, "hard@1"))
    assert found == {("mail@1", "easy@1"): None, ("mail@1", "hard@1"): None}


@pytest.mark.parametrize("versions", [2, 4, 9])
@pytest.mark.parametrize("shape", [(24.0, 6.0), (1.6, 0.4)])
def test_equal_versions_on_shared_examples_are_seldom_told_apart(
    versions: int, shape: tuple[float, float]
) -> None:
    """Examples are as hard for one version as for another; all standings hold with 95 %."""
    draw, wrong = random.Random(versions), 0
    for n in (20, 60, 120) * 80:
        able = [draw.betavariate(*shape) for _ in range(n)]
        answers = {
            f"v@{k}": [[int(draw.random() < rate), 1] for rate in able] for k in range(versions)
        }
        # What is the same for all of another dataset tells nothing of these.
        other = evaluated({"w@1": [[1, 1]] * 200}, "other@1")
        found = standings(evaluated(answers) + other)
        assert found.pop(("w@1", "other@1"), None) is None
        wrong += any(how != "not shown" for how in found.values())
    assert wrong / 240 < 0.085


def test_versions_are_compared_example_by_example() -> None:
    both, none, one, other = [[1, 1]] * 60, [[0, 1]] * 28, [[1, 1]] * 12, [[0, 1]] * 12
    paired = {"a@1": both + none + one, "a@2": both + none + other}
    found = standings(evaluated(paired))
    assert found == {("a@1", "d@1"): "better", ("a@2", "d@1"): "worse"}
    # As many passed, but of other examples.
    apart = {"a@1": both + one + none, "a@2": none + other + both}
    assert set(standings(evaluated(apart)).values()) == {"not shown"}


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
