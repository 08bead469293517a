"""How wide the columns of a table are where they have less room than they need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

GAP = 3
# Below these a column tells nothing: the one that wraps, and any other.
_WIDE, _OTHER = 16, 6


def widths(natural: Sequence[int], room: int, *wide: int) -> list[int]:
    """Of columns as wide as `natural` in `room` signs, gaps included. Those at `wide` give way
    first, the broadest before the rest, then the broadest of the others; the first column last, so
    that it never goes."""
    found = list(natural)
    excess = sum(found) + GAP * (len(found) - 1) - room
    others = [at for at in range(len(found)) if at not in (0, *wide)]
    for group, least in ((wide, _WIDE), (others, _OTHER), ((0, *wide), _OTHER), (others, 1)):
        excess = _taken(found, excess, group, least)
    return found


def _taken(found: list[int], excess: int, group: Iterable[int], least: int) -> int:
    """Takes from the broadest of the group while it is above `least`; tells what is still too
    much."""
    group = list(group)
    while excess > 0 and group:
        broadest = max(group, key=lambda at: found[at])
        if found[broadest] <= least:
            break
        found[broadest] -= 1
        excess -= 1
    return excess
