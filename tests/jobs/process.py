"""A process that runs jobs as others do, run by the tests beside it.

process.py work DATABASE FOLDER       runs what is queued until it is ended
process.py once DATABASE FOLDER       runs what is queued, when FOLDER/go is there
process.py resume DATABASE FOLDER ID  takes up that job and waits for it
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import sys
from pathlib import Path
from typing import Any

from burnish.jobs.inline import InlineRunner
from burnish.jobs.job import JobContext
from burnish.jobs.rules import Rules
from burnish.storage.ids import Ids
from burnish.storage.sqlite import open_sqlite

RULES = Rules(lease_s=6.0, look_s=0.1, tell_s=0.05, retries=3)


def note(folder: Path, line: str) -> None:
    with (folder / "notes").open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
        file.flush()
        os.fsync(file.fileno())


async def append(context: JobContext, folder: Path) -> Any:
    """Writes the lines of a file, goes on where the file ends, and notes whether another process
    does so at the same time."""
    total = context.job.input["lines"]
    path = folder / context.job.input["file"]
    with path.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            note(folder, f"overlap {context.job.id}")
        note(folder, f"begin {context.job.id} {context.job.attempts} {os.getpid()}")
        begin = path.read_bytes().count(b"\n")
        try:
            for number in range(begin, total):
                file.write(f"{number}\n".encode())
                file.flush()
                os.fsync(file.fileno())
                await context.progress(number + 1, total)
                await asyncio.sleep(context.job.input.get("pause_s", 0))
        except asyncio.CancelledError:
            note(folder, f"stopped {context.job.id} {context.job.attempts}")
            raise
    return {"lines": total, "began_at": begin}


async def main(how: str, database: Path, folder: Path, job_id: str = "") -> None:
    store = await open_sqlite(database)

    async def opened() -> Any:
        return store

    runner = InlineRunner(
        opened,
        {"append": lambda context: append(context, folder)},
        new_id=Ids(),
        who=lambda: "child",
        warn=lambda what, why: note(folder, f"warning {what}: {why}"),
        rules=RULES,
    )
    note(folder, f"ready {os.getpid()}")
    if how == "resume":
        await runner.resume(job_id)
        await runner.wait(job_id)
    else:
        while how == "once" and not (folder / "go").exists():  # noqa: ASYNC110 - a file
            await asyncio.sleep(0.001)
        await runner.work(once=how == "once")
    await runner.close()
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), *sys.argv[4:]))
