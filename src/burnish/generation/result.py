"""What `generate` and `enhance` give back. These are the schemas of their `--json` output."""

from __future__ import annotations

from typing import Any

import msgspec

from burnish.generation.grounding import Source
from burnish.generation.optimized import Optimized
from burnish.generation.score import Score
from burnish.intents.intent import Classification
from burnish.prompts.prompt import Message, Variable
from burnish.settings import Family, Phase
from burnish.techniques import AppliedTechnique, Recommendation

OFFLINE = "offline"
NOTHING_LEFT = "nothing left to change"


class PhaseOutput(msgspec.Struct, frozen=True, kw_only=True):
    """`temperature` is null for the offline composer, which has none. `tokens` are those of the
    text; an estimate where no model counted them. `cost_usd` is null where the price is unknown.
    `kept` says why the text before this phase was kept; `stopped` why the refinings that were to
    follow it were not asked for."""

    id: str
    parent_id: str | None
    phase: Phase
    model: str
    temperature: float | None
    tokens: int
    duration_ms: float
    text: str
    variant: int = 0
    cost_usd: float | None = 0.0
    cached: bool = False
    retries: int = 0
    kept: str = ""
    stopped: str = ""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One finished prompt. `phases` is its lineage, in order; `score` orders candidates by their
    wording and is null where there was nothing to choose between."""

    messages: tuple[Message, ...]
    variables: tuple[Variable, ...]
    techniques: tuple[Recommendation, ...]
    applied: tuple[AppliedTechnique, ...]
    none_needed: str = ""
    phases: tuple[PhaseOutput, ...] = ()
    text: str = ""
    score: Score | None = None


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Who put the best candidate first: the `ranker`, or the model that was asked to, and why."""

    by: str
    reason: str


class Generation(msgspec.Struct, frozen=True, kw_only=True):
    """`read` tells what was read from which words of the idea. `left_open` is what the idea could
    say to get a better prompt. `reference` is the stored version (`name@revision`), empty when
    nothing was stored. `model` wrote the candidates (`offline`: the composer). `local_parts` were
    made on this machine. `examples_used` are stored prompts that the model was shown; `sources` are
    the pieces of knowledge that the prompt holds; `optimized` what trying other prompts gave."""

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
    model: str = OFFLINE
    strategy: str = ""
    choice: Choice | None = None
    examples_used: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    cost_usd: float | None = 0.0
    optimized: Optimized | None = None

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
        sources = [msgspec.to_builtins(each) for each in self.sources]
        stopped = [phase.stopped for phase in best.phases if phase.stopped]
        return (
            {
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
                "model": self.model,
                "examples_used": list(self.examples_used),
                "choice": None if self.choice is None else msgspec.to_builtins(self.choice),
            }
            | ({"stopped": stopped[-1]} if stopped else {})
            | ({"sources": sources} if sources else {})
        )
