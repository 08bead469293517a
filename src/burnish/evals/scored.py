"""What scorers are asked."""

from __future__ import annotations

from typing import Protocol

import msgspec

from burnish.prompts.prompt import Message
from burnish.storage.example import Example, ScorerSpec
from burnish.storage.result import Score


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """An answer with all that scorers may look at. `cost_usd` is None where no price is known."""

    example: Example
    output: str
    messages: tuple[Message, ...] = ()
    model: str = ""
    cost_usd: float | None = None
    latency_ms: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0


class Scorer(Protocol):
    """One way to score, made from a `ScorerSpec`. It may be asked by several tasks at once."""

    async def score(self, answered: Answered) -> Score:
        """Raises nothing of its own but BudgetExceeded, where it asks a model: what it cannot score
        is a Score with an `error`."""
        ...


class Refused:
    """In the place of a scorer that there is not. It counts for nothing."""

    def __init__(self, spec: ScorerSpec, why: str) -> None:
        self._spec = spec
        self._why = str(spec.value) if spec.name == "unsupported" else why

    async def score(self, answered: Answered) -> Score:
        del answered  # whatever it says
        metric = self._spec.metric or self._spec.name
        return Score(metric=metric, value=None, passed=False, weight=0.0, error=self._why)
