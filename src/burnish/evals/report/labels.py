"""The sheets of answers that are labels: how many are right, and which are taken for which."""

from __future__ import annotations

from burnish.evals.confusion import NO_LABEL, OTHERS, Confusion
from burnish.evals.report.report import Column, Report
from burnish.evals.report.sheet import Sheet
from burnish.evals.report.words import NONE, number, share, visible

_MAX_LABEL = 24
# Of what a label is taken for, the commonest.
_MAX_TAKEN = 3
_ZERO = "·"


def label_sheets(report: Report) -> list[Sheet]:
    found = [(column, each) for column in report.columns for each in column.confusions]
    if not found:
        return []
    rows = tuple(
        (
            visible(column.name),
            visible(each.metric),
            f"{each.n:,}",
            number(each.accuracy),
            number(each.macro_f1),
        )
        for column, each in found
    )
    headings = ("", "metric", "answers", "accuracy", "macro-F1")
    remark = "Macro-F1 is the mean over labels, so that rare ones count as much as common ones."
    first = Sheet(title="Labels", headings=headings, rows=rows, remark=remark)
    return [first, *(_confusion(column, each) for column, each in found)]


def _confusion(column: Column, found: Confusion) -> Sheet:
    names = tuple(map(_label, found.labels))
    several = f", {visible(found.metric)}" if len(column.confusions) > 1 else ""
    title = f"Confusion: {visible(column.name)}{several}"
    rows = tuple(
        (name, *(f"{count:,}" if count else _ZERO for count in counts))
        for name, counts in zip(names, found.matrix, strict=True)
        if any(counts)
    )
    remark = "Down what was expected, across what was answered."
    if found.others:
        remark += f" {_rest(found)}"
    return Sheet(
        title=title,
        headings=("expected", *names),
        rows=rows,
        remark=remark,
        is_matrix=True,
        narrow=_narrow(title, names, found),
    )


def _narrow(title: str, names: tuple[str, ...], found: Confusion) -> Sheet:
    """A line for each label, where the matrix is too wide."""
    rows: list[tuple[str, ...]] = []
    for at, counts in enumerate(found.matrix):
        if not any(counts):
            continue
        wrong = [(-count, names[to]) for to, count in enumerate(counts) if count and to != at]
        # Of others nobody knows which was taken for which.
        is_rest = found.labels[at] == OTHERS
        right = NONE if is_rest else share(counts[at], sum(counts))
        taken = ", ".join(f"{name} {-less:,}" for less, name in sorted(wrong)[:_MAX_TAKEN])
        rows.append((names[at], right, taken or NONE))
    return Sheet(
        title=title,
        headings=("expected", "right", "taken for"),
        rows=tuple(rows),
        remark=_rest(found) if found.others else "",
    )


def _rest(found: Confusion) -> str:
    return f"(others) are {found.others:,} rarer labels, right or taken for each other."


def _label(label: str) -> str:
    if label == NO_LABEL:
        return "(no label)"
    shown = visible(label)
    return shown if len(shown) <= _MAX_LABEL else f"{shown[: _MAX_LABEL - 1]}…"
