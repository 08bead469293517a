"""Outcomes that no experiment should bring, and some do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import burnish
from burnish.errors import UsageError
from burnish.experiments.analysis import Design, analyse
from burnish.experiments.analyzed import Analyzed
from burnish.experiments.assign import Assigner, Share
from burnish.experiments.betting import betting
from burnish.experiments.estimate import Estimate, Sample
from burnish.experiments.fixed import lift_of, welch
from burnish.experiments.guards import adjusted


def analysed(rows: list[dict[str, Any]], **asked: Any) -> Analyzed:
    with burnish.open() as p:
        return p.experiments.analyze(rows, **asked)


def rows(values: dict[str, list[Any]], **columns: Any) -> list[dict[str, Any]]:
    return [
        {"unit": f"{name}{n}", "variant": name, "value": value, **columns}
        for name, given in values.items()
        for n, value in enumerate(given)
    ]


@pytest.mark.parametrize("method", ["fixed", "bayes", "sequential"])
@pytest.mark.parametrize(
    ("metric", "values"),
    [
        ("rate", {"A": [0, 0], "B": [1, 1]}),
        ("mean", {"A": [0.3, 0.3], "B": [0.5, 0.5]}),
    ],
)
def test_two_units_that_never_vary_take_no_variant(
    method: str, metric: str, values: dict[str, list[Any]]
) -> None:
    found = analysed(rows(values), metric=metric, method=method)
    assert found.winner == ""
    assert "No difference is shown" in found.verdict
    assert "about 1 units" not in found.verdict


def test_units_with_several_rows_that_never_vary_take_no_variant() -> None:
    twice = [*rows({"A": [0, 0], "B": [1, 1]}), *rows({"A": [0, 0], "B": [1, 1]})]
    assert analysed(twice).winner == ""


def test_many_units_that_never_vary_do() -> None:
    assert analysed(rows({"A": [2.0] * 60, "B": [3.0] * 60}), metric="mean").winner == "B"


def test_few_values_are_believed_less_than_the_normal_curve_would() -> None:
    """2.4 is 3.4 standard errors, which by Student's curve is 96.2 % sure, not 99.97 %."""
    samples = [Sample("A", np.array([0.0, 1.0])), Sample("B", np.array([2.4, 3.4]))]
    found = analyse(samples, Design(method="bayes"))
    assert found.contrasts[0].above == pytest.approx(0.9616, abs=1e-4)
    assert found.winner == ""


@pytest.mark.parametrize("value", ["1e308", "1e160", "-1e101"])
def test_values_beyond_what_can_be_squared_are_left_out_by_name(value: str) -> None:
    some = rows({"A": [1.5, 2.5], "B": [2.0, 3.0, value]})
    found = analysed(some, metric="mean")
    assert found.left_out == 1
    assert f"'{value}' is no value" in found.notes[0]
    with pytest.raises(UsageError, match=f"2 of 4 rows cannot be read.*'{value}' is no value"):
        analysed(rows({"A": [1.0, 2.0], "B": [value, value]}), metric="mean")


def test_samples_beyond_floats_are_refused() -> None:
    huge = [Sample(name, np.array([1e308, -1e308, 1e307])) for name in "AB"]
    with pytest.raises(UsageError, match="too large to reckon with"):
        analyse(huge, Design())


def test_tiny_values_are_compared_as_large_ones_are() -> None:
    one, other = Estimate(1e-100, 1e-204, 10), Estimate(2e-100, 1e-204, 10)
    large, larger = Estimate(1.0, 1e-4, 10), Estimate(2.0, 1e-4, 10)
    assert welch(one, other).p == pytest.approx(welch(large, larger).p)
    assert lift_of(one, other)[0] == pytest.approx(lift_of(large, larger)[0])
    interval, same = lift_of(one, other)[1], lift_of(large, larger)[1]
    assert interval is not None
    assert same is not None
    assert (interval.low, interval.high) == pytest.approx((same.low, same.high))


def test_a_covariate_of_any_size_takes_its_noise_away() -> None:
    random = np.random.default_rng(1)
    known = random.normal(0, 1, 50)
    samples = [Sample(name, known + random.normal(0, 0.1, 50), None, known) for name in "AB"]
    tiny = [Sample(s.name, s.values, None, known * 1e-140) for s in samples]
    assert adjusted(tiny)[1] == pytest.approx(adjusted(samples)[1])


def test_milliseconds_are_in_the_order_of_time_though_some_look_like_dates() -> None:
    # 1712010130123 could be read as the year 1712.
    times = [1_711_999_999_000 + n * 10_131_123 for n in range(100)]
    some = [
        {"unit": n, "variant": "AB"[n % 2], "value": n >= 50, "time": time}
        for n, time in enumerate(times)
    ]
    with burnish.open() as p:
        found = p.experiments.analyze(some)
        dated = p.experiments.analyze([{**row, "time": n} for n, row in enumerate(some)])
    assert found.analysis.contrasts == dated.analysis.contrasts
    assert found.notes == dated.notes


def test_a_time_that_some_rows_lack_is_told() -> None:
    some = rows({"A": [0, 1] * 30, "B": [1, 0] * 30}, time="2026-01-02", covariate=1)
    some[3] |= {"time": "", "covariate": None}
    found = analysed(some)
    assert found.analysis.design.method == "fixed"
    assert found.notes[:2] == (
        "units without a time: 1; so it is used for none",
        "units without a covariate: 1; so it is used for none",
    )


def test_a_half_without_denominators_has_no_drift_and_the_whole_has_a_ratio() -> None:
    some = [
        {"unit": n, "variant": "AB"[n % 2], "value": n % 3, "denominator": n > 100, "time": n}
        for n in range(200)
    ]
    assert analysed(some, metric="ratio").analysis.metric == "ratio"


def test_a_variant_that_nobody_saw_is_named() -> None:
    with pytest.raises(UsageError, match="nobody saw 'C'"):
        analysed(rows({"A": [0, 1], "B": [1, 0]}), weights={"A": 1, "B": 1, "C": 1})


@pytest.mark.parametrize(
    "asked", [{"matters": float("nan")}, {"matters": -1.0}, {"level": 1 - 1e-16}]
)
def test_bounds_that_mean_nothing_are_refused(asked: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        analysed(rows({"A": [0, 1], "B": [1, 0]}), **asked)


@pytest.mark.parametrize(
    ("baseline", "least", "asked"),
    [
        (0.1, 1e-200, {}),
        (0.1, 0.02, {"alpha": 1e-300}),
        (0.1, 0.02, {"power": 1 - 1e-16}),
        (0.1, 0.02, {"power": 0.01}),
        (0.1, 0.02, {"variants": 10**19}),
        (0.1, 0.02, {"a_day": float("inf")}),
        (0.1, 0.02, {"method": "bayes"}),
        (0.1, 0.02, {"method": "group", "looks": 1}),
        (0.1, 0.02, {"method": "group", "looks": 51}),
        (1.0, 1.0, {"metric": "mean", "spread": 1e200}),
    ],
)
def test_plans_that_cannot_be_are_refused(
    baseline: float, least: float, asked: dict[str, Any]
) -> None:
    with burnish.open() as p, pytest.raises(UsageError):
        p.experiments.plan(baseline, least, **asked)


def test_bets_on_many_values_say_what_those_on_the_first_do() -> None:
    values = np.random.default_rng(0).random(3_000)
    assert betting(values) == betting(values[:2_000])


def test_long_salts_that_begin_alike_share_units_out_apart() -> None:
    shares = [Share("A", 1), Share("B", 1)]
    one, other = (Assigner("team/" + "x" * 80 + end, shares) for end in "12")
    units = [f"user-{n}" for n in range(2_000)]
    same = sum(one.variant(unit) == other.variant(unit) for unit in units)
    assert 850 < same < 1_150
