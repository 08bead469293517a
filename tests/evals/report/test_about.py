"""What a report is about, and what its worst rows were asked, in each form."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import msgspec
import pytest
from rich.console import Console

from burnish.evals.report import (
    About,
    Report,
    asked_of,
    html,
    junit,
    markdown,
    report_of,
    rows_of,
    terminal,
    with_asked,
)
from burnish.storage.example import Example, ScorerSpec
from burnish.storage.result import Result

Made = Callable[..., Result]
AT = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
ABOUT = About(
    evaluation="0199f0",
    dataset="mails@3",
    split="test",
    tags=("short", "angry"),
    scorers=(
        ScorerSpec(name="exact"),
        ScorerSpec(name="contains", value="sorry", threshold=0.5, weight=2.0, metric="kind"),
        ScorerSpec(name="rubric", value="long " * 500),
    ),
    models=("fake:a",),
    parameters={"temperature": 0.2, "max_tokens": 100},
    who="ann",
    created_at=AT,
)
FACTS = (
    "mails@3, split test, tags short and angry",
    "exact, contains: sorry (as kind; threshold 0.5; weight 2.0), rubric: long long",
    "fake:a",
    "temperature 0.2; max_tokens 100",
    "2026-11-21 12:30 UTC by ann",
    "0199f0",
)


@pytest.fixture
def report(made: Made) -> Report:
    results = [made(f"mail-{i}", float(i % 2), output=f"answer {i}") for i in range(4)]
    found = report_of(results, title="mails", about=ABOUT)
    example = Example(
        id="mail-0", inputs={"mail": "Where is it? " * 200, "tone": "kind"}, expected={"a": 1}
    )
    other = Example(id="mail-2", inputs={"mail": "Thanks"})
    return with_asked(found, {each.id: asked_of(each) for each in (example, other)})


def shown(report: Report, width: int) -> str:
    page = io.StringIO()
    console = Console(file=page, width=width, highlight=False, markup=False, emoji=False)
    console.print(terminal(report, width=width))
    return " ".join(page.getvalue().split())


def unescaped(text: str) -> str:
    return re.sub(r"&#(\d+);", lambda found: chr(int(found[1])), text).replace("\u200b", "")


def test_each_form_says_what_it_is_about(report: Report) -> None:
    page, comment = html(report), unescaped(markdown(report))
    root = ET.fromstring(junit(report, at=AT))
    properties = {each.attrib["name"]: each.attrib["value"] for each in root.iter("property")}
    for fact in FACTS:
        assert fact in page
        assert fact in comment
        assert any(value.startswith(fact) for value in properties.values())
    assert {"dataset", "scorers", "model", "parameters", "made", "evaluation"} <= {*properties}
    assert properties["prompt"] == "mail/late@1"
    assert msgspec.json.decode(msgspec.json.encode(report))["about"]["dataset"] == "mails@3"


@pytest.mark.parametrize("width", [80, 130])
def test_a_terminal_says_it_in_short(report: Report, width: int) -> None:
    text = shown(report, width)
    assert "dataset mails@3, split test, tags short and angry · scorers exact, contains" in text
    assert "temperature 0.2; max_tokens 100 · 2026-11-21 12:30 UTC by ann" in text
    # A rubric can be a page.
    assert "long " * 20 not in text


def test_worst_rows_show_what_was_asked_and_expected(report: Report) -> None:
    first, second = report.columns[0].rows
    assert len(first.input) < 250
    assert first.input.startswith("mail: Where is it? Where")
    assert first.input.endswith("… · tone: kind")
    assert (first.expected, second.input, second.expected) == ('{"a":1}', "Thanks", "")
    for text in (shown(report, 100), html(report), unescaped(markdown(report))):
        assert "Where is it? Where" in text
        assert "Thanks" in text
    assert 'expected {"a":1} answer answer 0' in shown(report, 100)
    (failure, _) = ET.fromstring(junit(report, at=AT)).iter("failure")
    assert (failure.text or "").endswith('expected: {"a":1}\nanswer: answer 0')


def test_rows_that_nobody_knows_more_of_show_the_answer(made: Made) -> None:
    report = report_of([made("a", 0.0), made("b", 1.0)])
    assert rows_of(report) == ["a"]
    assert with_asked(report, {}) == report
    assert "answer an answer" in shown(report, 80)
    assert "expected" not in shown(report, 80)
    assert report.about is None
