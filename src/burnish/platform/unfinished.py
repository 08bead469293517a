"""Which job goes on with what jobs of one kind do, one after another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from burnish.jobs.inline import InlineRunner
    from burnish.storage.job import Job


async def unfinished(
    jobs: InlineRunner,
    kind: str,
    subject_id: str,
    subject: str,
    *,
    before: int = 0,
    more: Callable[[Job | None], Mapping[str, Any]] = lambda _: {},
) -> Job:
    """The first of its jobs that is not done; with all of them done, a new one. Their input is the
    `id` and, in `goes`, how often somebody has gone on; `before` counts jobs that did it under
    another key. `more` says what else is in the input of the one after that job, or of the first.
    """
    goes, key = 1, subject_id
    last: Job | None = None
    while True:
        job = await jobs.submit(
            # Begun by `resume`: begun here, it could already run when that looks at it.
            kind,
            {"id": subject_id, "goes": goes + before, **more(last)},
            subject=subject,
            key=key,
            here=False,
        )
        if job.state != "done":
            return job
        last = job
        goes += 1
        key = f"{subject_id} {goes}"
