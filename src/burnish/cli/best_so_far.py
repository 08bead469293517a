"""How the best score of a search went, as a line of blocks."""

from __future__ import annotations

from burnish.cli.common import counted
from burnish.storage.job import Job

_BLOCKS = "▁▂▃▄▅▆▇█"
_WIDTH = 36


class BestSoFar:
    """What the progress of a job has told, each time that somebody looked."""

    def __init__(self) -> None:
        self._seen: list[tuple[int, float]] = []

    def see(self, job: Job) -> None:
        facts = job.progress.facts
        if job.kind == "optimization" and "best_score" in facts:
            self._seen.append((int(facts["calls"]), float(facts["best_score"])))

    def line(self) -> str:
        """Scores from 0 (lowest block) to 1, from the first call to the last; empty where too
        little was seen."""
        if len({calls for calls, _ in self._seen}) < 2:
            return ""
        last = self._seen[-1][0]
        width = min(_WIDTH, last)
        blocks = "".join(_block(self._at(last * (n + 1) / width)) for n in range(width))
        first, now = self._seen[0][1], self._seen[-1][1]
        return f"{blocks}  {first:.2f} → {now:.2f} in {counted(last, 'call')}"

    def _at(self, calls: float) -> float:
        known = [score for at, score in self._seen if at <= calls]
        return known[-1] if known else self._seen[0][1]


def _block(score: float) -> str:
    return _BLOCKS[min(len(_BLOCKS) - 1, int(max(0.0, score) * len(_BLOCKS)))]
