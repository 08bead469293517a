"""jobs list, show, watch, cancel, resume, forget."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from burnish.cli.best_so_far import BestSoFar
from burnish.cli.common import (
    NONE,
    Common,
    confirmed,
    console,
    counted,
    note,
    on_terminal,
    out,
    out_json,
    platform,
    progress_bar,
    styled,
    table,
    warn,
)
from burnish.cli.job_words import (
    beside_bar,
    message,
    outcome,
    said,
    share,
    shortcoming,
    wanted,
    when,
)
from burnish.cli.runs import moment, short_ids
from burnish.errors import UsageError
from burnish.storage.job import Job, JobState

if TYPE_CHECKING:
    from rich.text import Text

JobId = Annotated[str, Parameter(help="The job's id, or the beginning of it.")]
_STYLES = {"done": "green", "failed": "red", "cancelled": "yellow", "running": "cyan"}


def list_(
    *,
    state: Annotated[
        JobState | None, Parameter(help="Only queued, running, done, failed or cancelled ones.")
    ] = None,
    kind: Annotated[str, Parameter(help="Only of this kind, such as batch.")] = "",
    limit: Annotated[int, Parameter(help="How many at most.")] = 20,
    common: Common = NONE,
) -> None:
    """List jobs, newest first.

    A terminal says `gate failed` of an evaluation that is done and missed its bounds. In a pipe:
    id, state, kind, subject, done, total, attempts, time of creation, error.
    """
    with platform(common) as p:
        jobs = p.jobs.list(state=state, kind=kind, limit=limit)
    if common.json:
        out_json(jobs)
    elif not jobs:
        note("No jobs.")
    elif on_terminal():
        _list_terminal(jobs)
    else:
        out("\n".join("\t".join(_columns(job)) for job in jobs))


def _list_terminal(jobs: list[Job]) -> None:
    rows = (
        [
            styled(shown, "cyan"),
            when(job.created_at.astimezone(UTC)),
            job.kind,
            job.subject,
            share(job),
            _state(job),
        ]
        for shown, job in zip(short_ids([job.id for job in jobs]), jobs, strict=True)
    )
    table(("id", "made", "kind", "about", "progress", ""), rows, wide="about")


def _state(job: Job) -> Text:
    if short := shortcoming(job):
        return styled(short, "red")
    return styled(job.state, _STYLES.get(job.state, ""))


def _columns(job: Job) -> tuple[str, ...]:
    return (
        job.id,
        job.state,
        job.kind,
        job.subject,
        str(job.progress.done),
        str(job.progress.total),
        str(job.attempts),
        job.created_at.isoformat(timespec="milliseconds"),
        " ".join(job.error.split()),
    )


def show(job_id: JobId, /, *, common: Common = NONE) -> None:
    """Show a job: its input, how far it is, how it ended and what came out."""
    with platform(common) as p:
        job = p.jobs.get(job_id)
    out_json(job) if common.json else _show(job)


def _show(job: Job, best: str = "") -> None:
    facts = [(name, value) for name, value in (*_facts(job), ("best so far", best)) if value]
    if not on_terminal():
        out("\n".join(f"{name}: {' '.join(value.split())}" for name, value in facts))
        return
    from rich.table import Table

    grid = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    for name, value in facts:
        style = {"error": "red", "state": _STYLES.get(job.state, "")}.get(name, "")
        grid.add_row(name, styled(value, style))
    console().print(grid)


def _facts(job: Job) -> Iterable[tuple[str, str]]:
    yield from (("id", job.id), ("kind", job.kind), ("about", job.subject), ("state", job.state))
    yield "error", job.error
    yield "progress", said(job)
    yield "input", wanted(job)
    yield from outcome(job)
    yield "priority", str(job.priority or "")
    yield "attempts", str(job.attempts)
    yield "who", job.who
    # What tells processes of one number apart is for programs.
    yield "process", job.worker.rpartition(":")[0] if job.state == "running" else ""
    for name, at in (
        ("made", job.created_at),
        ("begun", job.started_at),
        ("heard of", job.heard_at if job.state == "running" else None),
        ("ended", job.ended_at),
    ):
        yield name, f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at else ""


def watch(job_id: JobId, /, *, common: Common = NONE) -> int:
    """Follow a job until it ends; exits with 0 when it is done, else with 1.

    With 1 too where an evaluation has no answer or misses its bounds, and where an optimisation
    measured nothing, or one of several failed; a terminal shows how the best score went. In a
    pipe: a line for each change, with state, done, total and message; JSON lines with --json.
    """
    with platform(common) as p:
        return follow(p.jobs.watch(job_id), as_json=common.json)


def follow(jobs: Iterator[Job], *, as_json: bool) -> int:
    """Shows a job until it ends; the exit code."""
    job, best = None, BestSoFar()
    with progress_bar() as bar:
        for job in jobs:
            best.see(job)
            if as_json:
                _json_line(job)
            elif not on_terminal():
                out(f"{job.state}\t{job.progress.done}\t{job.progress.total}\t{message(job)}")
            sys.stdout.flush()
            if bar is not None:
                bar(_moving(job), job.progress.done, job.progress.total)
    assert job is not None
    if on_terminal() and not as_json:
        _show(job, best.line())
    if job.state == "failed":
        warn(f"job {job.id} failed: {job.error}")
    return 0 if job.state == "done" and not shortcoming(job) else 1


def _moving(job: Job) -> str:
    if job.state == "queued":
        return f"queued: {job.error}" if job.error else "queued; burnish worker runs it"
    return beside_bar(job) or job.kind


def _json_line(job: Job) -> None:
    import msgspec

    out(msgspec.json.encode(job).decode())


def cancel(job_id: JobId, /, *, common: Common = NONE) -> None:
    """End a job, running or not. What it wrote stays, and jobs resume goes on from there."""
    with platform(common) as p:
        job = p.jobs.cancel(job_id)
    out_json(job) if common.json else out(f"{job.id} {job.state}")


def resume(
    job_id: JobId,
    /,
    *,
    background: Annotated[bool, Parameter(negative="", help="Leave it to burnish worker.")] = False,
    common: Common = NONE,
) -> int:
    """Go on with a job that failed, was cancelled or lost its process, and follow it here."""
    with platform(common) as p:
        job = p.jobs.resume(job_id, here=not background)
        if not background:
            return follow(p.jobs.watch(job.id), as_json=common.json)
    out_json(job) if common.json else out(f"{job.id} {job.state}")
    return 0


def forget(
    *,
    older_than: Annotated[str, Parameter(help="Jobs that ended so long ago: 30d, 12h.")],
    yes: Annotated[bool, Parameter(name=["--yes", "-y"], negative="", help="Do not ask.")] = False,
    common: Common = NONE,
) -> int:
    """Delete jobs that ended long ago, with their results. What they made stays."""
    before = moment(older_than)
    if before is None or before > datetime.now(UTC):
        raise UsageError(f"{older_than!r} is no time that has passed", hint="give one such as 30d")
    question = f"Delete the jobs that ended before {before:%Y-%m-%d %H:%M} UTC?"
    if not yes and not confirmed(question, "jobs are deleted for good", may_ask=common.input):
        note("Nothing was deleted.")
        return 1
    with platform(common) as p:
        gone = p.jobs.forget(before)
    out_json({"forgotten": gone}) if common.json else out(f"{counted(gone, 'job')} forgotten")
    return 0
