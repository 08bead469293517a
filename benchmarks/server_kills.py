"""Servers that are killed under load: whether all that they acknowledged is there afterwards.

    python benchmarks/server_kills.py

Takes about two minutes. A real `burnish serve` with keys is killed by SIGKILL, with all its
processes, at moments that are drawn, while four clients write prompts, versions, runs and feedback;
it is started again on the same data folder, 20 times with one worker and 20 times with two. What a
client has read a 2xx for is looked for in the database after each kill; SQLite's check of its file
and the chain of the audit log have to hold.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from _report import report

sys.path.append(str(Path(__file__).parents[1]))
from tests.chaos.serving import killed

KILLS, LONGEST_WAIT_S = 20, 0.5


def of(workers: int) -> dict[str, Any]:
    chance, acknowledged, missing = random.Random(workers), Counter[str](), list[str]()
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(KILLS):
            wait_s = chance.random() * LONGEST_WAIT_S
            kept, lost = killed(Path(folder), workers, turn, wait_s)
            acknowledged.update(kept)
            missing += lost
    return {
        "what": f"killed while it is written to, workers: {workers}",
        "kills": KILLS,
        **acknowledged,
        "lost": len(missing),
        "target": "nothing that was acknowledged is lost; the file and the audit log are whole",
        "met": not missing,
    }


if __name__ == "__main__":
    report("server_kills", [of(1), of(2)])
