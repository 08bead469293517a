"""What a call costs, from the dated table that genai-prices brings (extra `prices`). Unknown is
None, never 0."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from importlib.util import find_spec
from typing import Any, cast

import msgspec

from burnish.models.model import Usage

# How the table names our providers where the names differ.
_TABLE_NAMES = {"gemini": "google", "xai": "x-ai"}
# Some prices depend on the time of day.
_KEPT_S = 60.0
_TABLE = "genai_prices"


def prices_available() -> bool:
    """Whether the extra `prices` is installed. Loads nothing."""
    return find_spec(_TABLE) is not None


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """US dollars for a million tokens."""

    input: float
    output: float
    cached: float


class Prices:
    """Looks a model up once a minute; after that a price is three multiplications."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[str, tuple[float, Any]] = {}

    def cost_usd(self, provider: str, model: str, usage: Usage) -> float | None:
        """None where the model has no known price or the usage is not known."""
        if usage.input_tokens is None or usage.output_tokens is None:
            return None
        price = self._price(provider, model)
        if price is None:
            return None
        if isinstance(price, Rates):
            fresh = usage.input_tokens - usage.cached_tokens
            cents = fresh * price.input + usage.cached_tokens * price.cached
            return (cents + usage.output_tokens * price.output) / 1_000_000
        return _of_table(price, usage)

    def rates(self, provider: str, model: str) -> Rates | None:
        """The plain rates; None where there is no price, or one that depends on the length."""
        price = self._price(provider, model)
        return price if isinstance(price, Rates) else None

    def _price(self, provider: str, model: str) -> Any:
        key = f"{provider}:{model}"
        until, price = self._known.get(key, (0.0, None))
        if until <= self._clock():
            price = _look_up(_TABLE_NAMES.get(provider, provider), model)
            self._known[key] = (self._clock() + _KEPT_S, price)
        return price


def _look_up(provider: str, model: str) -> Any:
    """Rates, the table's own price where it has tiers, or None."""
    if not prices_available():
        return None
    from genai_prices import Usage as Tokens
    from genai_prices import calc_price

    try:
        found = calc_price(
            Tokens(input_tokens=1, output_tokens=1), model_ref=model, provider_id=provider
        ).model_price
    except LookupError:
        return None
    flat = [found.input_mtok, found.output_mtok, found.cache_read_mtok]
    if found.input_mtok is None or not all(p is None or isinstance(p, Decimal) for p in flat):
        return found
    fresh, out, cached = (None if p is None else float(cast("Decimal", p)) for p in flat)
    assert fresh is not None
    return Rates(input=fresh, output=out or 0.0, cached=fresh if cached is None else cached)


def _of_table(price: Any, usage: Usage) -> float:
    from genai_prices import Usage as Tokens

    tokens = Tokens(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_read_tokens=usage.cached_tokens or None,
    )
    return float(price.calc_price(tokens)["total_price"])
