"""What is said of all prompts for which a condition holds: asked for, planned, and come to."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from burnish.storage.optimization import Outcome

MEASURED: Final = ("improved", "kept")


class Where(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted. The `options` are those of `optimize` for each prompt; `max_cost_usd` bounds
    all of them together. `again` optimises also what was optimised already."""

    where: str
    data: Any = None
    options: dict[str, Any] = {}
    max_cost_usd: float | None = None
    again: bool = False


class WhereOptimized(msgspec.Struct, frozen=True, kw_only=True):
    """The optimisation of one of the prompts, and what came of it, as in `Optimization`. `cost_usd`
    is None where no price is known; it is at least so much where that of `unpriced` answers and
    proposals is not."""

    id: str
    prompt: str
    dataset: str
    model: str
    outcome: Outcome
    text: str
    best: str = ""
    cost_usd: float | None = None
    unpriced: int = 0

    @property
    def is_measured(self) -> bool:
        return self.outcome in MEASURED


class WhereLeft(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt (its pinned reference) that is not optimised, and why. `failed` is what somebody
    has to mend; else there is nothing to do. `optimization` is the earlier one that says so."""

    prompt: str
    why: str
    failed: bool = False
    optimization: str = ""


class WhereReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came of all prompts for which a condition held, the weakest first. `notes` hold for
    several of them."""

    where: str
    optimized: tuple[WhereOptimized, ...] = ()
    left: tuple[WhereLeft, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_measured(self) -> bool:
        """Whether nothing failed, and each could be measured."""
        return not any(e.failed for e in self.left) and all(e.is_measured for e in self.optimized)


class WherePlanned(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt that would be optimised: why it is weak, as in `WeakPrompt`, over what, and by whom
    it would be answered. There are `answers` at most and about `proposals`; `cost_usd` is an
    estimate of the answers and their judges, None where no price is known, and at least so much
    where that of the models in `unpriced` is not. `optimization` is the one that would be gone on
    with, which has had some of them."""

    prompt: str
    rating: float | None = None
    score: float | None = None
    dataset: str
    model: str
    answers: int
    proposals: int
    cost_usd: float | None
    unpriced: tuple[str, ...] = ()
    optimization: str = ""


class WherePlan(msgspec.Struct, frozen=True, kw_only=True):
    """What would be done with all prompts for which a condition holds, the weakest first.
    `cost_usd` is an estimate of all answers; None where no price is known, and at least so much
    where that of `unpriced` prompts is not known, or not whole."""

    where: str
    planned: tuple[WherePlanned, ...] = ()
    left: tuple[WhereLeft, ...] = ()
    cost_usd: float | None = 0.0
    unpriced: int = 0
    notes: tuple[str, ...] = ()
