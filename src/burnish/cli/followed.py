"""A job that this command does: how far it is, and what who interrupts it is told."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING

from burnish.cli.common import progress_bar, warn
from burnish.cli.job_words import beside_bar

if TYPE_CHECKING:
    import burnish
    from burnish.storage.job import Job


@contextmanager
def followed(
    p: burnish.Platform,
    go_on: str | Callable[[], str],
    *,
    first: str = "",
    calls: Callable[[], int | None] = lambda: None,
    ended: Callable[[], bool] = lambda: False,
) -> Generator[Callable[[Job], None]]:
    """`go_on` is the command that goes on with it, or tells it: an empty one where nothing is begun
    yet. `first` names what is done before the job. `calls` are those that it may make, where the
    bar is to count these, as its plan does. Whoever interrupts what has `ended` by then, its
    result stored, stops nothing: what follows the block is to show it."""
    job_id = ""
    try:
        # What a scorer of the user's prints must not stand in the report.
        with redirect_stdout(sys.stderr), progress_bar() as tell:

            def told(job: Job) -> None:
                nonlocal job_id
                job_id = job.id
                if tell is not None and job.progress.total:  # else it has not begun
                    tell(beside_bar(job), *_counted(job, calls()))

            if first and tell is not None:
                tell(first, 0, 1)
            yield told
    except KeyboardInterrupt:
        if job_id and not ended():
            p.jobs.cancel(job_id)  # a worker would go on with what somebody has stopped
        if job_id and ended():
            warn("it had ended already; this is what it came to")
            return
        again = go_on if isinstance(go_on, str) else go_on()
        warn(f"stopped; go on with {again}" if again else "stopped before the job began")
        raise


def _counted(job: Job, calls: int | None) -> tuple[int, int]:
    """How much is done, and of how much."""
    done = job.progress.facts.get("calls")
    if calls is None or done is None:
        return job.progress.done, job.progress.total
    return int(done), calls
