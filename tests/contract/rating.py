"""A rating, as feedback gives it."""

from __future__ import annotations

from datetime import UTC, datetime

from burnish.storage.feedback import FeedbackEvent
from burnish.storage.ids import Ids
from burnish.storage.store import Store

_IDS = Ids()


async def rate(store: Store, prompt_id: str, rating: float) -> None:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    event = FeedbackEvent(
        id=_IDS(), kind="score", value=rating, rating=rating, prompt_id=prompt_id, created_at=now
    )
    await store.feedback.add(event)
