"""worker."""

from __future__ import annotations

import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

from cyclopts import Parameter

from burnish.cli.common import NONE, Common, note, on_terminal, out, platform, totals
from burnish.cli.job_words import shortcoming
from burnish.storage.job import ENDED, Job


def worker(
    *,
    kinds: Annotated[
        str, Parameter(show_default="all", help="Only jobs of these kinds: backup,batch.")
    ] = "",
    once: Annotated[bool, Parameter(negative="", help="End when nothing is left to do.")] = False,
    common: Common = NONE,
) -> int:
    """Run queued jobs and what schedules begin, and tell webhooks what happens, until it is ended.

    Any number of workers may run at once; each job is one worker's. Ctrl-C or SIGTERM puts what
    runs back, and another goes on with it. A line for each job that begins, ends or is put back:
    time, state, id, kind, subject, error; JSON lines with --json. With --once, exits with 1 where
    a job failed.
    """
    wanted = [part.strip() for part in kinds.split(",") if part.strip()]
    tell = _tell_json if common.json else _tell
    with platform(common) as p, _ended_by_signal():
        if not once:
            note(f"Waiting for jobs ({', '.join(wanted or p.jobs.kinds)}). Ctrl-C ends it.")
            p.webhooks.begin(p.settings.webhooks.every_s)
        worked = p.jobs.work(kinds=wanted, once=once, told=tell)
        if once:
            p.webhooks.deliver()
    counts = ((worked.done, "done"), (worked.failed, "failed"), (worked.left, "put back"))
    note(totals((*counts, (worked.cancelled, "cancelled"))) or "Nothing to do.")
    return 1 if worked.failed else 0


def _tell(job: Job) -> None:
    now = datetime.now(UTC)
    state = job.state if job.state in (*ENDED, "running") else "put back"
    about = " ".join(job.subject.split())
    if on_terminal():
        said = f"{now:%H:%M:%S} {state:9} {job.kind} {about}".rstrip()
        why = job.error or shortcoming(job)
        out(f"{said}: {why}" if why else said)
        return
    columns = (now.isoformat(timespec="seconds"), state, job.id, job.kind, about)
    out("\t".join((*columns, " ".join(job.error.split()))))
    sys.stdout.flush()


def _tell_json(job: Job) -> None:
    import msgspec

    out(msgspec.json.encode(job).decode())
    sys.stdout.flush()


@contextmanager
def _ended_by_signal() -> Generator[None]:
    """SIGTERM leaves as Ctrl-C does, so that what runs is put back; a second one ends at once."""

    def leave(_number: int, _frame: Any) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        sys.exit(0)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
