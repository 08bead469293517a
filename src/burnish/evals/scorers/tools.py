"""What scorers use of the world: a model to ask, vectors of texts, a process to try things in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from burnish.evals.scorers.bounded import Bounded
from burnish.library.embedders import Embedder, embedder_named
from burnish.models.question import Answer, Question

Ask = Callable[[Question], Awaitable[Answer]]
"""How a model is asked, such as `Caller.complete`."""


def _usual_embedder() -> Embedder:
    return embedder_named("auto")


def _no_model() -> str:
    return ""


@dataclass(frozen=True, kw_only=True)
class Tools:
    """`judge_model` names the model that judges where a scorer names none; empty: there is none.
    `vectors` are those of expected texts, which many answers are compared with. `close` ends the
    process that patterns and schemas are tried in."""

    ask: Ask | None = None
    judge_model: Callable[[], str] = _no_model
    embedder: Callable[[], Embedder] = _usual_embedder
    bounded: Bounded = field(default_factory=Bounded)
    vectors: dict[tuple[str, str], Any] = field(default_factory=dict[tuple[str, str], Any])

    def close(self) -> None:
        self.bounded.close()
