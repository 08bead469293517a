"""Knowledge: texts of one's own, cut into pieces, searched, and put into prompts with their
sources."""

from __future__ import annotations

from burnish.library.knowledge.room import AsyncKnowledge
from burnish.library.knowledge.values import (
    Added,
    AddReport,
    KnowledgeFound,
    KnowledgeHit,
    LeftOut,
    Removed,
    ShownDocument,
    cite,
)

__all__ = [
    "AddReport",
    "Added",
    "AsyncKnowledge",
    "KnowledgeFound",
    "KnowledgeHit",
    "LeftOut",
    "Removed",
    "ShownDocument",
    "cite",
]
