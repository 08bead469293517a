"""The port to what is counted for monitoring: sums that only grow, of all processes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

# The name of a sum, and its labels as sorted pairs.
Counted = tuple[str, tuple[tuple[str, str], ...]]


class Counters(Protocol):
    async def add(self, amounts: Mapping[Counted, float]) -> None:
        """Adds to what is there, atomically."""
        ...

    async def all(self) -> dict[Counted, float]:
        """In the order of names and labels."""
        ...
