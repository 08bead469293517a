"""A job in words: how far it is, and what came out of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

from burnish.cli.common import counted
from burnish.cli.money import cost_of, usd
from burnish.storage.job import Job

if TYPE_CHECKING:
    from burnish.evals.summary import ColumnSummary, Summary
    from burnish.platform.where import WhereReport

EVALUATION, EXPERIMENT, OPTIMIZATION = "evaluation", "experiment", "optimization"
OPTIMIZATIONS = "optimizations"
# So much of a line is for a bar, what is done of how much, and the time that is left.
_BAR = 30
# Of more columns the report tells.
_SHOWN = 8


def when(at: datetime) -> str:
    """As much as a narrow terminal has room for: the time today, else the day."""
    return f"{at:%H:%M}" if at.date() == datetime.now(UTC).date() else f"{at:%m-%d}"


def share(job: Job) -> str:
    done, total = job.progress.done, job.progress.total
    return f"{done} of {total}" if total else str(done or "")


def message(job: Job) -> str:
    """What a job says of itself, beside how much of it is done."""
    facts = job.progress.facts
    if job.kind in (EVALUATION, EXPERIMENT):
        told = list(_answers(facts))
    elif job.kind in (OPTIMIZATION, OPTIMIZATIONS):
        told = list(_searched(facts))
    else:
        told = [f"{name} {value}" for name, value in facts.items()]
    return ", ".join(part for part in (job.progress.message, *told) if part)


def beside_bar(job: Job) -> str:
    """The message, cut where the bar and the counts beside it would have no room."""
    told, room = message(job), max(20, get_terminal_size().columns - _BAR)
    return told if len(told) <= room else f"{told[: room - 1]}…"


def said(job: Job) -> str:
    return ", ".join(part for part in (share(job), message(job)) if part)


def _answers(facts: Mapping[str, Any]) -> Iterable[str]:
    if "calls" not in facts:
        return
    yield counted(facts["calls"], "call")
    yield f"{usd(float(facts['cost_usd']))} USD"
    if facts["judged"]:
        yield f"{facts['passed']} of {facts['judged']} pass"
    if facts["failed"]:
        yield f"{facts['failed']} failed"
    if "best" in facts:
        yield f"best {facts['best_score']:.2f} {facts['best']}"


def _searched(facts: Mapping[str, Any]) -> Iterable[str]:
    if "calls" not in facts:
        return
    yield counted(facts["calls"], "call")
    if "best_score" in facts:
        yield f"best {facts['best_score']:.2f}"
    yield f"{usd(float(facts['cost_usd']))} USD"


def outcome(job: Job) -> Iterable[tuple[str, str]]:
    """The result, and where more of it is."""
    if job.kind == EXPERIMENT:
        yield from _experiment(job)
        return
    if job.kind == OPTIMIZATION:
        yield from _optimization(job)
        return
    if job.kind == OPTIMIZATIONS:
        yield from _optimizations(job)
        return
    if job.kind != EVALUATION:
        if job.result is not None:
            yield "result", _json(job.result)
        return
    if summary := summary_of(job):
        yield from _summary(summary)
    if job.attempts:
        # One that a job planned has its id.
        yield "report", f"burnish evaluations show {job.input.get('id') or job.id}"


def _experiment(job: Job) -> Iterable[tuple[str, str]]:
    if job.result is not None:
        yield "ended early", job.result["why"]
        yield "verdict", job.result["verdict"]
    yield "report", f"burnish experiments show {job.input['id']}"


def _optimization(job: Job) -> Iterable[tuple[str, str]]:
    if job.result is not None:
        yield "outcome", job.result["text"]
        yield "best", job.result["best"]
    yield "report", f"burnish optimizations show {job.input['id']}"


def _optimizations(job: Job) -> Iterable[tuple[str, str]]:
    report = _report(job)
    if report is None:
        return
    for one in report.optimized:
        cost = cost_of(one.cost_usd, one.unpriced)
        yield one.prompt, f"{one.text}; {cost} (burnish optimizations show {one.id[:18]})"
    for left in report.left:
        yield left.prompt, f"{'failed' if left.failed else 'left out'}: {left.why}"
    if not (report.optimized or report.left):
        yield "result", f"no prompt has {report.where}"


def _report(job: Job) -> WhereReport | None:
    """The result of a job that optimises several; None where there is none yet."""
    from burnish.platform.where import WhereReport
    from burnish.shapes import convert

    return None if job.result is None else convert(job.result, WhereReport)


def _summary(summary: Summary) -> Iterable[tuple[str, str]]:
    for column in summary.columns[:_SHOWN]:
        yield "score", _score(column)
    if len(summary.columns) > _SHOWN:
        yield "", f"and {len(summary.columns) - _SHOWN} more"
    yield "ended early", summary.why
    yield "gate", summary.verdict


def _score(column: ColumnSummary) -> str:
    if column.score is None:
        told = "no score"
    else:
        told = f"{column.score:.2f}"
        if column.low is not None and column.high is not None:
            told += f" [{column.low:.2f}, {column.high:.2f}]"
    told = f"{column.name} {told} over {counted(column.answered, 'answer')}"
    return f"{told}, {column.failed} failed" if column.failed else told


def summary_of(job: Job) -> Summary | None:
    """The result of an evaluation; None where there is none yet."""
    from burnish.evals.summary import Summary
    from burnish.shapes import convert

    return None if job.result is None else convert(job.result, Summary)


def shortcoming(job: Job) -> str:
    """Why a job that is done has not given what was asked of it; empty where it has."""
    if job.kind == EXPERIMENT and job.state == "done":
        return str(job.result["why"])
    if job.kind == OPTIMIZATION and job.state == "done":
        measured = job.result["outcome"] in ("improved", "kept")
        return "" if measured else str(job.result["outcome"])
    if job.kind == OPTIMIZATIONS and job.state == "done":
        return _unmeasured(job)
    summary = summary_of(job) if job.kind == EVALUATION and job.state == "done" else None
    if summary is None:
        return ""
    if summary.gate == "failed":
        return "gate failed"
    return "" if summary.answered else "no answer"


def _unmeasured(job: Job) -> str:
    report = _report(job)
    if report is None or report.is_measured:
        return ""
    failed = sum(each.failed for each in report.left)
    failed += sum(not each.is_measured for each in report.optimized)
    return f"{failed} failed"


def wanted(job: Job) -> str:
    """Its input, where that tells more than an id."""
    told = {name: value for name, value in job.input.items() if name not in ("id", "goes")}
    shown = told if job.kind in (EVALUATION, EXPERIMENT, OPTIMIZATION) else job.input
    return _json(shown) if shown else ""


def _json(value: object) -> str:
    import msgspec

    return msgspec.json.encode(value).decode()
