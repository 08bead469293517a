"""What `generate` and `enhance` give back. These are the schemas of their `--json` output."""

from __future__ import annotations

from typing import Any

import msgspec

from burnish.intents.intent import Classification
from burnish.prompts.prompt import Message, Variable
from burnish.settings import Family, Phase
from burnish.techniques import AppliedTechnique, Recommendation


class PhaseOutput(msgspec.Struct, frozen=True, kw_only=True):
    """`temperature` is null for the offline composer, which has none. `tokens` is an estimate."""

    id: str
    parent_id: str | None
    phase: Phase
    model: str
    temperature: float | None
    tokens: int
    duration_ms: float
    text: str


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One finished prompt. `phases` is its lineage, in order."""

    messages: tuple[Message, ...]
    variables: tuple[Variable, ...]
    techniques: tuple[Recommendation, ...]
    applied: tuple[AppliedTechnique, ...]
    none_needed: str = ""
    phases: tuple[PhaseOutput, ...] = ()
    text: str = ""


class Generation(msgspec.Struct, frozen=True, kw_only=True):
    """`read` tells what was read from which words of the idea. `left_open` is what the idea could
    say to get a better prompt. `reference` is the stored version (`name@revision`), empty when
    nothing was stored. `local_parts` were made on this machine."""

    idea: str
    name: str = ""
    revision: int | None = None
    reference: str = ""
    description: str
    classification: Classification
    archetype: str
    persona: str
    family: Family
    candidates: tuple[Candidate, ...]
    best_practices: tuple[str, ...]
    example_usage: str
    read: tuple[tuple[str, str], ...] = ()
    left_open: tuple[Variable, ...] = ()
    explanation: str = ""
    warnings: tuple[str, ...] = ()
    local_parts: tuple[str, ...] = ()

    @property
    def best(self) -> Candidate:
        return self.candidates[0]

    @property
    def messages(self) -> tuple[Message, ...]:
        return self.best.messages

    @property
    def variables(self) -> tuple[Variable, ...]:
        return self.best.variables

    @property
    def text(self) -> str:
        return self.best.text

    def metadata(self) -> dict[str, Any]:
        """What a stored version keeps about how it was made."""
        best = self.best
        return {
            "idea": self.idea,
            "intent": self.classification.intent,
            "archetype": self.archetype,
            "persona": self.persona,
            "family": self.family,
            "description": self.description,
            "best_practices": list(self.best_practices),
            "techniques": [
                {"name": each.technique, "reasons": list(each.reasons), "source": each.source}
                for each in best.techniques
            ],
            "phases": [phase.id for phase in best.phases],
        }
