"""What the user wants."""

from __future__ import annotations

from burnish.intents.classifier import Classifier
from burnish.intents.intent import (
    INTENTS,
    Classification,
    Complexity,
    Intent,
    IntentScore,
    Method,
    TaskScore,
)
from burnish.intents.kinds import task_types

__all__ = [
    "INTENTS",
    "Classification",
    "Classifier",
    "Complexity",
    "Intent",
    "IntentScore",
    "Method",
    "TaskScore",
    "task_types",
]
