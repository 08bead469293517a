"""What something cost, as people read it."""

from __future__ import annotations


def usd(cost: float | None) -> str:
    if cost is None:
        return "unknown"
    return f"{cost:.6f}".rstrip("0").rstrip(".") if cost else "0"


def cost_of(cost: float | None, unpriced: int = 0) -> str:
    """The same in a sentence: at least so much where some of it is `unpriced`; where no price can
    be known, how to get them."""
    if cost is not None:
        return f"{'at least ' if unpriced else ''}{usd(cost)} USD"
    from burnish.models.prices import prices_available

    return "cost unknown" if prices_available() else "cost unknown (pip install 'burnish[prices]')"
