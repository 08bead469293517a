"""What `generate` measures other prompts with, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec

# The best of more would look better by luck alone, and each costs as much as the original.
MOST_CANDIDATES = 20
Outcome = Literal["improved", "kept", "stopped", "not measured"]


class Optimize(msgspec.Struct, frozen=True, kw_only=True):
    """How `generate(..., optimize=)` looks for a prompt that answers better.

    `data`, `models`, `scorers`, `limit` and `dataset` are those of `evaluate`; without models, the
    one that writes answers too. `candidates` (1 to 20) is how many other prompts are tried at
    most. `progress` hears what is done, how much of it, and how much there is."""

    data: Any
    models: str | Sequence[str] = ()
    scorers: Sequence[Any] = ()
    candidates: int = 4
    limit: int | None = None
    dataset: str = ""
    files: bool = False
    progress: Callable[[str, int, int], None] | None = None


class Scored(msgspec.Struct, frozen=True, kw_only=True):
    """The mean score of `n` answers of a model, with its interval; None where there is none."""

    model: str
    n: int
    mean: float | None
    low: float | None
    high: float | None


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt and how it scored where the best one was chosen. `made_by` is the model that wrote
    it, or `offline`; `techniques` are those that were chosen for it."""

    reference: str
    made_by: str
    techniques: tuple[str, ...]
    scores: tuple[Scored, ...] = ()


class Optimized(msgspec.Struct, frozen=True, kw_only=True):
    """`before` is how the original scores, `after` how `best` does, the candidate that scored best:
    the same examples, models and scorers. `improved` says that `after` is surely better, and that
    it is the prompt now; else the original stays, and `text` says why. `tried` begins with the
    original.

    With `held_out`, the best one was chosen on `chosen_on` examples, and before and after are
    measured on `examples` others; without, both on the same. `cost_usd` is that of all calls,
    those that wrote among them; None where a price is unknown."""

    outcome: Outcome
    text: str
    original: str
    best: str = ""
    before: tuple[Scored, ...] = ()
    after: tuple[Scored, ...] = ()
    comparisons: tuple[str, ...] = ()
    tried: tuple[Tried, ...] = ()
    held_out: bool = False
    chosen_on: int = 0
    examples: int = 0
    dataset: str = ""
    scorers: tuple[str, ...] = ()
    evaluations: tuple[str, ...] = ()
    cost_usd: float | None = 0.0
    notes: tuple[str, ...] = ()
