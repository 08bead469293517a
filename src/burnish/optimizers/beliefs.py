"""What earlier searches tell of which ways to change a prompt pay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

# What was learnt one search earlier counts so much less, and all of it like so many tries at most:
# another prompt may need another way.
_FADED = 0.8
_MOST = 8.0
Counts = Mapping[str, Sequence[int]]
"""By arm, how often it was tried, and how often the result was better."""


def beliefs_from(searches: Iterable[Counts]) -> dict[str, tuple[float, float]]:
    """The parameters of a Beta distribution for each arm that was tried, from searches that have
    ended, the newest first."""
    sums: dict[str, tuple[float, float]] = {}
    weight = 1.0
    for counts in searches:
        for arm, (tried, paid) in counts.items():
            good, bad = sums.get(arm, (0.0, 0.0))
            sums[arm] = (good + weight * paid, bad + weight * (tried - paid))
        weight *= _FADED
    found: dict[str, tuple[float, float]] = {}
    for arm, (good, bad) in sorted(sums.items()):
        share = min(1.0, _MOST / max(good + bad, 1e-9))
        found[arm] = (1 + share * good, 1 + share * bad)
    return found
