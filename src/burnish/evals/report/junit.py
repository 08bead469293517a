"""A report as JUnit XML, which continuous integration shows as tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from burnish.evals.report.about import facts
from burnish.evals.report.gate import Check, Verdict
from burnish.evals.report.report import Column, Report, Row
from burnish.evals.report.sheets import row_name, row_parts, row_text
from burnish.evals.report.words import (
    answers_text,
    cost_text,
    counted,
    failing_text,
    measured,
    milliseconds,
    visible,
)

# What XML 1.0 cannot hold at all.
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(report: Report, verdict: Verdict | None = None, *, at: datetime) -> str:
    """A suite for each column: its checks (its score, without a gate) and its worst failing rows.
    Rows that a gate lets pass are shown as skipped, so that the file is red where the gate is.
    `at` is when the evaluation was done. Valid against the schema of Ant's JUnit reports."""
    root = Element("testsuites")
    for number, column in enumerate(report.columns):
        checks = [] if verdict is None else [c for c in verdict.checks if c.column == column.name]
        suite = _suite(column, number, checks, at, gated=verdict is not None)
        _properties(suite, report, column)
        root.append(suite)
    if not report.columns and verdict is not None and not verdict.passed:
        root.append(_nothing(verdict, at))
    indent(root)
    return tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _suite(
    column: Column, number: int, checks: list[Check], at: datetime, *, gated: bool
) -> Element:
    cases = [_check(column, check) for check in checks] or [_case(column.name, "score", 0.0)]
    excused = gated and all(check.passed for check in checks)
    failing = [row for row in column.rows if row.error or row.passed is False]
    cases += [_row(column, row, excused=excused) for row in failing]
    listed = f"{counted(len(failing), 'row')} of {failing_text(column) or 'none that fails'}\n"
    latency_ms = sum(row.latency_ms for row in failing)
    return _suite_of(column.name, number, cases, at, latency_ms=latency_ms, said=listed)


def _nothing(verdict: Verdict, at: datetime) -> Element:
    """A gate fails where nothing was answered, and a file without a test would be green."""
    case = _case("gate", "results", 0.0)
    SubElement(case, "failure", type="gate", message=_attribute(verdict.text))
    return _suite_of("gate", 0, [case], at)


def _suite_of(
    name: str,
    number: int,
    cases: list[Element],
    at: datetime,
    *,
    latency_ms: float = 0.0,
    said: str = "",
) -> Element:
    suite = Element(
        "testsuite",
        name=_token(name),
        package="burnish",
        id=str(number),
        timestamp=at.replace(tzinfo=None).isoformat(timespec="seconds"),
        hostname="localhost",
        tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        errors=str(sum(case.find("error") is not None for case in cases)),
        skipped=str(sum(case.find("skipped") is not None for case in cases)),
        time=_seconds(latency_ms),
    )
    SubElement(suite, "properties")
    suite.extend(cases)
    SubElement(suite, "system-out").text = said
    SubElement(suite, "system-err")
    return suite


def _properties(suite: Element, report: Report, column: Column) -> None:
    """What the column is, and what the evaluation was; the column's own model goes first."""
    told = dict(facts(report.about)) | dict(_facts(column))
    properties = suite.find("properties")
    assert properties is not None
    for name, value in told.items():
        SubElement(properties, "property", name=name, value=_attribute(value))


def _facts(column: Column) -> Iterator[tuple[str, str]]:
    yield "prompt", column.prompt
    yield "model", column.model
    yield "answers", answers_text(column)
    yield "score", measured(column.score)
    yield "passed", measured(column.passed)
    yield "p50", milliseconds(column.latency.p50_ms)
    yield "p95", milliseconds(column.latency.p95_ms)
    yield "cost_usd", cost_text(column.cost)


def _case(suite: str, name: str, latency_ms: float) -> Element:
    return Element(
        "testcase",
        name=_token(name),
        classname=_token(suite),
        time=_seconds(latency_ms),
    )


def _check(column: Column, check: Check) -> Element:
    case = _case(column.name, f"{check.name} {check.bound:g}", 0.0)
    if not check.passed:
        SubElement(case, "failure", type=check.name, message=_attribute(check.text))
    return case


def _row(column: Column, row: Row, *, excused: bool) -> Element:
    case = _case(column.name, row_name(row), row.latency_ms)
    said = _attribute(row_text(row))
    if excused:
        SubElement(case, "skipped", message=f"failed, but the gate lets it pass: {said}")
    elif row.error:
        SubElement(case, "error", type="call", message=said)
    else:
        found = SubElement(case, "failure", type="score", message=said)
        found.text = _NOT_XML.sub("�", _whole(row))
    return case


def _whole(row: Row) -> str:
    if not row.input and not row.expected:
        return row.output
    return "\n".join(f"{name}: {text}" for name, text in row_parts(row))


def _seconds(latency_ms: float) -> str:
    return f"{max(latency_ms, 0.0) / 1000:.3f}"


def _attribute(text: str) -> str:
    return _NOT_XML.sub("�", visible(text))


def _token(text: str) -> str:
    """Never empty: the schema asks for at least a character."""
    return _attribute(text) or "(empty)"
