"""A report of an experiment for a pipe: each line says first what it is of."""

from __future__ import annotations

from collections.abc import Iterator

from burnish.evals.report.words import NONE, visible
from burnish.experiments.findings import Guard
from burnish.experiments.report.guarding import compared
from burnish.experiments.report.moves import words
from burnish.experiments.report.report import Report


def plain(report: Report, *, log: bool = False) -> str:
    """`verdict`, winner, text; `variant`, name, units, value, low, high; `difference`, variant,
    control, difference, low, high, p, outcome; `guardrail`, metric, state, text; `guarded`, metric,
    variant, control, both values, difference, low, high, margin; `note`, text; and `log`, time,
    what, by, why, what it was decided on. `-` for no data."""
    return "".join("\t".join(map(visible, line)) + "\n" for line in _lines(report, log=log))


def _lines(report: Report, *, log: bool) -> Iterator[tuple[str, ...]]:
    yield "verdict", report.winner or NONE, report.verdict
    yield from _variants(report)
    for each in report.analysis.contrasts if report.analysis is not None else ():
        ends = each.difference, each.interval.low, each.interval.high, each.p
        yield "difference", each.variant, each.control, *map(_number, ends), each.outcome
    for each in report.guards:
        yield "guardrail", each.metric.name, each.state, each.text
        yield from _guarded(each)
    for note in report.notes:
        yield "note", note
    for move in report.log if log else ():
        facts = words(move.facts, report.counts)
        told = (move.by or NONE, move.why or NONE, facts or NONE)
        yield "log", move.at.isoformat(), move.what, *told


def _guarded(guard: Guard) -> Iterator[tuple[str, ...]]:
    for each, value, control in compared(guard):
        ends = (value, control, each.difference, each.interval.low, each.interval.high)
        figures = map(_number, (*ends, guard.metric.margin))
        yield "guarded", guard.metric.name, each.variant, each.control, *figures


def _variants(report: Report) -> Iterator[tuple[str, ...]]:
    arms = {} if report.analysis is None else {each.name: each for each in report.analysis.arms}
    for name in dict.fromkeys((*arms, *report.variants)):
        arm = arms.get(name)
        if arm is None:
            yield "variant", name, str(report.units.get(name, 0)), NONE, NONE, NONE
        else:
            ends = (arm.value, arm.interval.low, arm.interval.high)
            yield "variant", name, str(arm.n), *map(_number, ends)


def _number(value: float | None) -> str:
    return NONE if value is None else f"{value:.6g}"
