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
_MOST_KEY = hashlib.blake2b.MAX_KEY_SIZE


@dataclass(frozen=True)
class Share:
    """`weight` is relative to those of the other variants; 0 gets nobody."""

    name: str
    weight: float


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
        self._salt = salt.encode("utf-8", "surrogatepass")
        self._drawing = [
            (
                _number(b"variant:" + share.name.encode("utf-8", "surrogatepass")),
                1 / share.weight,
                share.name,
            )
            for share in shares
            if share.weight
        ]

    def variant(self, unit: str) -> str:
        own = _number(unit.encode("utf-8", "surrogatepass"), self._salt)
        best, chosen = -math.inf, ""
        for key, scale, name in self._drawing:
            # Exponential waits: the shortest wins as often as its weight is of all.
            drawn = math.log(_uniform(own ^ key)) * scale
            if drawn > best:
                best, chosen = drawn, name
        return chosen


def within(salt: str, unit: str, share: float) -> bool:
    """Whether the unit is among the first `share` (0 to 1): who is in at one share is in at every
    greater one."""
    return place(salt, unit) <= share


def place(salt: str, unit: str) -> float:
    """Above 0, at most 1: the unit's own number under that salt."""
    return _uniform(_number(unit.encode("utf-8", "surrogatepass"), salt.encode()))


def _number(content: bytes, salt: bytes = b"") -> int:
    # Each salt is a hash of its own, not a beginning of the text: "a" + "bc" is not "ab" + "c".
    key = salt if len(salt) <= _MOST_KEY else hashlib.blake2b(salt).digest()
    digest = hashlib.blake2b(content, digest_size=8, key=key).digest()
    return int.from_bytes(digest, "little")


def _uniform(number: int) -> float:
    """Above 0, at most 1."""
    number = (number + _GOLDEN) & _MASK
    number = ((number ^ (number >> 30)) * _FIRST) & _MASK
    number = ((number ^ (number >> 27)) * _SECOND) & _MASK
    return (((number ^ (number >> 31)) >> 11) + 1) * _SCALE
