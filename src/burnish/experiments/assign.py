"""Which variant a unit sees: the same one each time, wherever it asks, without a look at a store.

Weighted rendezvous hashing (Schindelhauer and Schomaker 2005): each variant draws a number for the
unit, and the highest wins. A new variant takes its share evenly from the others, and moves nobody
between them.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

from burnish.errors import UsageError

_MASK = (1 << 64) - 1
# Steps of the splitmix64 generator (Steele, Lea and Flood 2014), which mixes 64 bits well.
_GOLDEN, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_SCALE = 2.0**-53


@dataclass(frozen=True)
class Share:
    """`weight` is relative to those of the other variants; 0 gets nobody."""

    name: str
    weight: float


class Place:
    """Each unit's own number under one salt, evenly spread. Each salt makes a hash of its own, not
    a beginning of the text: "a" + "bc" is not "ab" + "c"."""

    def __init__(self, salt: str) -> None:
        own = hashlib.blake2b(_bytes(salt), digest_size=hashlib.blake2b.SALT_SIZE).digest()
        self._fresh = hashlib.blake2b(digest_size=8, salt=own).copy

    def __call__(self, unit: str) -> float:
        """Above 0, at most 1."""
        return ((self.number(unit) >> 11) + 1) * _SCALE

    def number(self, unit: str) -> int:
        """Of 64 bits."""
        hashed = self._fresh()
        hashed.update(_bytes(unit))
        return int.from_bytes(hashed.digest(), "little")


class Assigner:
    """`salt` is the experiment's own, so that two experiments share their units out apart from
    each other. Raises UsageError for weights that share nothing out."""

    def __init__(self, salt: str, shares: Sequence[Share]) -> None:
        if any(not (0 <= share.weight < math.inf) for share in shares):
            raise UsageError("a weight is below 0", hint="give numbers from 0 on")
        if not any(share.weight for share in shares):
            raise UsageError("no variant has a weight", hint="give one above 0")
        if len({share.name for share in shares}) < len(shares):
            raise UsageError("two variants have one name", hint="name them apart")
        self._number = Place(salt).number
        variants = Place("")
        self._drawing = [
            (variants.number(f"variant:{share.name}"), 1 / share.weight, share.name)
            for share in shares
            if share.weight
        ]

    def variant(self, unit: str) -> str:
        own = self._number(unit)
        best, chosen = -math.inf, ""
        for key, scale, name in self._drawing:
            # Not in a function of its own, which would take as long again.
            number = ((own ^ key) + _GOLDEN) & _MASK
            number = ((number ^ (number >> 30)) * _FIRST) & _MASK
            number = ((number ^ (number >> 27)) * _SECOND) & _MASK
            uniform = (((number ^ (number >> 31)) >> 11) + 1) * _SCALE
            # Exponential waits: the shortest wins as often as its weight is of all.
            drawn = math.log(uniform) * scale
            if drawn > best:
                best, chosen = drawn, name
        return chosen


def within(salt: str, unit: str, share: float) -> bool:
    """Whether the unit is among the first `share` (0 to 1): who is in at one share is in at every
    greater one."""
    return Place(salt)(unit) <= share


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
