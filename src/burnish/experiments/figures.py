"""Figures of experiments as people read them, the same in verdicts and in every output."""

from __future__ import annotations

import math
from collections.abc import Iterable

# Beyond these a number has so many noughts that nobody counts them.
_SMALL, _LARGE = 1e-6, 1e12
_MOST_DECIMALS = 12


def figure(value: float, *, sign: bool = False) -> str:
    """Three digits that count, thousands set apart: `0.0214`, `1,530`, `+0.3`."""
    plus = "+" if sign else ""
    if not math.isfinite(value) or not _SMALL <= abs(value) < _LARGE:
        return f"{value:{plus}.3g}" if value else "0"
    text = f"{value:{plus},.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def interval_of(low: float, high: float) -> str:
    return f"[{figure(low)}, {figure(high)}]"


def percent(share: float, *, sign: bool = False) -> str:
    """`12 %`, `0.4 %`, `99.6 %`: with a decimal where it is next to nothing or to all, and never
    all or nothing where it is only nearly so."""
    parts = 100 * share
    if 0 < share < 1 and not sign:
        if parts >= 99.95:
            return "> 99.9 %"
        if parts < 0.05:
            return "< 0.1 %"
    fine = abs(parts) < 9.95 or 99 < parts < 100
    text = f"{parts:{'+' if sign and parts else ''}.{int(fine)}f}"
    return f"{text.removesuffix('.0')} %"


def decimals_for(widths: Iterable[float]) -> int | None:
    """So many that the narrowest of these intervals is told to two digits of its half; None where
    none has a width."""
    least = min((each for each in widths if 0 < each < math.inf), default=0.0)
    if not least:
        return None
    return min(max(0, 1 - math.floor(math.log10(least / 2))), _MOST_DECIMALS)


def to_decimals(value: float, decimals: int | None, *, sign: bool = False) -> str:
    """With so many decimals, as a column wants them; what rounds to zero has no sign."""
    if decimals is None:
        return figure(value, sign=sign)
    return f"{value:{'+' if sign and round(value, decimals) else 'z'},.{decimals}f}"
