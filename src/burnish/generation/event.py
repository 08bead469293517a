"""What a streamed generation tells while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from burnish.generation.result import Generation
from burnish.settings import Phase

if TYPE_CHECKING:
    from burnish.generation.phases.write import Told


class GenerationEvent(msgspec.Struct, frozen=True, kw_only=True):
    """`phase` begins one, `text` brings a piece of its text, `restart` says why its pieces so far
    no longer count, `stopped` why the refinings that were to follow are not asked for, `done`
    brings the result. `final` marks the phase whose joined pieces are the text of the result."""

    kind: Literal["phase", "text", "restart", "stopped", "done"]
    phase: Phase = "draft"
    model: str = ""
    text: str = ""
    final: bool = False
    generation: Generation | None = None


def event_of(told: Told, final: Phase) -> GenerationEvent:
    kind = "restart" if told.restart else "text" if told.text else "phase"
    return GenerationEvent(
        kind="stopped" if told.stopped else kind,
        phase=told.phase,
        model=told.model,
        text=told.stopped or told.restart or told.text,
        final=told.phase == final and not told.stopped,
    )


def rest_of(said: str, text: str, final: Phase) -> list[GenerationEvent]:
    """What is missing of the result, where the final phase kept another text or ran offline."""
    if said == text:
        return []
    if text.startswith(said):
        return [GenerationEvent(kind="text", phase=final, text=text[len(said) :], final=True)]
    return [
        GenerationEvent(kind="restart", phase=final, text="another text was kept", final=True),
        GenerationEvent(kind="text", phase=final, text=text, final=True),
    ]
