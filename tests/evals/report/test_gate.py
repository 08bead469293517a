"""Whether results are good enough."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from burnish.errors import NotFound, UsageError
from burnish.evals.report import gate, report_of
from burnish.storage.result import Result

Made = Callable[..., Result]
MadeAll = Callable[..., list[Result]]
OLD, NEW = "mail/late@1", "mail/late@2"


def rates(n: int, share: float) -> list[float]:
    return [1.0] * round(n * share) + [0.0] * (n - round(n * share))


def test_below_the_least_score_fails_with_the_rows_that_failed(column: MadeAll) -> None:
    report = report_of(column(rates(400, 0.7)) + column(rates(400, 0.9), prompt=NEW))
    verdict = gate(report, min_score=0.8)
    assert not verdict.passed
    assert verdict.text == (
        "failed, 1 of 2 checks:\n- mail/late@1 scores 0.700 over 400 answers, below 0.8"
    )
    (failing,) = verdict.failing
    assert (failing.column, failing.failing, len(failing.rows)) == (OLD, 120, 20)
    assert all(row.passed is False for row in failing.rows)
    assert gate(report, min_score=0.7).passed


def test_a_score_near_the_bound_is_said_to_be_unsure(column: MadeAll) -> None:
    verdict = gate(report_of(column(rates(20, 0.85))), min_score=0.8)
    assert verdict.passed
    assert verdict.checks[0].unsure
    assert "not sure, for the interval [0.64, 0.95] holds 0.8" in verdict.text
    sure = gate(report_of(column(rates(1000, 0.85))), min_score=0.8)
    assert not sure.checks[0].unsure


def test_a_failed_call_counts_as_0_and_is_listed(made: Made, column: MadeAll) -> None:
    results = column(rates(90, 1.0)) + [made(f"x{i}", None, error="down") for i in range(30)]
    verdict = gate(report_of(results), min_score=0.8)
    (check,) = verdict.checks
    assert (check.passed, check.value) == (False, 0.75)
    assert "(30 failed calls counted as 0)" in check.text
    assert check.interval is not None
    assert check.interval.high == pytest.approx(0.75)
    assert {row.error for row in verdict.failing[0].rows} == {"down"}


def test_nothing_scored_does_not_pass(made: Made) -> None:
    assert not gate(report_of([made(0, None)]), min_score=0.0).passed
    empty = gate(report_of([]), min_score=0.5)
    assert (empty.passed, empty.text) == (False, "failed: there are no results to judge")


def test_a_stopped_run_is_said_to_be_one(column: MadeAll) -> None:
    verdict = gate(report_of(column(rates(10, 1.0)), planned=50), min_score=0.5)
    assert "(40 planned answers missing)" in verdict.text


def test_rows_below_the_bound_are_listed_where_no_scorer_says_what_passes(made: Made) -> None:
    results = [made(i, i / 10, passed=None) for i in range(10)]
    (failing,) = gate(report_of(results), min_score=0.6).failing
    assert [row.score for row in failing.rows] == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]


def judged(column: MadeAll, old: list[float], new: list[float], bound: float) -> Any:
    report = report_of(column(old) + column(new, prompt=NEW), baseline=OLD)
    return gate(report, baseline=OLD, max_regression=bound)


def test_a_fall_below_the_baseline_fails(column: MadeAll) -> None:
    verdict = judged(column, rates(200, 0.9), rates(200, 0.8), 0.02)
    (check,) = verdict.checks
    assert not verdict.passed
    assert (check.name, check.column, check.value) == ("max_regression", NEW, pytest.approx(-0.1))
    assert check.text.startswith("mail/late@2 falls by more than 0.02 below mail/late@1: -0.100 [")
    assert verdict.failing[0].column == NEW


def test_a_fall_within_the_bound_passes(column: MadeAll) -> None:
    verdict = judged(column, rates(1000, 0.9), rates(1000, 0.89), 0.05)
    assert verdict.passed
    assert not verdict.checks[0].unsure
    assert "does not fall by more than 0.05" in verdict.text


def test_a_fall_that_may_be_noise_passes_and_says_what_is_not_ruled_out(column: MadeAll) -> None:
    old, new = [1.0, 0.0, 1.0, 0.0] * 5, [1.0, 0.0, 0.0, 1.0] * 4 + [0.0, 0.0, 1.0, 0.0]
    verdict = judged(column, old, new, 0.02)
    (check,) = verdict.checks
    assert verdict.passed
    assert check.unsure
    assert check.value == pytest.approx(-0.05)
    assert "nor is that ruled out" in check.text


def test_a_gain_passes(column: MadeAll) -> None:
    assert judged(column, rates(200, 0.8), rates(200, 0.9), 0.0).passed


def test_the_baseline_is_held_to_no_bound(column: MadeAll) -> None:
    report = report_of(column(rates(50, 0.1)) + column(rates(50, 0.9), prompt=NEW), baseline=OLD)
    assert gate(report, min_score=0.6, baseline=OLD, max_regression=0.0).passed


def test_whoever_tries_the_baseline_alone_is_told(column: MadeAll) -> None:
    report = report_of(column(rates(50, 0.9)), baseline=OLD)
    verdict = gate(report, baseline=OLD, max_regression=0.02)
    assert (verdict.passed, verdict.checks[0].text) == (True, "mail/late@1 is the baseline itself")


def test_nothing_in_common_with_the_baseline_does_not_pass(made: Made) -> None:
    results = [made("a", 1.0), made("b", 1.0, prompt=NEW)]
    verdict = gate(report_of(results, baseline=OLD), baseline=OLD, max_regression=0.5)
    assert not verdict.passed
    assert "too few scored examples" in verdict.text


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ({}, "needs a bound"),
        ({"min_score": 1.5}, "min_score is 1.5"),
        ({"min_score": float("nan")}, "min_score is nan"),
        ({"max_regression": -0.1, "baseline": OLD}, "max_regression is -0.1"),
        ({"max_regression": 0.1}, "needs a baseline"),
    ],
)
def test_bounds_that_make_no_sense_are_refused(
    column: MadeAll, bounds: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message) as raised:
        gate(report_of(column([1.0, 1.0])), **bounds)
    assert raised.value.hint


def test_a_report_without_the_baseline_is_refused(column: MadeAll) -> None:
    with pytest.raises(NotFound, match="compares nothing"):
        gate(report_of(column([1.0, 1.0])), baseline=OLD, max_regression=0.1)
