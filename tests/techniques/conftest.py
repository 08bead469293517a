from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from burnish.intents.intent import Classification, Complexity, ComplexityName
from burnish.techniques import Catalog, SelectRequest, built_in_techniques

Ask = Callable[..., SelectRequest]

_NAMES: dict[int, ComplexityName] = {
    1: "simple",
    2: "simple",
    3: "moderate",
    4: "complex",
    5: "complex",
}


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return Catalog(built_in_techniques())


def _ask(
    intent: Any,
    level: int = 3,
    *,
    tokens: int = 40,
    parts: dict[str, Any] | None = None,
    **given: Any,
) -> SelectRequest:
    fields: dict[str, Any] = {
        "intent": intent,
        "confidence": 0.8,
        "complexity": Complexity(level, _NAMES[level]),
        "domain": "general",
        "task_type": "task",
        "language": "en",
        "estimated_tokens": tokens,
        "method": "rules",
        **(parts or {}),
    }
    return SelectRequest(classification=Classification(**fields), **given)


@pytest.fixture(scope="session")
def ask() -> Ask:
    """Builds a request from an intent and a level; `parts` change the classification."""
    return _ask


@pytest.fixture(scope="session")
def two_hundred() -> list[tuple[str, SelectRequest]]:
    """Two hundred texts with classifications made by hand."""
    found: list[tuple[str, SelectRequest]] = []
    lines = Path(__file__).with_name("requests.tsv").read_text("utf-8").splitlines()
    for line in lines:
        text, intent, level, flags = line.split("\t")
        request = _ask(
            intent,
            int(level),
            tokens=max(1, round(len(text) / 4)),
            has_input="i" in flags,
            input_is_long="l" in flags,
            has_examples="e" in flags,
            machine_output="m" in flags,
        )
        found.append((text, request))
    return found
