"""What a search may use, and what it has used. Nothing is asked that does not fit."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from burnish.errors import UsageError

_INFINITE = 1 << 60


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds; None is none. `calls` are calls of models of any kind, `metric_calls` those that
    answer examples, `proposals` those that write candidates. `seconds` are of work, all attempts
    of a job together."""

    calls: int | None = None
    metric_calls: int | None = None
    proposals: int | None = None
    cost_usd: float | None = None
    seconds: float | None = None

    def checked(self) -> Budget:
        """Raises UsageError for bounds that leave nothing to do."""
        for name in self.__struct_fields__:
            value = getattr(self, name)
            least = 0 if name == "proposals" else 1 if isinstance(value, int) else 1e-9
            if value is not None and not value >= least:
                raise UsageError(
                    f"a budget of {value} {name.removesuffix('_usd')} allows nothing",
                    hint="give more, or leave the bound out",
                )
        return self


@dataclass
class Ledger:
    """`calls_each` is how many calls one answer takes: itself, and its judges, as long as these
    need not ask again; `answers_each` is how many answers one measurement takes. `reserved`
    measurements are kept back for what follows the search, which begins when it `is_settling`. A
    search that is `ended` for a reason gets nothing more. Judges may ask `again_each` questions
    more about an answer than is usual. `came` are answers of a measurement that is under way, with
    `came_calls`: they are not counted before all of it is there."""

    budget: Budget
    calls_each: int = 1
    answers_each: int = 1
    calls: int = 0
    metric_calls: int = 0
    proposals: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0
    reserved: int = 0
    ended: str = ""
    is_settling: bool = False
    halted: str = ""
    again_each: int = 0
    came: int = 0
    came_calls: int = 0

    @property
    def left(self) -> int:
        """How many more measurements the search may make."""
        if self.ended and not self.is_settling:
            return 0
        return max(0, self._affordable() - self.reserved)

    @property
    def measured_so_far(self) -> int:
        """Measurements that were made."""
        return self.metric_calls // self.answers_each

    @property
    def proposals_left(self) -> int:
        if self.halted or (self.ended and not self.is_settling):
            return 0
        kept = self.reserved * self.calls_each * self.answers_each
        return max(
            0,
            min(
                _rest(self.budget.proposals, self.proposals),
                _rest(self.budget.calls, self.calls) - kept,
            ),
        )

    def _affordable(self) -> int:
        if self.halted:
            return 0
        calls = _rest(self.budget.calls, self.calls) // self.calls_each
        answers = min(_rest(self.budget.metric_calls, self.metric_calls), calls)
        return answers // self.answers_each

    def allow_again(self, answers: int) -> None:
        """Says how often judges may ask once more for each of so many answers, so that there is
        enough for what is kept back."""
        kept = (answers + self.reserved * self.answers_each) * self.calls_each
        spare = max(0, _rest(self.budget.calls, self.calls) - kept)
        self.again_each = spare // max(1, answers)

    def measured(self, calls: int, cost_usd: float, unpriced: int = 0) -> None:
        self.metric_calls += 1
        self.unpriced += unpriced
        self._paid(calls, cost_usd)

    def proposed(self, calls: int, cost_usd: float | None, unpriced: int = 0) -> None:
        self.proposals += calls
        self.unpriced += unpriced
        self._paid(calls, cost_usd)

    @property
    def known_usd(self) -> float | None:
        """What was paid as far as prices are known; None where none is."""
        return None if self.unpriced and not self.cost_usd else self.cost_usd

    def halt(self, why: str) -> None:
        """Nothing more is affordable, for a reason outside of the counts: money, time."""
        self.halted = self.halted or why

    def _paid(self, calls: int, cost_usd: float | None) -> None:
        self.calls += calls
        self.unpriced += cost_usd is None
        self.cost_usd += cost_usd or 0.0


def _rest(bound: int | None, used: int) -> int:
    return _INFINITE if bound is None else max(0, bound - used)
