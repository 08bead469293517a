"""What the tables of a period's report say of their figures."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from burnish.analytics.period import sheets
from burnish.analytics.period.headline import headline_of
from burnish.analytics.period.markdown import markdown
from burnish.analytics.period.page import html
from burnish.analytics.period.plain import plain
from burnish.analytics.period.report import ExperimentLine, Gain, MoveLine, PeriodReport, Usage
from burnish.analytics.period.span import Span
from burnish.analytics.period.worse import worse_of
from burnish.storage.period import RunStep, Spent

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


def test_a_page_has_a_name_and_a_course_up_to_now() -> None:
    now = NOON - timedelta(minutes=31)
    steps = tuple(RunStep(at=NOON - timedelta(days=back), runs=back) for back in range(7, 0, -1))
    usage = Usage(runs=28, prompts=1)
    week = report(usage, Usage(), until=now, steps=steps)
    page = html(week)
    assert "<h1>A week of Burnish</h1>" in page
    assert "<title>A week of Burnish: 2026-04-27 12:00 to 2026-05-04 11:29 UTC</title>" in page
    assert "<span>2026-04-27 12:00 UTC</span><span>2026-05-04 11:29 UTC</span>" in page
    bars = re.findall(r'<rect x="(\S+)" y="\S+" width="(\S+)"', page)
    (first, _), *_, (last, width) = bars
    assert float(first) == 0
    assert float(last) + float(width) == pytest.approx(100, abs=0.02)
    assert markdown(week).startswith("## A week of Burnish: 2026-04-27 12:00 to ")
    longer = report(usage, Usage(), since=NOON - 2 * WEEK, before_since=NOON - 4 * WEEK)
    assert sheets.title(longer) == "14 days of Burnish"


def test_each_winner_is_named_or_all_are_counted() -> None:
    def ended(*winners: str, over: int = 0) -> str:
        lines = tuple(
            ExperimentLine(
                name=f"e{n}", kind="online", prompt="a", state="completed", metric="solved",
                started_at=NOON - WEEK, ended_at=NOON, winner=winner,
                gain=Gain(control="A", difference=0.1, low=0.05, high=0.15) if winner else None,
            )
            for n, winner in enumerate(winners)
        )  # fmt: skip
        found = report(
            Usage(), Usage(), ended=lines, experiments_ended=over or len(lines), running=lines
        )
        return headline_of(found, Span(since=NOON - WEEK, until=NOON))

    assert ended("B", "").endswith("; experiment e0 was won by B.")
    assert ended("B", "C").endswith("; experiment e0 was won by B and e1 was won by C.")
    assert ended("B", "C", "B").endswith("; 3 experiments were won by a variant.")
    assert "; 3 or more experiments were" in ended("B", "C", "B", over=9)


def test_a_guardrail_that_halts_often_is_told_once() -> None:
    def halted(*names: str, moved: int = 0) -> list[str]:
        moves = [MoveLine(experiment=n, what="halted", by="", why="", at=NOON) for n in names]
        found = worse_of(Usage(), Usage(), (), moves, (), moved=moved or len(moves))
        return [each.text for each in found]

    said = "experiment {} was halted by a guardrail"
    assert halted("a", "b", "a") == [f"{said.format('a')} 2 times", said.format("b")]
    assert halted("a", "a", moved=9) == [f"{said.format('a')} 2 times or more"]


def test_what_people_have_named_is_inert_on_the_page() -> None:
    evil = '"><script>alert(1)</script><img src=x onerror=alert(2)> {{ 7*7 }} [a](http://b)'
    line = ExperimentLine(
        name=evil, kind="online", prompt=evil, state="completed", metric=evil,
        started_at=NOON - WEEK, ended_at=NOON, winner=evil,
        gain=Gain(control=evil, difference=0.1, low=0.05, high=0.15),
    )  # fmt: skip
    usage = Usage(runs=2, prompts=1)
    week = report(
        usage, Usage(), headline=evil, ended=(line,), running=(line,), experiments_ended=1
    )
    page, marked = html(week), markdown(week)
    assert page.count("&lt;script") >= 3
    for text in (page, marked):
        assert "<script" not in text
        assert "<img" not in text
    assert "[a](http" not in marked
    assert "{{ 7*7 }}" in page
