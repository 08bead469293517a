"""What results add up to."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any, cast

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from burnish import shapes
from burnish.evals.report import Column, Report, report_of
from burnish.evals.report.tally import MAX_ROWS
from burnish.storage.result import Result, Score

Made = Callable[..., Result]
MadeAll = Callable[..., list[Result]]
SEEDS = given(seed=st.integers(0, 10_000))
FEW = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def only(report: Report) -> Column:
    (found,) = report.columns
    return found


def test_17_of_20_is_less_sure_than_850_of_1000(column: MadeAll) -> None:
    small = only(report_of(column([1.0] * 17 + [0.0] * 3))).score
    large = only(report_of(column([1.0] * 850 + [0.0] * 150))).score
    assert (small.kind, small.mean, small.n) == ("rate", 0.85, 20)
    assert (large.kind, large.mean, large.n) == ("rate", 0.85, 1000)
    assert small.interval is not None
    assert large.interval is not None
    assert (small.interval.low, small.interval.high) == pytest.approx((0.640, 0.948), abs=1e-3)
    assert (large.interval.low, large.interval.high) == pytest.approx((0.827, 0.871), abs=1e-3)


@pytest.mark.spec("TST-09")
def test_each_metric_has_its_mean_its_interval_and_its_n(made: Made) -> None:
    def scored(example: int) -> Result:
        values = {
            "accuracy": float(example % 4 > 0),
            "relevance": None if example == 7 else 0.5 + example % 5 / 10,
            "efficiency": 0.9 - example / 100,
        }
        scores = tuple(
            Score(
                metric=metric,
                value=value,
                passed=True,
                error="" if value is not None else "unclear",
            )
            for metric, value in values.items()
        )
        return made(example, 0.8, scores=scores)

    found = only(report_of(map(scored, range(40))))
    by_name = {each.metric: each for each in found.metrics}
    assert set(by_name) == {"accuracy", "relevance", "efficiency"}
    assert {name: each.n for name, each in by_name.items()} == {
        "accuracy": 40, "relevance": 39, "efficiency": 40,
    }  # fmt: skip
    assert by_name["relevance"].unscored == 1
    accuracy, efficiency = by_name["accuracy"], by_name["efficiency"]
    assert (accuracy.kind, accuracy.mean) == ("rate", 0.75)
    assert (efficiency.kind, efficiency.mean) == ("mean", pytest.approx(0.705))
    for each in found.metrics:
        assert each.interval is not None
        assert each.mean is not None
        assert each.interval.low < each.mean < each.interval.high
    assert accuracy.interval is not None
    assert efficiency.interval is not None
    assert (accuracy.interval.method, efficiency.interval.method) == ("wilson", "t")


def test_repeats_of_an_example_count_as_what_they_tell(made: Made) -> None:
    once = [made(example, float(example % 5 > 0)) for example in range(40)]
    often = [
        made(example, float(example % 5 > 0), repeat=repeat)
        for example in range(40)
        for repeat in range(5)
    ]
    first, second = only(report_of(once)).score, only(report_of(often)).score
    assert (second.n, second.mean) == (200, first.mean)
    assert first.interval is not None
    assert second.interval is not None
    assert second.interval.method == "wilson clustered"
    assert second.interval.high - second.interval.low >= first.interval.high - first.interval.low


def test_equal_scores_are_not_certain(made: Made) -> None:
    """Neither those of a column, nor the differences of two, nor repeats of either."""
    first = [made(example, 0.7, repeat=r) for example in range(12) for r in range(3)]
    second = [made(e, 0.9, repeat=r, model="fake:b") for e in range(12) for r in range(3)]
    report = report_of(first + second)
    room = 1 - 0.05 ** (1 / 12)
    for column, mean in zip(report.columns, (0.7, 0.9), strict=True):
        interval = column.score.interval
        assert interval is not None
        assert interval.method == "equal values"
        assert interval.low == pytest.approx(mean - mean * room)
        assert interval.high == pytest.approx(mean + (1 - mean) * room)
    (found,) = report.comparisons
    assert found.interval is not None
    assert found.interval.method == "equal values"
    assert found.interval.low == pytest.approx(0.2 - 1.2 * room)
    assert found.interval.high == pytest.approx(0.2 + 0.8 * room)
    assert found.outcome == "no difference"


def test_asking_twice_makes_a_rate_no_less_sure(made: Made) -> None:
    once = only(report_of([made(example, 1.0) for example in range(8)])).score
    twice = only(report_of([made(e, 1.0, repeat=r) for e in range(8) for r in (0, 1)])).score
    assert once.interval is not None
    assert twice.interval is not None
    assert (twice.n, twice.interval.low) == (16, pytest.approx(once.interval.low))


def test_failed_calls_and_missing_ones_are_told_apart_and_in_no_score(made: Made) -> None:
    results = [made(0, 1.0), made(1, 0.0), made(2, None, error="no connection"), made(3, None)]
    found = only(report_of(results, planned=10))
    assert (found.results, found.answered, found.failed, found.missing) == (4, 3, 1, 6)
    assert (found.score.n, found.score.mean, found.score.unscored) == (2, 0.5, 1)
    assert found.failing == 2


def test_a_stopped_run_is_compared_over_what_both_answered(column: MadeAll) -> None:
    first = column([0.0] * 20)
    second = column([1.0] * 12, model="fake:b")
    report = report_of(first + second)
    (comparison,) = report.comparisons
    assert (comparison.n, comparison.missing) == (12, 8)
    assert (comparison.difference, comparison.outcome) == (1.0, "better")
    assert [each.missing for each in report.columns] == [0, 8]
    assert "8 not answered by both" in comparison.text


def test_an_unknown_price_is_not_0(made: Made) -> None:
    unknown = only(report_of([made(0, 1.0, cost_usd=None), made(1, 1.0, cost_usd=None)])).cost
    assert (unknown.usd, unknown.unknown, unknown.per_answer_usd) == (None, 2, None)
    some = only(report_of([made(0, 1.0, cost_usd=0.02), made(1, 1.0, cost_usd=None)])).cost
    assert (some.usd, some.unknown, some.per_answer_usd) == (0.02, 1, 0.02)
    free = only(report_of([made(0, 1.0, cost_usd=0.0)])).cost
    assert (free.usd, free.unknown, free.per_answer_usd) == (0.0, 0, 0.0)


def test_a_cached_answer_cost_nothing_and_says_what_one_costs(made: Made) -> None:
    results = [made(0, 1.0, cached=True, cost_usd=0.02), made(1, 1.0, cost_usd=0.04)]
    found = only(report_of(results))
    assert (found.cached, found.cost.usd) == (1, 0.04)
    assert found.cost.per_answer_usd == pytest.approx(0.03)


def test_answers_from_the_cache_still_tell_what_one_costs(made: Made) -> None:
    known = only(report_of([made(i, 1.0, cached=True, cost_usd=0.02) for i in range(3)])).cost
    assert (known.usd, known.unknown, known.per_answer_usd) == (0.0, 0, pytest.approx(0.02))
    unknown = only(report_of([made(i, 1.0, cached=True, cost_usd=None) for i in range(3)])).cost
    assert (unknown.usd, unknown.unknown, unknown.per_answer_usd) == (0.0, 0, None)


def test_latency_is_that_of_the_answers(made: Made) -> None:
    draw = np.random.default_rng(1)
    latencies = draw.lognormal(5, 1, size=301)
    results = [made(i, 1.0, latency_ms=float(each)) for i, each in enumerate(latencies)]
    results.append(made("slow", None, error="timed out", latency_ms=1e9))
    found = only(report_of(results)).latency
    assert (found.p50_ms, found.p95_ms) == pytest.approx(np.percentile(latencies, (50, 95)))
    none = only(report_of([made(0, None, error="x")])).latency
    assert (none.p50_ms, none.p95_ms) == (None, None)


def test_examples_that_change_their_verdict_flicker(made: Made) -> None:
    verdicts = {"steady": (1.0, 1.0), "fails": (0.0, 0.0), "flips": (1.0, 0.0), "once": (1.0,)}
    results = [
        made(example, score, repeat=repeat)
        for example, scores in verdicts.items()
        for repeat, score in enumerate(scores)
    ]
    found = only(report_of(results)).flicker
    assert (found.examples, found.changed, found.ids) == (3, 1, ("flips",))


def test_tags_have_their_own_figures(made: Made) -> None:
    results = [
        made(i, float(i % 4 > 0), tags=("easy",) if i % 2 else ("hard", "long")) for i in range(40)
    ]
    slices = {each.tag: each.score for each in only(report_of(results)).tags}
    assert {tag: (each.n, each.mean) for tag, each in slices.items()} == {
        "easy": (20, 1.0), "hard": (20, 0.5), "long": (20, 0.5),
    }  # fmt: skip
    assert all(each.interval for each in slices.values())


def test_the_worst_rows_come_first_and_are_not_too_many(made: Made) -> None:
    results = [made(f"down {i}", None, error="down") for i in range(100)]
    results += [made(f"wrong {i}", i / 1000, output="x" * 5_000) for i in range(10)]
    results += [made(f"right {i}", 1.0) for i in range(50)]
    random.Random(1).shuffle(results)
    found = only(report_of(results))
    assert found.failing == 110
    assert len(found.rows) == MAX_ROWS
    assert [row.example for row in found.rows[:10]] == [f"wrong {i}" for i in range(10)]
    assert all(row.error for row in found.rows[10:])
    assert all(len(row.output) <= 600 for row in found.rows)


def test_an_example_is_among_the_worst_once(made: Made) -> None:
    results = [made("a", score, repeat=repeat) for repeat, score in enumerate((0.4, 0.1, 0.3))]
    (row,) = only(report_of(results)).rows
    assert (row.repeat, row.score) == (1, 0.1)


def test_a_row_says_which_metrics_failed(made: Made) -> None:
    scores = (
        Score(metric="exact", value=0.0, passed=False, reason="expected 42"),
        Score(metric="length", value=1.0, passed=True),
        Score(metric="judge", value=None, passed=False, error="nonsense"),
    )
    (row,) = only(report_of([made(0, 0.2, scores=scores)])).rows
    assert row.reasons == ("exact: expected 42", "judge: nonsense")


def test_errors_that_differ_by_numbers_are_one(made: Made) -> None:
    results = [made(i, None, error=f"timed out after {i} s (id {i:08x})") for i in range(30)]
    results += [made(f"k{i}", None, error="key refused") for i in range(2)]
    results.append(
        made("j", 1.0, scores=(Score(metric="judge", value=None, passed=True, error="empty"),))
    )
    faults = report_of(results).faults
    assert [(each.metric, each.count) for each in faults] == [("", 30), ("", 2), ("judge", 1)]
    assert faults[0].error == "timed out after 0 s (id 00000000)"


def test_errors_without_end_are_bounded(made: Made) -> None:
    words = [f"{a}{b}{c}" for a in "ghijklm" for b in "ghijklmn" for c in "ghijklmn"]
    faults = report_of(made(i, None, error=word) for i, word in enumerate(words)).faults
    assert len(faults) <= 50
    assert faults[0].error == "other errors"


def test_columns_stand_in_the_order_they_came_in(made: Made) -> None:
    keys = [("b@1", "fake:z"), ("a@1", "fake:z"), ("b@1", "fake:a")]
    report = report_of([made(0, 1.0, prompt=prompt, model=model) for prompt, model in keys])
    assert [(each.prompt, each.model) for each in report.columns] == keys
    assert [each.name for each in report.columns] == [f"{p} · {m}" for p, m in keys]


def numbers(report: Report) -> dict[str, Column]:
    return {each.model: msgspec.structs.replace(each, name="") for each in report.columns}


def flat(value: Any) -> Iterator[Any]:
    """Every figure on its own, so that sums in another order may differ in their last bit."""
    if isinstance(value, dict):
        named = cast("dict[str, Any]", value)
        for key in sorted(named):
            yield from flat(named[key])
    elif isinstance(value, list | tuple):
        for each in cast("list[Any]", value):
            yield from flat(each)
    else:
        yield value


def same(one: Any, other: Any) -> bool:
    left, right = list(flat(msgspec.to_builtins(one))), list(flat(msgspec.to_builtins(other)))
    return len(left) == len(right) and all(
        a == (pytest.approx(b, rel=1e-9, abs=1e-12) if isinstance(b, float) else b)
        for a, b in zip(left, right, strict=True)
    )


@SEEDS
@FEW
def test_the_order_of_results_changes_no_figure(evaluation: MadeAll, seed: int) -> None:
    results = evaluation(seed)
    shuffled = results.copy()
    random.Random(seed + 1).shuffle(shuffled)
    one, other = report_of(results), report_of(shuffled)
    assert same(numbers(one), numbers(other))
    assert same(one.faults, other.faults)
    assert one.recommendation.text == other.recommendation.text
    sizes = [sorted(abs(c.difference or 0) for c in each.comparisons) for each in (one, other)]
    assert sizes[0] == pytest.approx(sizes[1])


@SEEDS
@FEW
def test_another_column_changes_no_figure_of_the_others(evaluation: MadeAll, seed: int) -> None:
    results = evaluation(seed)
    fewer = [result for result in results if result.model != "fake:2"]
    with_it, without = report_of(results, planned=60), report_of(fewer, planned=60)
    columns = numbers(with_it)
    assert same(numbers(without), {model: columns[model] for model in numbers(without)})


@SEEDS
@FEW
def test_json_gives_the_same_report_back(evaluation: MadeAll, seed: int) -> None:
    report = report_of(evaluation(seed), title="late mails")
    assert shapes.decode(msgspec.json.encode(report), Report) == report


def test_no_results_make_an_empty_report() -> None:
    report = report_of([])
    assert (report.columns, report.comparisons, report.results) == ((), (), 0)
    assert report.recommendation.column == ""


def test_an_impossible_number_counts_as_none(made: Made) -> None:
    found = only(report_of([made(0, 1.0), made(1, float("nan")), made(2, float("inf"))]))
    assert (found.score.n, found.score.mean, found.score.unscored) == (1, 1.0, 2)


def test_many_results_take_little_memory() -> None:
    """Below 150 bytes a result of two metrics, and nothing is kept of the answers themselves."""

    def many() -> Iterator[Result]:
        for i in range(40_000):
            scores = (
                Score(metric="exact", value=i % 2, passed=True),
                Score(metric="f1", value=i % 7 / 7, passed=True),
            )
            yield Result(
                prompt="a@1", model=f"fake:{i % 4}", example=f"row-{i // 4}", output="long " * 200,
                scores=scores, score=i % 2, passed=bool(i % 2), latency_ms=i, cost_usd=0.1,
            )  # fmt: skip

    tracemalloc.start()
    try:
        report = report_of(many())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert report.results == 40_000
    assert peak < 40_000 * 150


def test_results_in_order_give_the_same_report(made: Made) -> None:
    results = [
        made(n, float((n + repeat) % 3 > 0), prompt=prompt, repeat=repeat)
        for n in range(30)
        for prompt in ("a@1", "b@1")
        for repeat in range(2)
    ]
    report = report_of(results)
    assert report.columns[0].flicker.changed > 0
    assert report_of(results, in_order=True) == report
