"""Whether results are good enough to go on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from burnish.errors import NotFound
from burnish.evals.bounds import check_bounds
from burnish.evals.report.compare import is_baseline
from burnish.evals.report.report import Column, Report, Row
from burnish.evals.report.words import (
    counted,
    interval_text,
    share,
    signed,
    signed_interval,
)
from burnish.evals.statistics import Interval


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One number against its bound. `unsure` says that the interval holds the bound too, so that
    another set of examples could have decided the other way."""

    name: Literal["min_score", "max_regression"]
    column: str
    passed: bool
    value: float | None = None
    bound: float
    interval: Interval | None = None
    unsure: bool = False
    text: str


class FailingRows(msgspec.Struct, frozen=True, kw_only=True):
    """The worst rows of a column that failed a check, and how many of it fail in all."""

    column: str
    failing: int
    rows: tuple[Row, ...]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    passed: bool
    text: str
    checks: tuple[Check, ...]
    failing: tuple[FailingRows, ...]


def gate(
    report: Report,
    *,
    min_score: float | None = None,
    baseline: str = "",
    max_regression: float | None = None,
) -> Verdict:
    """Fails where the mean score of a column is below `min_score`, a failed call counting as 0; and
    where a column scores more than `max_regression` below the baseline that `report` was made
    with, and the report calls it worse: a fall that is not shown may be noise, and is said to be.
    Columns of the baseline are held to no bound. Raises UsageError for bounds that make no sense,
    NotFound for a report without comparisons with `baseline`.
    """
    check_bounds(min_score, baseline, max_regression)
    others = [column for column in report.columns if not _is_base(column, baseline)]
    # Whoever tries the baseline alone is told of it, and not that nothing was tried.
    judged = others or report.columns
    checks: list[Check] = []
    if min_score is not None:
        checks += [_least(column, min_score) for column in judged]
    if max_regression is not None:
        if report.baseline != baseline:
            raise NotFound(
                f"the report compares nothing with {baseline!r}",
                hint="make it with the same baseline",
                subject=baseline,
            )
        checks += [_fall(column, report, max_regression) for column in judged]
    if not judged:
        return Verdict(
            passed=False, text="failed: there are no results to judge", checks=(), failing=()
        )
    return _verdict(judged, checks, min_score)


def _is_base(column: Column, baseline: str) -> bool:
    return bool(baseline) and is_baseline(column, baseline)


def _least(column: Column, bound: float) -> Check:
    mean, interval = column.score.mean, column.score.interval
    if mean is None:
        text = f"{column.name} has no score, so nothing shows that it reaches {bound:g}"
        text += _untold(column)
        return Check(name="min_score", column=column.name, passed=False, bound=bound, text=text)
    n, failed = column.score.n, column.failed
    # Where failed calls count as 0, the bounds shrink as the mean does.
    scored = n / (n + failed)
    value = mean * scored
    if interval is not None:
        low, high = interval.low * scored, interval.high * scored
        interval = msgspec.structs.replace(interval, low=low, high=high)
    passed = value >= bound
    unsure = interval is None or interval.low < bound <= interval.high
    text = (
        f"{column.name} scores {value:.3f} over {counted(n + failed, 'answer')}, "
        f"{'at least' if passed else 'below'} {bound:g}{_left_out(column)}{_untold(column)}"
    )
    if interval is None:
        text += "; too few answers to say how sure that is"
    elif unsure:
        text += f"; not sure, for the interval {interval_text(interval)} holds {bound:g}"
    return Check(
        name="min_score", column=column.name, passed=passed, value=value, bound=bound,
        interval=interval, unsure=unsure, text=text,
    )  # fmt: skip


def _left_out(column: Column) -> str:
    remarks = (
        (column.failed, "failed call", " counted as 0"),
        (column.score.unscored, "unscored answer", " left out"),
        (column.missing, "planned answer", " missing"),
    )
    said = [f"{counted(count, what)}{how}" for count, what, how in remarks if count]
    return f" ({', '.join(said)})" if said else ""


def _untold(column: Column) -> str:
    """A gate that is met must not hide what nobody has judged."""
    untold = [(each.metric, each.unscored) for each in column.metrics if each.unscored]
    if not untold:
        return ""
    said = ", ".join(f"{metric} of {counted(count, 'answer')}" for metric, count in untold[:3])
    more = f" and {len(untold) - 3} more" if len(untold) > 3 else ""
    return f"; not judged: {said}{more}"


def _fall(column: Column, report: Report, bound: float) -> Check:
    name = column.name
    found = next((each for each in report.comparisons if each.column == name), None)
    if found is None and _is_base(column, report.baseline):
        text = f"{name} is the baseline itself"
        return Check(name="max_regression", column=name, passed=True, bound=bound, text=text)
    if found is None or found.difference is None or found.interval is None:
        text = f"{name} and its baseline share too few scored examples to compare"
        return Check(name="max_regression", column=name, passed=False, bound=bound, text=text)
    difference, interval = found.difference, found.interval
    passed = -difference <= bound or found.outcome != "worse"
    unsure = interval.low < -bound and passed
    figures = f"{signed(difference)} {signed_interval(interval)} over {counted(found.n, 'example')}"
    if not passed:
        text = f"{name} falls by more than {bound:g} below {found.against}: {figures}"
    elif unsure:
        text = (
            f"{name} is not shown to fall by more than {bound:g} below {found.against}, "
            f"nor is that ruled out: {figures}"
        )
    else:
        text = f"{name} does not fall by more than {bound:g} below {found.against}: {figures}"
    return Check(
        name="max_regression", column=name, passed=passed, value=difference, bound=bound,
        interval=interval, unsure=unsure, text=text,
    )  # fmt: skip


def _verdict(
    columns: Sequence[Column], checks: Sequence[Check], min_score: float | None
) -> Verdict:
    broken = [check for check in checks if not check.passed]
    failed = {check.column for check in broken}
    failing = tuple(
        FailingRows(column=column.name, failing=column.failing, rows=_failing(column, min_score))
        for column in columns
        if column.name in failed
    )
    head = f"failed, {share(len(broken), len(checks))} checks" if broken else "passed"
    lines = (f"- {check.text}" for check in broken or checks)
    text = "\n".join((f"{head}:", *lines))
    return Verdict(passed=not broken, text=text, checks=tuple(checks), failing=failing)


def _failing(column: Column, min_score: float | None) -> tuple[Row, ...]:
    """Rows that failed, and those below the bound where no scorer says what passes."""
    bound = 1.0 if min_score is None else min_score
    return tuple(
        row
        for row in column.rows
        if row.error or row.passed is False or (row.score is not None and row.score < bound)
    )
