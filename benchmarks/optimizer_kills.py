"""Optimisations that are killed: what a kill -9 at any moment changes, and what is paid twice.

    python benchmarks/optimizer_kills.py

Takes about twelve minutes. Real processes of `burnish optimize` are killed by SIGKILL, 20 times for
each way to search, at moments that are drawn between the second call and the comparison in the end;
each is resumed, killed again, and resumed until it ends. A server of OpenAI's form answers the
examples and writes the candidates, and keeps an account of all that it answered. The search must
come to what the same search comes to that nobody kills: candidates, scores, the best one, the
report (without times, and what follows from them). An answer is paid twice where it had left the
server, and was not written down when the kill came: how long before it left is told.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from _report import report

sys.path.append(str(Path(__file__).parents[1]))
from tests.chaos.killing import FAMILIES, Ground, Lost
from tests.scenario.running import serving

SEARCHES, KILLS, SEED = 5, 4, 1
WINDOW_S = 0.25


def family_of(ground: Ground, family: str) -> dict[str, Any]:
    whole = ground.search(family, SEED)
    kills, same, answered, lost = 0, 0, 0, list[Lost]()
    for draw in range(SEARCHES):
        broken = ground.search(family, SEED, KILLS, draw)
        kills += len(broken.kills)
        same += broken.report == whole.report and broken.candidates == whole.candidates
        answered += len(broken.answered)
        lost += broken.lost(whole)
    written = sum(each.model == "writer" for each in lost)
    worst = max((each.age_s for each in lost), default=0.0)
    return {
        "what": f"{family}: killed and resumed",
        "kills": kills,
        "searches": SEARCHES,
        "same_result": same,
        "calls": answered,
        "answers_twice": len(lost) - written,
        "proposals_twice": written,
        "longest_before_the_kill_ms": round(worst * 1e3),
        "target": f"the same in all; nothing twice that came {WINDOW_S * 1e3:.0f} ms before",
        "met": same == SEARCHES and worst <= WINDOW_S,
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "served.jsonl"
        with serving(latency_s=0.01, log=str(log)) as server:
            ground = Ground(Path(folder), server.url, log)
            rows = [family_of(ground, family) for family in FAMILIES]
    total = {"what": "all", "kills": sum(row["kills"] for row in rows)}
    report("optimizer_kills", [*rows, total])


if __name__ == "__main__":
    main()
