from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from burnish.generation.built_in import archetypes, personas
from burnish.generation.generator import GenerateRequest, Workshop, generate
from burnish.generation.result import Generation
from burnish.intents.intent import Classification, Complexity, Intent
from burnish.intents.language import detect_language
from burnish.storage.ids import Ids
from burnish.techniques import Catalog, built_in_techniques

Make = Callable[..., Generation]


def classified(text: str, intent: Intent, level: int = 2) -> Classification:
    return Classification(
        intent=intent,
        confidence=0.9,
        complexity=Complexity(level, "moderate"),
        domain="general",
        task_type="any",
        language=detect_language(text),
        estimated_tokens=12,
        method="rules",
    )


@pytest.fixture(scope="session")
def workshop() -> Workshop:
    return Workshop(
        archetypes=list(archetypes()),
        personas={persona.name: persona for persona in personas()},
        catalog=Catalog(built_in_techniques()),
        new_id=Ids(),
    )


@pytest.fixture(scope="session")
def make(workshop: Workshop) -> Make:
    def run(intent: Intent, idea: str, **options: Any) -> Generation:
        request = GenerateRequest(idea=idea, classification=classified(idea, intent), **options)
        return generate(workshop, request)

    return run
