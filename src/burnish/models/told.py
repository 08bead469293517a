"""What a sum of prices is told as where a part of it may not be known."""

from __future__ import annotations

from collections.abc import Callable


def cost_told(cost: float | None, unpriced: int, figure: Callable[[float], str]) -> str:
    """`at least 0.25 USD` where `unpriced` parts are not in it; empty where nothing is known of
    it: beside an unknown price a sum of nothing says nothing."""
    if cost is None or (unpriced and not cost):
        return ""
    return f"{'at least ' if unpriced else ''}{figure(cost)} USD"
