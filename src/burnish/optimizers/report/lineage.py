"""Candidates with the same figures as a report has of them."""

from __future__ import annotations

import msgspec

from burnish.optimizers.report.kept import Kept
from burnish.optimizers.room import ListedCandidate, ShownOptimization
from burnish.shapes import convert


def lineage(shown: ShownOptimization) -> tuple[ListedCandidate, ...]:
    """With `n` and `score` over the examples that told candidates apart, as in the report's tables;
    other examples that a few were asked about are left out. Of a search that has not ended, over
    all examples so far."""
    kept = convert(shown.optimization.report, Kept)
    if not kept.stood:
        return shown.candidates
    stood = {each.candidate: (each.n, each.score) for each in kept.stood}
    found: list[ListedCandidate] = []
    for each in shown.candidates:
        n, score = stood.get(each.id, (0, None))
        found.append(msgspec.structs.replace(each, n=n, score=score))
    return tuple(found)
