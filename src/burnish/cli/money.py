"""What something cost, as people read it."""

from __future__ import annotations


def usd(cost: float | None) -> str:
    if cost is None:
        return "unknown"
    return f"{cost:.6f}".rstrip("0").rstrip(".") if cost else "0"


def cost_of(cost: float | None, unpriced: int = 0) -> str:
    """The same in a sentence: at least so much where some of it is `unpriced`, beside which a sum
    of nothing says nothing; where no price can be known, how to get them."""
    from burnish.models.told import cost_told

    if told := cost_told(cost, unpriced, usd):
        return told
    from burnish.models.prices import prices_available

    return "cost unknown" if prices_available() else "cost unknown (pip install 'burnish[prices]')"


def about_cost(cost: float | None, unpriced: int = 0) -> str:
    """Of an estimate; what is at least so much is about nothing."""
    told = cost_of(cost, unpriced)
    return f"about {told}" if cost and not unpriced else told
