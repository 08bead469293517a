"""Jobs whose process is gone are begun again by whoever finds them."""

from __future__ import annotations

from datetime import UTC, datetime

from burnish.jobs.process import host, is_gone
from burnish.storage.jobs import Jobs


async def reap(jobs: Jobs, retries: int) -> int:
    """Queues jobs again whose leases ended, or whose processes on this machine did. One that lost
    its process more than `retries` times has failed: it may be what ends them."""
    now = datetime.now(UTC)
    found = {job.id: job for job in await jobs.lost(now)}
    found |= {job.id: job for job in await jobs.held(host()) if is_gone(job.worker)}
    done = 0
    for job in found.values():
        fails = job.failures >= retries
        said = "the process that ran it ended before the job did"
        if fails:
            said = f"{said}, {job.failures + 1} times; see what ends it, then resume the job"
        done += await jobs.reap(job, now, said, fails=fails)
    return done
