"""A process that records runs until it is killed, run by the test beside it.

recording.py PATH   says of each run its number and when it was recorded (seconds of the machine's
                    monotonic clock), and "flushed N" when all up to N were written for sure
"""

import asyncio
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from burnish.storage.recorder import Recorder
from burnish.storage.run import Run
from burnish.storage.sqlite import open_sqlite


async def record(path: Path) -> None:
    store = await open_sqlite(path)
    recorder = Recorder(store.runs.add, report=lambda why, _: sys.exit(why))
    now, n = datetime.now(UTC), 0
    while True:
        for _ in range(10):
            n += 1
            await recorder.room()
            recorder.record(
                Run(id=f"{n:08}", kind="k", model="m", output="x" * 1000, created_at=now)
            )
            print(n, time.monotonic(), flush=True)
        if n % 500 == 0:
            await recorder.flush()
            print("flushed", n, flush=True)
        await asyncio.sleep(0.001)


if __name__ == "__main__":
    asyncio.run(record(Path(sys.argv[1])))
