"""A bound on money and calls that is checked before each call."""

from __future__ import annotations

from burnish.errors import BudgetExceeded, UsageError
from burnish.models.prices import prices_available


class Budget:
    """Shared by all calls of one command or job. None or 0: no bound.

    What calls under way may cost is set aside, so that calls at once cannot pass the bound
    together.
    """

    def __init__(self, max_cost_usd: float | None = None, max_calls: int | None = None) -> None:
        if (max_cost_usd or 0) < 0 or (max_calls or 0) < 0:
            raise UsageError("a budget is below 0", hint="give a positive bound, or none")
        self._max_cost = max_cost_usd or None
        self._max_calls = max_calls or None
        self.spent_usd = 0.0
        self.calls = 0
        self._aside = 0.0

    @property
    def bounds_cost(self) -> bool:
        return self._max_cost is not None

    @property
    def is_bounded(self) -> bool:
        return self._max_cost is not None or self._max_calls is not None

    @property
    def left_usd(self) -> float | None:
        """What may still be spent; None without a bound."""
        return None if self._max_cost is None else max(0.0, self._max_cost - self.spent_usd)

    def reserve(self, model: str, cost_usd: float | None) -> float:
        """Sets aside what the next call may cost. Raises BudgetExceeded instead of passing a
        bound, also where the price is unknown: a bound on money would not hold."""
        if self._max_calls is not None and self.calls >= self._max_calls:
            raise BudgetExceeded(
                f"the next call would be number {self.calls + 1}; {self._max_calls} are allowed",
                hint="raise the bound on calls, or ask for less",
                subject=model,
            )
        if self._max_cost is not None:
            if cost_usd is None:
                raise BudgetExceeded(
                    f"the price of {model} is unknown, so {_usd(self._max_cost)} cannot be kept to",
                    hint="take a model with a known price, or leave the bound on money out"
                    if prices_available()
                    else "for the table of prices run: pip install 'burnish[prices]'",
                    subject=model,
                )
            total = self.spent_usd + self._aside + cost_usd
            if total > self._max_cost:
                raise BudgetExceeded(
                    f"the next call to {model} could bring the cost to {_usd(total)}; "
                    f"{_usd(self._max_cost)} are allowed",
                    hint="raise --max-cost, take a cheaper model, or allow shorter answers "
                    "with --max-tokens (of a generation also the settings phases.*.max_tokens)",
                    subject=model,
                )
        self.calls += 1
        self._aside += cost_usd or 0.0
        return cost_usd or 0.0

    def settle(self, reserved: float, cost_usd: float | None) -> None:
        self._aside -= reserved
        # A failed call reports no cost; a provider may still bill what it read.
        self.spent_usd += cost_usd or 0.0


def _usd(amount: float) -> str:
    return f"{amount:.6f}".rstrip("0").rstrip(".") + " USD" if amount >= 1e-6 else "0.000001 USD"
