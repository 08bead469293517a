"""The one sentence that says what matters of a period."""

from __future__ import annotations

from collections.abc import Iterator

from burnish.analytics.period.money import money
from burnish.analytics.period.report import PeriodReport
from burnish.analytics.period.span import Span
from burnish.analytics.period.worse import compared
from burnish.evals.report.words import counted, listed
from burnish.experiments.figures import percent

NOTHING = (
    "Nothing was recorded in this period. Run a stored prompt (burnish prompts run) or try one on "
    "examples (burnish evaluate), and the report tells what came of it."
)
_NAMED = 2
# What grew by so much is told as times as much.
_TIMES = 10


def headline_of(report: PeriodReport, span: Span) -> str:
    usage = report.usage
    if not usage.runs and not usage.versions and not report.evaluations_ended and not _any(report):
        if not report.before.runs:
            return NOTHING
        then = f"{counted(report.before.runs, 'run')} in the {span.length} before"
        return f"Nothing was recorded in these {span.length}, after {then}."
    said = "; ".join((*_used(report, span), *_done(report)))
    return f"{said[:1].upper()}{said[1:]}."


def _any(report: PeriodReport) -> bool:
    return bool(report.running or report.ended or report.moves)


def _used(report: PeriodReport, span: Span) -> Iterator[str]:
    usage, before, then = report.usage, report.before, f"the {span.length} before"
    if not usage.runs:
        yield "no runs" + (f" after {before.runs:,} in {then}" if before.runs else "")
        return
    of = f" of {counted(usage.prompts, 'prompt')}" if usage.prompts else ""
    cost = "" if usage.cost_usd is None else f" for {money(usage.cost_usd, usage.cost_unknown)} USD"
    said = f"{counted(usage.runs, 'run')}{of}{cost}"
    if not before.runs:
        yield f"{said}, after none in {then}"
    else:
        per = " per hour" if report.part < 1 else ""
        yield f"{said} ({', '.join(_changes(report))}{per} against {then})"
    if report.worse:
        yield _worse(report)
    elif compared(usage, before):
        yield "nothing is shown to be worse"


def _worse(report: PeriodReport) -> str:
    named = [each.text for each in report.worse[:_NAMED]]
    more = len(report.worse) - len(named)
    return f"worse: {listed([*named, f'{more} more'] if more else named)}"


def _changes(report: PeriodReport) -> Iterator[str]:
    usage, before, part = report.usage, report.before, report.part
    yield f"runs {change(usage.runs, before.runs * part)}"
    if usage.cost_usd is not None and before.cost_usd:
        yield f"cost {change(usage.cost_usd, before.cost_usd * part)}"


def change(now: float, then: float) -> str:
    """`+12 %`, `-3 %`, and `x 12` of what is many times as much. `then` is not 0."""
    times = now / then
    return f"x {times:,.0f}" if times >= _TIMES else percent(times - 1, sign=True)


def _done(report: PeriodReport) -> Iterator[str]:
    usage = report.usage
    if not usage.runs and report.worse:
        yield _worse(report)
    if not usage.runs and usage.versions:
        yield counted(usage.versions, "new version")
    if report.evaluations_ended:
        yield counted(report.evaluations_ended, "evaluation") + " done"
    won = [f"{each.name} was won by {each.winner}" for each in report.ended if each.gain]
    if len(won) > _NAMED:
        more = " or more" if report.experiments_ended > len(report.ended) else ""
        yield f"{len(won)}{more} experiments were won by a variant"
    elif won:
        yield f"experiment {listed(won)}"
