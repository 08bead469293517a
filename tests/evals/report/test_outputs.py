"""One report in each of its forms; foreign text is only text in every one of them."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from burnish.evals.report import (
    About,
    Asked,
    Report,
    Verdict,
    gate,
    html,
    junit,
    markdown,
    plain,
    report_of,
    rows_of,
    terminal,
    with_asked,
)
from burnish.evals.report.plain import FIELDS
from burnish.storage.example import ScorerSpec
from burnish.storage.result import Result, Score

Made = Callable[..., Result]
MadeAll = Callable[..., list[Result]]
AT = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
HOSTILE = (
    "<script>alert(1)</script> <img src=x onerror=alert(2)> \"'><b> {{ title }} {% raw %}"
    " | cell `code` [link](https://evil.example/x) ![i](//evil.example/i.png) @everyone #1"
    " www.evil.example ]]> &amp; \x00\x1b[31mred\x1b[0m \x9b2J \ufffe \ud800 \u202eesrever\u2066"
    " -->\r\n\n# Title\n</code></details>\n| a | b |\n* item"
)


@pytest.fixture
def hostile(made: Made) -> tuple[Report, Verdict]:
    results = [
        made(
            f"{HOSTILE}{i}", i % 3 / 2, prompt=f"{HOSTILE}{column}", model=f"m{HOSTILE}",
            output=HOSTILE, tags=(HOSTILE,), repeat=repeat, error=HOSTILE if i % 7 == repeat else "",
            scores=(
                Score(
                    metric=HOSTILE, value=0.0, passed=False, reason=HOSTILE, error=HOSTILE,
                    details={"label": f"{i % 2}{HOSTILE}", "expected": HOSTILE},
                ),
                Score(metric="f1", value=i / 20, passed=True),
            ),
        )
        for i in range(20) for column in range(2) for repeat in range(2)
    ]  # fmt: skip
    about = About(
        evaluation=HOSTILE, dataset=HOSTILE, tags=(HOSTILE,), models=(HOSTILE,), who=HOSTILE,
        scorers=(ScorerSpec(name=HOSTILE, value=HOSTILE, parameters={HOSTILE: [HOSTILE]}),),
        parameters={HOSTILE: HOSTILE}, created_at=AT,
    )  # fmt: skip
    report = report_of(results, title=HOSTILE, about=about)
    asked = Asked(input=HOSTILE, expected=HOSTILE)
    report = with_asked(report, dict.fromkeys(rows_of(report), asked))
    return report, gate(report, min_score=0.9)


@pytest.fixture
def mails(column: MadeAll) -> Report:
    first = column([1.0] * 17 + [0.0] * 3, latency_ms=120.0)
    second = column([1.0] * 12 + [0.0] * 8, model="fake:b", latency_ms=480.0, cost_usd=None)
    return report_of(first + second, title="late mails")


def shown(report: Report, verdict: Verdict | None = None, *, width: int) -> str:
    page = io.StringIO()
    console = Console(file=page, width=width, highlight=False, markup=False, emoji=False)
    console.print(terminal(report, verdict, width=width))
    return page.getvalue()


@pytest.mark.spec("TST-04")
def test_latencies_of_each_model_are_shown(made: Made) -> None:
    results = [
        made(i, 1.0, model=model, latency_ms=float(i * step))
        for model, step in (("fake:a", 10), ("fake:b", 30))
        for i in range(101)
    ]
    lines = shown(report_of(results), width=120).splitlines()
    assert any(re.search(r"^fake:a .* 500 ms +950 ms ", line) for line in lines)
    assert any(re.search(r"^fake:b .* 1500 ms +2850 ms ", line) for line in lines)
    (heading,) = [line for line in lines if "p50" in line]
    assert "p95" in heading


def test_a_terminal_shows_figures_with_their_intervals(mails: Report) -> None:
    text = shown(mails, gate(mails, min_score=0.8), width=120)
    assert re.search(r"fake:a +20 +0\.85 \[0\.64, 0\.95\] +120 ms +120 ms", text)
    assert re.search(r"fake:b .* unknown\n", text)
    assert "no difference" in text
    assert "Gate failed" in text
    assert "fake:b scores 0.600 over 20 answers, below 0.8" in text


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal(
    hostile: tuple[Report, Verdict], mails: Report, width: int
) -> None:
    for report, verdict in (hostile, (mails, gate(mails, min_score=0.8))):
        lines = shown(report, verdict, width=width).splitlines()
        assert all(len(line) <= width for line in lines)
        assert "0.85 [0.64, 0.95]" in shown(mails, width=width)


def test_foreign_text_moves_no_cursor_and_turns_no_direction(
    hostile: tuple[Report, Verdict],
) -> None:
    text = shown(*hostile, width=100)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert "\\x1b[31mred" in text


class Page(HTMLParser):
    """What a browser would make of it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.values: list[str] = []
        self.data: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.values += [value or "" for name, value in attrs if name in ("href", "src", "content")]

    def handle_data(self, data: str) -> None:
        self.data.append(data)


def test_the_page_runs_nothing_and_loads_nothing(hostile: tuple[Report, Verdict]) -> None:
    text = html(*hostile)
    page = Page(text)
    assert not page.tags & {"script", "img", "iframe", "object", "link", "a", "form", "base", "use"}
    assert not {name for name in page.attributes if name.startswith("on")}
    assert not page.attributes & {"href", "src", "xlink:href", "action", "srcset", "style"}
    assert "default-src 'none'; style-src 'unsafe-inline'" in page.values
    assert "url(" not in text
    assert "@import" not in text
    said = "".join(page.data)
    assert "<script>alert(1)</script>" in said
    assert "{{ title }}" in said


def test_the_page_says_what_the_report_says(mails: Report) -> None:
    text = html(mails, gate(mails, min_score=0.8))
    said = "".join(Page(text).data)
    for expected in (
        "late mails", "Gate failed", "0.85 [0.64, 0.95]", "no difference", "Worst rows",
        mails.recommendation.text,
    ):  # fmt: skip
        assert expected in said
    assert 'x="63.96" y="5" width="30.8"' in text  # the interval of 17 of 20, on a line of 100
    assert "Gate" not in "".join(Page(html(mails)).data)


def test_markdown_holds_no_markup_of_others(hostile: tuple[Report, Verdict]) -> None:
    text = markdown(*hostile)
    page = Page(
        MarkdownIt("commonmark", {"html": True, "linkify": False}).enable("table").render(text)
    )
    assert page.tags <= {
        "h2", "p", "ul", "li", "strong", "table", "thead", "tbody", "tr", "th", "td",
        "details", "summary", "code", "br",
    }  # fmt: skip
    said = "".join(page.data)
    assert "<script>alert(1)</script>" in said
    assert "@everyone" not in said
    assert "#1" not in said
    assert "www.evil" not in said
    columns = {
        line.count("|") for line in text.splitlines() if line.startswith("|") and "evil" in line
    }
    assert columns <= {line.count("|") for line in text.splitlines() if line.startswith("| ---")}


def test_markdown_is_a_table_with_intervals_and_folded_rows(mails: Report) -> None:
    text = markdown(mails, gate(mails, min_score=0.8))
    assert text.startswith(
        "## late mails\n\n2 columns, 20 examples, 40 answers\n\n**Gate failed**\n"
    )
    assert "| fake:a | 20 | 0.85 [0.64, 0.95] | 120 ms | 120 ms | 0 | 0.02 |" in text
    assert "<details><summary>Worst rows, 8 wrong answers: <code>fake:b</code></summary>" in text


def test_a_scorer_of_no_weight_takes_no_score_away_where_it_fails(made: Made) -> None:
    own = Score(metric="own", value=None, passed=False, weight=0.0, error="it is <b>late</b>")
    results = [made(n, 1.0, scores=(own,) if n < 3 else ()) for n in range(5)]
    report = report_of(results)
    (said,) = report.unscored
    assert (said.metric, said.answers, said.of, said.counts) == ("own", 3, 3, False)
    assert "failed on 3 of 3 answers: it is &#60;b&#62;late" in markdown(report)
    assert "<b>late" not in html(report)


def test_markdown_fits_in_a_comment(made: Made) -> None:
    results = [
        made(f"row {i}", 0.0, output="<&>" * 200, model=f"fake:{column}")
        for column in range(12)
        for i in range(25)
    ]
    text = markdown(report_of(results))
    assert len(text) < 65_536
    assert "are too long for a comment" in text


SUITE = ["properties", "testcase", "system-out", "system-err"]


def check_schema(text: str) -> ET.Element:
    """What the schema of Ant's reports asks for, element by element."""
    root = ET.fromstring(text)
    assert root.tag == "testsuites"
    assert not root.attrib
    for number, suite in enumerate(root):
        assert suite.tag == "testsuite"
        assert {
            "name",
            "package",
            "id",
            "timestamp",
            "hostname",
            "tests",
            "failures",
            "errors",
            "time",
        } <= {*suite.attrib}
        assert suite.attrib["id"] == str(number)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.attrib["timestamp"])
        order = [SUITE.index(child.tag) for child in suite]
        assert order == sorted(order)
        assert [child.tag for child in suite if child.tag != "testcase"] == [SUITE[0], *SUITE[2:]]
        for kind, counted in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert int(suite.attrib[counted]) == len(suite.findall(f"testcase/{kind}"))
        cases = suite.findall("testcase")
        assert int(suite.attrib["tests"]) == len(cases)
        for case in cases:
            assert set(case.attrib) == {"name", "classname", "time"}
            assert len(case) <= 1
            assert all("type" in child.attrib for child in case if child.tag != "skipped")
            assert re.fullmatch(r"\d+\.\d+", case.attrib["time"])
        for token in [suite, *cases]:
            name = token.attrib["name"]
            assert name == " ".join(name.split())
            assert name
    return root


def test_junit_of_hostile_text_is_valid(hostile: tuple[Report, Verdict]) -> None:
    for verdict in (hostile[1], None):
        root = check_schema(junit(hostile[0], verdict, at=AT))
        assert len(root) == 2
        assert len(root.findall("testsuite/testcase/failure")) > 2
        assert root.findall("testsuite/testcase/error")


def test_junit_is_red_where_the_gate_is(mails: Report) -> None:
    good, bad = check_schema(junit(mails, gate(mails, min_score=0.8), at=AT))
    assert (good.attrib["failures"], good.attrib["skipped"]) == ("0", "3")
    assert (bad.attrib["failures"], bad.attrib["skipped"]) == ("9", "0")
    failure = bad.find("testcase/failure")
    assert failure is not None
    assert failure.attrib["message"].startswith("fake:b scores 0.600 over 20 answers, below 0.8")
    assert bad.findtext("system-out") == "8 rows of 8 wrong answers\n"


def test_junit_without_a_gate_lists_every_failing_row(mails: Report) -> None:
    first, second = check_schema(junit(mails, at=AT))
    assert (first.attrib["failures"], second.attrib["failures"]) == ("3", "8")


def test_no_results_have_a_form_too() -> None:
    empty = report_of([])
    for text in (html(empty), markdown(empty), shown(empty, width=80)):
        assert "Nothing is scored" in text
    assert not len(check_schema(junit(empty, at=AT)))
    (suite,) = check_schema(junit(empty, gate(empty, min_score=0.5), at=AT))
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")


def test_a_gate_that_fails_lists_the_rows_that_failed(column: MadeAll) -> None:
    report = report_of(column([1.0] * 9 + [0.0] * 11))
    lines = shown(report, gate(report, min_score=0.8), width=100).splitlines()
    assert [line for line in lines if "exact: failed" in line] == [
        f"  {example}  score 0.00, exact: failed".ljust(100)
        for example in sorted(map(str, range(9, 20)))
    ]


def test_a_pipe_gets_figures_between_tabs(mails: Report, hostile: tuple[Report, Verdict]) -> None:
    first, second = plain(mails).splitlines()
    assert first == "fake:a\t20\t0\t0\t0.85\t0.639581\t0.947631\t0.85\t120\t120\t0\t0.02"
    assert second.split("\t")[-1] == "-"
    assert all(line.count("\t") == len(FIELDS) - 1 for line in plain(hostile[0]).splitlines())
    assert plain(report_of([])) == ""
