"""A period's report for a pipe: each line says first what it is of."""

from __future__ import annotations

from collections.abc import Iterator

from burnish.analytics.period.report import PeriodReport, Usage
from burnish.analytics.period.sheets import notes
from burnish.evals.report.words import NONE, visible

_FIGURES = (
    "runs", "errors", "cache_hits", "tokens", "cost_usd", "cost_unknown", "p50_latency_ms",
    "p95_latency_ms", "prompts", "versions",
)  # fmt: skip


def plain(report: PeriodReport) -> str:
    """`period`, since, until, headline; `usage`, figure, now, before; `worse`, text; `step`, time,
    runs, failed, tokens, USD; `prompt` or `model`, name, runs, failed, tokens, USD; `evaluations`,
    `rules` or `ratings`, prompt, dataset, n, rate, low, high, than the rest; `failed`, reason,
    runs; `evaluation`, id, best, score, answers, gate; `experiment`, name, state, winner, gain,
    low, high; `move`, experiment, what, by, why; `more`, what is not told, how many; `who`, name,
    runs, failed, USD, versions, evaluations, moves; `note`, text. `-` for no
    data, and no line of what there is none of."""
    return "".join("\t".join(map(visible, line)) + "\n" for line in _lines(report))


def _lines(report: PeriodReport) -> Iterator[tuple[str, ...]]:
    yield "period", report.since.isoformat(), report.until.isoformat(), report.headline
    if Usage() != report.usage or Usage() != report.before:
        for name in _FIGURES:
            yield "usage", name, _of(report.usage, name), _of(report.before, name)
    for each in report.worse:
        yield "worse", each.text
    for step in report.steps:
        figures = (step.runs, step.errors, step.tokens, step.cost_usd)
        yield "step", step.at.isoformat(), *map(_number, figures)
    for what, spent in (("prompt", report.prompts), ("model", report.models)):
        for one in spent:
            figures = (one.runs, one.errors, one.tokens, one.cost_usd)
            yield what, one.name or NONE, *map(_number, figures)
    yield from _ranked(report)
    for reason in report.failures:
        yield "failed", reason.reason, str(reason.runs)
    yield from _tried(report)
    for who in report.doings:
        figures = (
            who.runs, who.errors, who.cost_usd, who.versions, who.evaluations, who.moves,
        )  # fmt: skip
        yield "who", who.who or NONE, *map(_number, figures)
    for note in notes(report):
        yield "note", note


def _ranked(report: PeriodReport) -> Iterator[tuple[str, ...]]:
    for ranking in report.rankings:
        for row in ranking.rows:
            figures = map(_number, (row.n, row.rate, row.low, row.high))
            yield ranking.by, row.name, row.dataset or NONE, *figures, row.standing or NONE


def _tried(report: PeriodReport) -> Iterator[tuple[str, ...]]:
    for one in report.evaluations:
        gate = one.gate or NONE
        yield "evaluation", one.id, one.best or NONE, _number(one.score), str(one.n), gate
    for each in (*report.running, *report.ended):
        gain = each.gain
        ends = (None,) * 3 if gain is None else (gain.difference, gain.low, gain.high)
        yield "experiment", each.name, each.state, each.winner or NONE, *map(_number, ends)
    for move in report.moves:
        yield "move", move.experiment, move.what, move.by or NONE, move.why or NONE
    for what, count, there in (
        ("evaluations", report.evaluations_ended, report.evaluations),
        ("experiments under way", report.experiments_running, report.running),
        ("experiments that ended", report.experiments_ended, report.ended),
        ("moves", report.moves_made, report.moves),
    ):
        if count > len(there):
            yield "more", what, str(count - len(there))


def _of(usage: Usage, name: str) -> str:
    return _number(getattr(usage, name))


def _number(value: float | None) -> str:
    return NONE if value is None else str(value) if isinstance(value, int) else f"{value:.6g}"
