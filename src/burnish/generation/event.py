"""What a streamed generation tells while it runs."""

from __future__ import annotations

from typing import Literal

import msgspec

from burnish.generation.result import Generation
from burnish.settings import Phase


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
