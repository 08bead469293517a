"""Optimisations that are killed: what a kill -9 at any moment changes, and what is paid twice.

    python benchmarks/optimizer_kills.py

Takes about 20 minutes. Real processes of `burnish optimize` are killed by SIGKILL, at least 20
times for each way to search, at moments that are drawn between the second call and the last, of the
comparison in the end and of what is written after it; each is resumed, killed again, and resumed
until it ends. Each search has a seed of its own. A server of OpenAI's form answers the
examples and writes the candidates, and keeps an account of all that it answered. The search must
come to what the same search comes to that nobody kills: candidates, scores, the best one, the
report (without times, and what follows from them). An answer is paid twice where it was not
written down when the kill came: most had not yet left the server, or were on their way; of the
others it is told how many they are, and how long before the kill the first of them left.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from _report import report

sys.path.append(str(Path(__file__).parents[1]))
from tests.chaos.killing import BUDGET, FAMILIES, Ground, Lost
from tests.scenario.running import serving

KILLS, AT_A_TIME = 20, 4
WINDOW_S, ON_ITS_WAY_S = 0.25, 0.01


def family_of(ground: Ground, family: str) -> dict[str, Any]:
    searches, kills, same, answered, lost = 0, 0, 0, 0, list[Lost]()
    while kills < KILLS:
        searches += 1
        whole = ground.search(family, searches)
        broken = ground.search(family, searches, AT_A_TIME, last=BUDGET)
        kills += len(broken.kills)
        same += broken.report == whole.report and broken.candidates == whole.candidates
        answered += len(broken.answered)
        lost += broken.lost(whole)
    worst = max((each.age_s for each in lost), default=0.0)
    return {
        "what": f"{family}: killed and resumed",
        "kills": kills,
        "searches": searches,
        "same_result": same,
        "calls": answered,
        "twice_on_their_way": sum(each.age_s <= ON_ITS_WAY_S for each in lost),
        "twice_not_yet_written": sum(each.age_s > ON_ITS_WAY_S for each in lost),
        "longest_before_the_kill_ms": round(worst * 1e3),
        "target": f"the same in all; nothing twice that came {WINDOW_S * 1e3:.0f} ms before",
        "met": same == searches and worst <= WINDOW_S,
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
