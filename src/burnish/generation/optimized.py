"""What came of the search for a better text of what was generated."""

from __future__ import annotations

from typing import Literal

import msgspec

Outcome = Literal["improved", "kept", "stopped", "not measured"]


class Optimized(msgspec.Struct, frozen=True, kw_only=True):
    """`id` is that of the optimisation, which `burnish optimizations show` tells all of.

    `before` is the mean score of the `original`, `after` that of the best other text: by the same
    scorers, over the same `n` examples, which nothing was chosen by; `low` and `high` are the ends
    of the 95 % interval of the `difference`. Where no other text looked better, there is nothing to
    compare: `before` is over the `n` examples that the original answered. `improved` says
    that the other text is surely better, and is the version `best`; else the original stays, `best`
    is empty, and `text` says why. `calls` are those of the search and `cost_usd` that of all,
    those that wrote the original among them: None where no price is known, and at least so much
    where that of `unpriced` calls is not."""

    id: str
    outcome: Outcome
    text: str
    original: str
    best: str = ""
    before: float | None = None
    after: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    algorithm: str = ""
    goal: str = ""
    model: str = ""
    writer: str = ""
    dataset: str = ""
    scorers: tuple[str, ...] = ()
    calls: int = 0
    cost_usd: float | None = 0.0
    unpriced: int = 0
    notes: tuple[str, ...] = ()
