"""What the tables of a period's report say of their figures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from burnish.analytics.period import sheets
from burnish.analytics.period.plain import plain
from burnish.analytics.period.report import PeriodReport, Usage
from burnish.storage.period import Spent

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
WEEK = timedelta(days=7)


def report(usage: Usage, before: Usage, **fields: Any) -> PeriodReport:
    base: dict[str, Any] = {
        "since": NOON - WEEK, "until": NOON, "before_since": NOON - 2 * WEEK,
        "headline": "", "step_h": 24,
    }  # fmt: skip
    return PeriodReport(usage=usage, before=before, **base | fields)


def lines(of: PeriodReport, what: str) -> list[list[str]]:
    found = [line.split("\t") for line in plain(of).splitlines()]
    return [line[1:] for line in found if line[0] == what]


def test_a_period_like_the_one_before_has_its_usage_told_in_a_pipe() -> None:
    same = Usage(runs=5, tokens=50, cost_usd=0.0, prompts=1)
    assert ["runs", "5", "5"] in lines(report(same, same), "usage")
    assert lines(report(Usage(), Usage()), "usage") == []


@pytest.mark.parametrize(
    ("whole", "unknown", "told"),
    [
        (1.0, 5, ("unknown", "-")),
        (1.0, 4, ("0+", "0 %")),
        (1.0 + 1e-12, 0, ("0", "0 %")),
        (1.25, 0, ("0.25", "20 %")),
    ],
)
def test_the_cost_of_all_others(whole: float, unknown: int, told: tuple[str, str]) -> None:
    dear = Spent(name="dear", runs=10, errors=0, tokens=1, cost_usd=1.0, cost_unknown=0)
    usage = Usage(runs=15, cost_usd=whole, cost_unknown=unknown)
    found = sheets.spending(report(usage, Usage()), "", "prompt", (dear,))
    assert found.rows[-1][:3] == ("(others)", *told)
