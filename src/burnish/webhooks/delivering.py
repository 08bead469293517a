"""From what happened to what webhooks have heard."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from msgspec import structs

from burnish.addresses import Reach
from burnish.errors import BurnishError
from burnish.security.keyring import Keyring
from burnish.security.sealing import unseal
from burnish.storage.store import Store
from burnish.storage.webhook import Delivery, Happened, Told, Webhook
from burnish.webhooks.post import Attempt, post

_LEASE = "webhooks"
_HELD = timedelta(seconds=60)
_EVENTS_AT_ONCE, _AT_ONCE = 200, 20
_KEPT = timedelta(days=30)
# Waits after the first, the second… attempt: about a day in all.
WAITS_S: Final = (5, 30, 120, 600, 1_800, 7_200, 21_600, 43_200)
# Deliveries given up one after another, after which nobody is there any more.
_MOST_FAILURES = 5
_GONE = 410


class Deliverer:
    """Of several processes one delivers at a time. Who is killed between sending and noting it
    leaves a delivery that is sent again, with the same id."""

    def __init__(
        self,
        open_store: Callable[[], Awaitable[Store]],
        keyring: Keyring,
        reach: Reach,
        *,
        new_id: Callable[[], str],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._open_store = open_store
        self._keyring = keyring
        self._reach: Reach = reach
        self._new_id = new_id
        self._now = now
        self._holder = new_id()

    async def deliver(self) -> int:
        """What is due; tells how many attempts that were."""
        store, now = await self._open_store(), self._now()
        if not await store.webhooks.waits(now):
            return 0
        if not await store.search.claim(_LEASE, self._holder, now + _HELD, now):
            return 0
        try:
            await self._plan(store)
            due = await store.webhooks.due(now, _AT_ONCE)
            await asyncio.gather(*(self.attempt(store, each) for each in due))
            await store.webhooks.forget(now - _KEPT)
        finally:
            await store.search.release(_LEASE, self._holder)
        return len(due)

    async def _plan(self, store: Store) -> None:
        while noted := await store.webhooks.happened(_EVENTS_AT_ONCE):
            hearing = [each for each in await store.webhooks.all() if each.disabled_at is None]
            planned = [each for event in noted for each in self._of(event, hearing)]
            await store.webhooks.plan([each.seq for each in noted], planned)

    def _of(self, event: Happened, hearing: Sequence[Webhook]) -> list[Delivery]:
        wanting = [each for each in hearing if not each.events or event.kind in each.events]
        return [
            delivery_of(self._new_id(), each.id, event.kind, event.data, event.at)
            for each in wanting
        ]

    async def attempt(self, store: Store, delivery: Delivery) -> Delivery:
        """Sends it once, and notes what came of it."""
        found = await store.webhooks.find(delivery.webhook_id)
        if found is None:
            return delivery
        webhook, sealed = found
        now = self._now()
        try:
            secret = unseal(self._keyring, sealed, webhook.id)
            tried = await post(webhook.url, secret, delivery, self._reach, now)
        except BurnishError as error:
            tried = Attempt(error=error.what, duration_ms=0.0)
        after = _after(delivery, tried, now)
        await store.webhooks.tell(after)
        await self._count(store, webhook, after, now)
        return after

    async def _count(self, store: Store, webhook: Webhook, told: Delivery, now: datetime) -> None:
        if told.state == "delivered" and webhook.failures:
            await store.webhooks.change(webhook.id, {"failures": 0})
        if told.state != "failed":
            return
        failures = await store.webhooks.failed(webhook.id)
        if told.status == _GONE:
            why = "it answered that it is gone"
        elif failures >= _MOST_FAILURES:
            why = f"{failures} deliveries were given up"
        else:
            return
        await store.webhooks.change(webhook.id, {"disabled_at": now, "why": why})


def delivery_of(
    delivery_id: str, webhook_id: str, kind: Told, data: dict[str, object], at: datetime
) -> Delivery:
    payload = {"type": kind, "timestamp": at, "data": data}
    return Delivery(
        id=delivery_id,
        webhook_id=webhook_id,
        event=kind,
        payload=msgspec.json.encode(payload).decode(),
        created_at=at,
        next_at=at,
    )


def _after(delivery: Delivery, tried: Attempt, now: datetime) -> Delivery:
    attempts = delivery.attempts + 1
    told = structs.replace(
        delivery,
        attempts=attempts,
        status=tried.status,
        error=tried.error,
        duration_ms=tried.duration_ms,
    )
    if not tried.error:
        return structs.replace(told, state="delivered", next_at=None, ended_at=now)
    if tried.status == _GONE or attempts > len(WAITS_S):
        return structs.replace(told, state="failed", next_at=None, ended_at=now)
    return structs.replace(told, next_at=now + timedelta(seconds=WAITS_S[attempts - 1]))
