"""Two rankings made one: reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009), in
which a place may count for less than its rank is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

K: Final = 20.0
"""How little the first places weigh more than the next. The paper has 60; chosen by
cross-validation over queries, as are the weights of the rankings (`benchmarks/search.py`)."""
Ranking = Sequence[tuple[int, float]]
"""Items, best first, each with how much its place counts, 0 to 1."""


def fuse(
    rankings: Mapping[str, Ranking], weights: Mapping[str, float], k: float = K
) -> list[tuple[int, float]]:
    """Items with their fused score, best first: 1 for what every ranking has first, 0 for what
    none has. Equal ones come in the order of their ids."""
    scores: dict[int, float] = {}
    for name, ranking in rankings.items():
        for rank, (item, trust) in enumerate(ranking, start=1):
            scores[item] = scores.get(item, 0.0) + trust * weights[name] / (k + rank)
    best = sum(weights[name] for name in rankings) / (k + 1)
    order = sorted(scores, key=lambda item: (-scores[item], item))
    return [(item, scores[item] / best) for item in order]
