"""The port to what people and programs said of answers and prompts."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Protocol

import msgspec

Signal = Literal[
    "thumb", "stars", "score", "outcome", "chosen", "skipped", "copied", "edited", "comment"
]


class FeedbackEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was said of a run, a version or a prompt. It is never changed.

    `value` is on the scale of its `kind`: 0 or 1 of a thumb and an outcome, 1 to 5 of stars, 0 to 1
    of a score; None of the others. `rating` is what it counts as, 0 to 1, None where it says
    nothing of how good something was. `intent` and `techniques` are those of the version.
    """

    id: str
    kind: Signal
    value: float | None = None
    rating: float | None = None
    success: bool | None = None
    latency_ms: float | None = None
    comment: str = ""
    prompt_id: str | None = None
    prompt: str = ""
    version_id: str | None = None
    revision: int | None = None
    run_id: str | None = None
    model: str = ""
    intent: str = ""
    techniques: tuple[str, ...] = ()
    who: str = ""
    learn: bool = True
    created_at: datetime


class FeedbackFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Events that meet every condition given. `since` is included, `until` is not."""

    kind: Signal | None = None
    prompt: str | None = None
    version_id: str | None = None
    run_id: str | None = None
    who: str | None = None
    learn: bool | None = None
    since: datetime | None = None
    until: datetime | None = None


class Feedback(Protocol):
    async def add(self, event: FeedbackEvent) -> None:
        """Keeps it, rates the prompt where it has a rating, and counts it for the techniques
        where it may be learned from: all or nothing. A prompt that is deleted is not rated.

        Raises NotFound for a prompt or a version that is not there.
        """
        ...

    async def page(
        self, where: FeedbackFilter, limit: int, after: str | None = None
    ) -> list[FeedbackEvent]:
        """The newest first; `after` is the id of the last one of the page before."""
        ...
