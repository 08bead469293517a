"""The scorers that Burnish brings, through the door that plug-ins use."""

from __future__ import annotations

from burnish.evals.scorers import (
    classification,
    judged,
    language,
    length,
    numeric,
    overlap,
    refusal,
    similar,
    spend,
    structured,
    texts,
)
from burnish.evals.scorers.kind import ScorerKind


def scorers() -> tuple[ScorerKind, ...]:
    return (
        *texts.KINDS,
        *structured.KINDS,
        *numeric.KINDS,
        *overlap.KINDS,
        *similar.KINDS,
        *classification.KINDS,
        *length.KINDS,
        *language.KINDS,
        *refusal.KINDS,
        *spend.KINDS,
        *judged.KINDS,
    )
