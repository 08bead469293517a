"""Which labels are taken for which, in each form of a report."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import msgspec
import pytest
from rich.console import Console

from burnish import shapes
from burnish.evals.confusion import MAX_LABELS
from burnish.evals.report import Report, html, markdown, report_of, terminal
from burnish.storage.result import Result, Score

Made = Callable[..., Result]


def answered(made: Made, pairs: list[tuple[str, str]], metric: str = "classification") -> Report:
    """Of pairs of what was found and what was expected."""
    results: list[Result] = []
    for number, (found, expected) in enumerate(pairs):
        right = found == expected
        details = {"label": found, "expected": expected}
        score = Score(metric=metric, value=float(right), passed=right, details=details)
        results.append(made(number, float(right), scores=(score,)))
    return report_of(results)


@pytest.fixture
def mails(made: Made) -> Report:
    pairs = [("billing", "billing")] * 9 + [("delivery", "billing")]
    pairs += [("delivery", "delivery")] * 4 + [("billing", "delivery")] * 5 + [("", "delivery")]
    return answered(made, pairs)


@pytest.fixture
def many(made: Made) -> Report:
    """30 labels, each taken for the next once."""
    names = [f"a longer name {number:02}" for number in range(30)]
    return answered(
        made,
        [(name, name) for name in names * 2] + list(zip(names, names[1:] + names[:1], strict=True)),
    )


def shown(report: Report, width: int) -> str:
    page = io.StringIO()
    console = Console(file=page, width=width, highlight=False, markup=False, emoji=False)
    console.print(terminal(report, width=width))
    return page.getvalue()


def test_a_report_has_accuracy_macro_f1_and_a_confusion_matrix(mails: Report) -> None:
    (found,) = mails.columns[0].confusions
    assert (found.metric, found.n, found.accuracy) == ("classification", 20, 0.65)
    assert found.labels == ("", "billing", "delivery")
    assert found.matrix == ((0, 0, 0), (0, 9, 1), (1, 5, 4))
    assert found.macro_f1 == pytest.approx((18 / 24 + 8 / 15) / 2)
    again = shapes.decode(msgspec.json.encode(mails), Report)
    assert again.columns[0].confusions == (found,)


def test_a_terminal_and_a_comment_show_the_matrix(mails: Report) -> None:
    text = shown(mails, 80)
    assert re.search(r"mail/late@1 +classification +20 +0\.65 +0\.64", text)
    assert re.search(r"expected +\(no label\) +billing +delivery\n", text)
    assert re.search(r"\nbilling +· +9 +1 *\n", text)
    assert re.search(r"\ndelivery +1 +5 +4 *\n", text)
    assert "| delivery | 1 | 5 | 4 |" in markdown(mails)


def test_a_page_marks_the_right_ones(mails: Report) -> None:
    page = html(mails)
    assert '<th scope="row">delivery</th><td>1</td><td>5</td><td class="same">4</td>' in page
    assert '<td class="same">9</td>' in page


def test_a_page_marks_none_of_the_others_as_right(many: Report) -> None:
    assert html(many).count(' class="same"') == MAX_LABELS


def test_a_matrix_that_is_too_wide_becomes_lines(many: Report) -> None:
    (found,) = many.columns[0].confusions
    assert (len(found.labels), found.others) == (MAX_LABELS + 1, 10)
    lines = shown(many, 80).splitlines()
    assert all(len(line) <= 80 for line in lines)
    (line,) = [each for each in lines if each.startswith("a longer name 07")]
    assert re.search(r"^a longer name 07 +2 of 3 +a longer name 06 1", line)
    assert "(others) are 10 rarer labels, right or taken for each other." in "\n".join(lines)
    assert re.search(r"\n\(others\) +-", "\n".join(lines))


def test_reports_without_labels_say_nothing_of_them(made: Made) -> None:
    report = report_of([made(0, 1.0), made(1, 0.0)])
    assert report.columns[0].confusions == ()
    for text in (shown(report, 100), html(report), markdown(report)):
        assert "Confusion" not in text


def test_many_matrices_fit_in_a_comment(made: Made) -> None:
    names = [f"label <&> {number}" for number in range(25)]
    results: list[Result] = []
    for column in range(12):
        for number, name in enumerate(names):
            details = {"label": names[number - 1], "expected": name}
            score = Score(metric="c", value=0.0, passed=False, details=details)
            results.append(made(number, 0.0, scores=(score,), model=f"fake:{column}"))
    assert len(markdown(report_of(results))) < 65_536
