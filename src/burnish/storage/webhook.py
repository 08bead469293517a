"""The port to those who want to hear what happens, and to what they were told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol, get_args

import msgspec

EventKind = Literal[
    "version.created",
    "label.moved",
    "label.requested",
    "evaluation.ended",
    "experiment.ended",
    "optimization.ended",
    "job.failed",
    "feedback.added",
]
EVENTS: tuple[EventKind, ...] = get_args(EventKind)
# A ping is sent by hand, to try it.
Told = EventKind | Literal["ping"]
DeliveryState = Literal["waiting", "delivered", "failed"]


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """An address that hears of `events`, of all where none are named. `failures` counts those since
    the last delivery that came through; one that is disabled hears nothing, `why` says who or what
    did it."""

    id: str
    url: str
    events: tuple[EventKind, ...] = ()
    created_by: str = ""
    created_at: datetime
    failures: int = 0
    disabled_at: datetime | None = None
    why: str = ""


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened and that nobody was told of yet. `data` names what it was about."""

    seq: int
    kind: EventKind
    data: dict[str, Any]
    at: datetime


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to tell one webhook. Its id stays the same however often it is sent. `payload` is
    what is sent, byte for byte."""

    id: str
    webhook_id: str
    event: Told
    payload: str
    state: DeliveryState = "waiting"
    attempts: int = 0
    status: int | None = None
    error: str = ""
    duration_ms: float | None = None
    created_at: datetime
    next_at: datetime | None = None
    ended_at: datetime | None = None


class Webhooks(Protocol):
    async def add(self, webhook: Webhook, secret: str) -> None: ...

    async def find(self, webhook_id: str) -> tuple[Webhook, str] | None:
        """With its secret, as it was given."""
        ...

    async def all(self) -> list[Webhook]:
        """The newest first."""
        ...

    async def change(self, webhook_id: str, changes: Mapping[str, Any]) -> Webhook | None: ...

    async def failed(self, webhook_id: str) -> int:
        """Counts one; tells how many there are since the last that came through."""
        ...

    async def remove(self, webhook_id: str) -> bool:
        """With its deliveries."""
        ...

    async def happened(self, limit: int) -> list[Happened]:
        """The oldest first. Nothing is noted where nobody wants to hear."""
        ...

    async def plan(self, told: Sequence[int], planned: Sequence[Delivery]) -> None:
        """What happened becomes deliveries: all or nothing."""
        ...

    async def waits(self, now: datetime) -> bool:
        """Whether there is something to plan or to send."""
        ...

    async def due(self, now: datetime, limit: int) -> list[Delivery]:
        """Those that wait and may be sent now, the oldest first."""
        ...

    async def tell(self, delivery: Delivery) -> None:
        """What has become of it."""
        ...

    async def delivery(self, delivery_id: str) -> Delivery | None: ...

    async def deliveries(
        self, webhook_id: str | None, state: DeliveryState | None, limit: int
    ) -> list[Delivery]:
        """The newest first."""
        ...

    async def forget(self, before: datetime) -> int:
        """Deliveries that ended by then."""
        ...
