"""What a generation leaves in the store: a run for each phase, a use for each technique."""

from __future__ import annotations

from datetime import date, datetime

from burnish.generation.result import OFFLINE, Generation
from burnish.intents.tokens import estimate_tokens
from burnish.storage.run import Run, TechniqueStatistic


def runs_of(made: Generation, name: str, version_id: str, who: str, at: datetime) -> list[Run]:
    """The phases of the stored candidate, each with the one before it as its parent."""
    runs: list[Run] = []
    last = made.best.phases[-1]
    previous = made.idea
    for phase in made.best.phases:
        if phase.model != OFFLINE:
            continue  # calls of models are recorded where they are made
        runs.append(
            Run(
                id=phase.id,
                kind="generate",
                version_id=version_id if phase is last else None,
                prompt=name,
                model=phase.model,
                input=previous,
                output=phase.text,
                input_tokens=estimate_tokens(previous),
                output_tokens=phase.tokens,
                cost_usd=0.0,
                latency_ms=phase.duration_ms,
                parent_id=phase.parent_id,
                who=who,
                phase=phase.phase,
                created_at=at,
            )
        )
        previous = phase.text
    return runs


def uses_of(made: Generation, day: date) -> list[TechniqueStatistic]:
    intent = made.classification.intent
    return [
        TechniqueStatistic(technique=each.technique, intent=intent, day=day, uses=1)
        for each in made.best.techniques
    ]
