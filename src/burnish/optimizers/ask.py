"""What a search asks for, and what it is told: nothing else has an effect outside of it."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import msgspec

Part = Literal["train", "validation", "test"]
# Why nothing came of a Propose, by no fault of what was written.
NO_CHANGE = "gives nothing new"
NO_WRITER = "no model writes candidates"
# How the reason begins for which a search ends by its target.
TARGET = "the target"
# How examples are shown: in one text, or each as a question and its answer.
DEMONSTRATE = "demonstrate"
BLOCK, TURNS = "block", "turns"


class Pair(NamedTuple):
    """A candidate by its id, an example by its number, and which of its repeats (from 0)."""

    candidate: str
    example: int
    repeat: int = 0


class Measure(msgspec.Struct, frozen=True):
    """The scores of pairs. Those that are known cost nothing; of what the budget no longer affords,
    the last ones stay without."""

    pairs: tuple[Pair, ...]


class Propose(msgspec.Struct, frozen=True, kw_only=True):
    """Up to `count` new candidates by an operator, from `parents` (ids). `examples` are those that
    it is shown, with what the first parent answered to them. Operators that draw do it anew for
    each `draw` among the options."""

    operator: str
    parents: tuple[str, ...]
    examples: tuple[int, ...] = ()
    count: int = 1
    options: dict[str, Any] = {}


Ask = Measure | Propose


class Measured(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """`value` is the score from 0 to 1, None where the call or the metric failed (`error`).
    `cost_usd` is what such an answer costs. `calls` are the answer and what judges asked, and
    `paid_usd` what was paid for them as far as prices are known, `unpriced` is 1 where one is not;
    `cost_usd` is None then. `output` is the
    answer and `notes` what scorers said of it; `run_id` is the record of the call."""

    value: float | None
    cost_usd: float | None = 0.0
    latency_ms: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    calls: int = 1
    error: str = ""
    output: str = ""
    notes: str = ""
    run_id: str = ""
    paid_usd: float = 0.0
    unpriced: int = 0

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens


class Drafts(msgspec.Struct, frozen=True, kw_only=True):
    """Ids of the candidates, new or known, and why others were turned down."""

    made: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
