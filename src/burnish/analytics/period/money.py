"""Sums of money as a report tells them."""

from __future__ import annotations

from burnish.evals.report.words import dollars


def money(cost: float | None, unknown: int = 0) -> str:
    """With a plus where the price of some is unknown."""
    text = f"{cost:,.2f}" if cost is not None and cost >= 1 else dollars(cost)
    return f"{text}+" if unknown and cost is not None else text
