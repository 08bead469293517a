"""What lies beside a request, a code file, a table or prose, and how it leans the intent.

The lean is added to the logits, so it settles an open request ("make this faster") and leaves a
plain one ("translate this into German") alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from burnish.intents.intent import INTENTS, Intent
from burnish.intents.rules import SHAPES

Kind = Literal["code", "table", "prose", "note"]
LEANS: Mapping[Kind, Mapping[Intent, float]] = {
    "code": {"code_generation": 3.5, "creative_writing": -1.0, "conversation": -1.0, "other": -2.0},
    "table": {"analysis": 2.0, "data_extraction": 1.4, "creative_writing": -1.0, "other": -2.0},
    "prose": {"summarization": 1.0, "creative_writing": 0.6, "conversation": -0.5, "other": -2.0},
    "note": {},
}
_PROSE_LENGTH = 280
_CODE_LINE = re.compile(
    r"[;{}]\s*$|^\s*(?:def|class|import|from|return|if|for|while|func|fn|let|const|var|public"
    r"|private|package|using|#include|SELECT|CREATE|<\w+)\b.*[:;({>]?\s*$|^\s*(?://|#!|@\w+)",
    re.MULTILINE,
)


def kind_of(context: str) -> Kind:
    sample = context[:4000]
    lines = [line for line in sample.splitlines() if line.strip()]
    if "```" in sample or _looks_like_code(sample, lines):
        return "code"
    if SHAPES["csv"].search(sample) or SHAPES["pipe_table"].search(sample):
        return "table"
    return "prose" if len(sample) >= _PROSE_LENGTH else "note"


def _looks_like_code(sample: str, lines: list[str]) -> bool:
    found = len(_CODE_LINE.findall(sample))
    if SHAPES["code_line"].search(sample) and SHAPES["code_marks"].search(sample):
        return True
    return found >= 2 and found * 3 >= len(lines)


def lean(context: str) -> Any:
    """A vector in the order of `INTENTS` to add to the logits."""
    import numpy as np

    leans = LEANS[kind_of(context)]
    return np.array([leans.get(intent, 0.0) for intent in INTENTS], dtype=np.float32)
