"""What the user wants, as values."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

Intent = Literal[
    "creative_writing",
    "analysis",
    "code_generation",
    "research",
    "problem_solving",
    "learning",
    "summarization",
    "translation",
    "conversation",
    "data_extraction",
    "reasoning",
    "planning",
    "other",
]
INTENTS: tuple[Intent, ...] = get_args(Intent)

ComplexityName = Literal["simple", "moderate", "complex"]
Method = Literal["rules", "trained", "trained+embedding", "model"]


class IntentScore(msgspec.Struct, frozen=True):
    intent: Intent
    confidence: float


class TaskScore(msgspec.Struct, frozen=True):
    task_type: str
    confidence: float


class Complexity(msgspec.Struct, frozen=True):
    """`level` is 1 (one short answer) to 5 (many parts that depend on each other)."""

    level: int
    name: ComplexityName
    because: tuple[str, ...] = ()


class Classification(msgspec.Struct, frozen=True, kw_only=True):
    """`alternatives` are the next likely intents; `asks` are the intents of a request with
    several asks, in the order of the text; `sub_intents` come from the documented list.
    `task_type` is the likeliest kind of task and `task_types` the first few, with chances."""

    intent: Intent
    confidence: float
    alternatives: tuple[IntentScore, ...] = ()
    asks: tuple[Intent, ...] = ()
    sub_intents: tuple[str, ...] = ()
    complexity: Complexity
    domain: str
    task_type: str
    language: str
    estimated_tokens: int
    method: Method
    task_types: tuple[TaskScore, ...] = ()
    suggested_techniques: tuple[str, ...] = ()
