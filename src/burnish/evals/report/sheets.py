"""The tables of a report, the same in every output."""

from __future__ import annotations

from collections.abc import Iterator

from burnish.evals.report.labels import label_sheets
from burnish.evals.report.report import Column, Comparison, Measure, Report, Row
from burnish.evals.report.sheet import Sheet
from burnish.evals.report.words import (
    NONE,
    answers_text,
    cost_text,
    counted,
    measured,
    milliseconds,
    p_text,
    share,
    signed,
    signed_interval,
    visible,
)

COMPARISONS = "Comparisons"


def headline(report: Report) -> str:
    parts = [counted(len(report.columns), "column"), counted(report.examples, "example")]
    if report.repeats > 1:
        parts.append(counted(report.repeats, "repeat"))
    answered = sum(column.answered for column in report.columns)
    parts.append(counted(answered, "answer"))
    failed = report.results - answered
    if failed:
        parts.append(counted(failed, "failed call"))
    if report.missing:
        parts.append(f"{report.missing:,} missing")
    return ", ".join(parts)


def untold(report: Report) -> list[str]:
    """A sentence for each scorer that failed: an answer that one of them could not score is in no
    mean, which nobody would look for among the errors."""
    return [
        f"The scorer {visible(each.metric)} failed on {share(each.answers, each.of)} answers"
        f"{', which so have no score' if each.counts else ''}: {visible(each.error)}"
        for each in report.unscored
    ]


def sheets(report: Report) -> list[Sheet]:
    """Those that have anything to say."""
    before = [_figures(report), _metrics(report)]
    after = [_tags(report), _comparisons(report), _flicker(report), _faults(report)]
    return [sheet for sheet in (*before, *label_sheets(report), *after) if sheet.rows]


def row_text(row: Row) -> str:
    """Why a row is among the worst, in one line."""
    if row.error:
        return f"failed: {visible(row.error)}"
    said = "; ".join(visible(reason) for reason in row.reasons)
    score = "" if row.score is None else f"score {row.score:.2f}"
    return ", ".join(part for part in (score, said) if part) or "failed"


def row_parts(row: Row) -> list[tuple[str, str]]:
    """What an example asked, what was expected and what came, as far as it is known."""
    parts = (("input", row.input), ("expected", row.expected), ("answer", row.output))
    return [(name, visible(text)) for name, text in parts if text]


def row_name(row: Row) -> str:
    return visible(row.example) + (f" (repeat {row.repeat})" if row.repeat else "")


def _figures(report: Report) -> Sheet:
    # Where exactly the answers that score 1 pass, the same figure twice would only ask why.
    passes = any(
        column.passed.n
        and (column.passed.n, column.passed.mean) != (column.score.n, column.score.mean)
        for column in report.columns
    )
    headings = ("", "answers", "score", "passed", "p50", "p95", "tokens", "USD")
    rows = tuple(
        (
            visible(column.name),
            answers_text(column),
            measured(column.score),
            measured(column.passed),
            milliseconds(column.latency.p50_ms),
            milliseconds(column.latency.p95_ms),
            f"{column.input_tokens + column.output_tokens:,}",
            cost_text(column.cost),
        )
        for column in report.columns
    )
    if not passes:
        headings = tuple(each for each in headings if each != "passed")
        rows = tuple((*row[:3], *row[4:]) for row in rows)
    remark = "In brackets: where the true mean lies in 95 of 100 such evaluations."
    if any(column.cost.unknown for column in report.columns):
        remark += " The price of some answers is not known (unknown, or + beside what is known)."
    if cached := sum(column.cached for column in report.columns):
        remark += f" {counted(cached, 'answer')} came from the cache and cost nothing now."
    return Sheet(title="Results", headings=headings, rows=rows, remark=remark)


def _metrics(report: Report) -> Sheet:
    rows = tuple(
        (
            visible(column.name),
            visible(each.metric),
            each.kind if each.n else NONE,
            _n(each),
            measured(each),
        )
        for column in report.columns
        for each in column.metrics
        if not _is_score(column, each)
    )
    return Sheet(title="Metrics", headings=("", "metric", "kind", "answers", "mean"), rows=rows)


def _is_score(column: Column, metric: Measure) -> bool:
    """A single metric is the score itself."""
    same = (metric.n, metric.mean) == (column.score.n, column.score.mean)
    return len(column.metrics) == 1 and same and not metric.unscored


def _n(measure: Measure) -> str:
    return f"{measure.n:,}" + (f" ({measure.unscored} unscored)" if measure.unscored else "")


def _tags(report: Report) -> Sheet:
    rows = tuple(
        (visible(each.tag), visible(column.name), f"{each.score.n:,}", measured(each.score))
        for tag in sorted({each.tag for column in report.columns for each in column.tags})
        for column in report.columns
        for each in column.tags
        if each.tag == tag and each.score.n
    )
    return Sheet(title="By tag", headings=("tag", "", "answers", "score"), rows=rows)


def telling(report: Report) -> tuple[Comparison, ...]:
    """The comparisons that have anything to tell, or all where none has: a model that never
    answered would otherwise fill a page with that."""
    found = tuple(each for each in report.comparisons if each.difference is not None)
    return found or report.comparisons


def _comparisons(report: Report) -> Sheet:
    rows = tuple(
        (
            visible(each.column),
            visible(each.against),
            NONE if each.difference is None else signed(each.difference),
            signed_interval(each.interval) or NONE,
            f"{each.n:,}",
            NONE if each.difference is None else p_text(each.p_holm).removeprefix("p "),
            each.outcome,
        )
        for each in telling(report)
    )
    remark = "Example by example, over the n that both answered; p is corrected by Holm."
    if silent := len(report.comparisons) - len(rows):
        remark += f" {counted(silent, 'pair')} shared too few scored examples to compare."
    if any(each.outcome == "no difference" for each in report.comparisons):
        remark += " No difference means that none is shown, not that they are equal."
    if report.compared == "best":
        remark += " Of so many columns, each is compared with the best alone."
    headings = ("", "against", "difference", "interval", "n", "p", "outcome")
    return Sheet(title=COMPARISONS, headings=headings, rows=rows, remark=remark)


def _flicker(report: Report) -> Sheet:
    rows = tuple(
        (
            visible(column.name),
            share(column.flicker.changed, column.flicker.examples),
            ", ".join(_first(column)),
        )
        for column in report.columns
        if column.flicker.changed
    )
    return Sheet(
        title="Flicker",
        headings=("", "examples", "first of them"),
        rows=rows,
        remark="Examples that passed at one repeat and failed at another.",
    )


def _first(column: Column) -> Iterator[str]:
    ids = column.flicker.ids[:5]
    yield from map(visible, ids)
    if column.flicker.changed > len(ids):
        yield "…"


def _faults(report: Report) -> Sheet:
    rows = tuple(
        (
            visible(each.column),
            visible(each.metric) or "call",
            f"{each.count:,}",
            visible(each.error),
        )
        for each in report.faults
    )
    return Sheet(title="Errors", headings=("", "of", "times", "such as"), rows=rows)


def difference_scale(comparisons: tuple[Comparison, ...]) -> float:
    """How far from 0 a plot of the differences must reach."""
    ends = [max(-each.interval.low, each.interval.high) for each in comparisons if each.interval]
    return max([0.05, *ends])
