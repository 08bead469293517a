"""`p.webhooks`: who wants to hear what happens."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import msgspec
from msgspec import structs

from burnish.addresses import Reach, check_url
from burnish.errors import BurnishError, Conflict, NotFound, UsageError
from burnish.security.audit import AsyncAudit
from burnish.security.keyring import Keyring
from burnish.security.sealing import seal
from burnish.storage.store import Store
from burnish.storage.webhook import EVENTS, Delivery, DeliveryState, EventKind, Webhook
from burnish.webhooks.delivering import Deliverer, delivery_of
from burnish.webhooks.post import SECRET_MARK

_SECRET_BYTES = 32
_MOST = 500
_URL_CHARS = 2_000


class AddedWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """`secret` is told this once: what is sent is signed with it."""

    webhook: Webhook
    secret: str


class AsyncWebhooks:
    """add, list, get, enable, disable, remove, test, deliveries, redeliver, deliver."""

    def __init__(
        self,
        open_store: Callable[[], Awaitable[Store]],
        audit: AsyncAudit,
        keyring: Keyring,
        reach: Reach,
        *,
        who: Callable[[], str],
        new_id: Callable[[], str],
        warn: Callable[[str, str], None],
    ) -> None:
        self._open_store = open_store
        self._audit = audit
        self._keyring = keyring
        self._reach: Reach = reach
        self._who = who
        self._new_id = new_id
        self._warn = warn
        self._deliverer = Deliverer(open_store, keyring, reach, new_id=new_id)
        self._running: asyncio.Task[None] | None = None

    async def add(self, url: str, *, events: Sequence[EventKind] = ()) -> AddedWebhook:
        """`url` hears of these events, of all where none are named. Raises UsageError for an
        address that is not https (http: this machine alone) and for an event that there is not,
        NotPermitted for an address out of reach (`webhooks.reach`)."""
        if len(url) > _URL_CHARS or "@" in url.partition("//")[2].partition("/")[0]:
            raise UsageError("the address holds a name or a password, or is too long")
        check_url(url, self._reach)
        for each in events:
            if each not in EVENTS:
                raise UsageError(f"{each!r} is no event", hint=f"use some of {', '.join(EVENTS)}")
        webhook = Webhook(
            id=self._new_id(),
            url=url,
            events=tuple(dict.fromkeys(events)),
            created_by=self._who(),
            created_at=datetime.now(UTC),
        )
        random = base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
        secret = f"{SECRET_MARK}{random}"
        sealed = seal(self._keyring, secret, webhook.id)
        await (await self._open_store()).webhooks.add(webhook, sealed)
        await self._audit.record("webhooks.add", url, after={"id": webhook.id, "events": events})
        return AddedWebhook(webhook=webhook, secret=secret)

    async def list(self) -> list[Webhook]:
        """The newest first."""
        return await (await self._open_store()).webhooks.all()

    async def get(self, webhook: str) -> Webhook:
        """By its id, a beginning of it, or its address. Raises NotFound, and Conflict where several
        are meant."""
        near = [
            each
            for each in await self.list()
            if webhook and (each.id.startswith(webhook.lower()) or each.url == webhook)
        ]
        if len(near) > 1:
            raise Conflict(f"{webhook!r} means several webhooks", hint="give the id")
        if not near:
            raise NotFound(
                f"there is no webhook {webhook[:80]!r}", hint="see webhooks list", subject=webhook
            )
        return near[0]

    async def enable(self, webhook: str) -> Webhook:
        """What waits for it is sent. What happened meanwhile was not noted for it."""
        return await self._set(webhook, "webhooks.enable", disabled_at=None, why="", failures=0)

    async def disable(self, webhook: str) -> Webhook:
        """It hears nothing for now."""
        why = f"by {self._who()}"
        return await self._set(webhook, "webhooks.disable", disabled_at=datetime.now(UTC), why=why)

    async def remove(self, webhook: str) -> Webhook:
        """With its deliveries."""
        found = await self.get(webhook)
        await (await self._open_store()).webhooks.remove(found.id)
        await self._audit.record("webhooks.remove", found.url, before={"id": found.id})
        return found

    async def test(self, webhook: str) -> Delivery:
        """Sends a `ping` now, once, and tells what came of it."""
        found, store = await self.get(webhook), await self._open_store()
        made = delivery_of(self._new_id(), found.id, "ping", {}, datetime.now(UTC))
        # Nobody else may send it meanwhile.
        await store.webhooks.plan([], [structs.replace(made, state="failed")])
        told = await self._deliverer.attempt(store, made)
        if told.state == "waiting":
            told = structs.replace(told, state="failed", next_at=None, ended_at=told.created_at)
            await store.webhooks.tell(told)
        return told

    async def deliveries(
        self, webhook: str = "", *, state: DeliveryState | None = None, limit: int = 50
    ) -> list[Delivery]:
        """What was sent, or waits to be, the newest first; ended ones for thirty days."""
        if not 1 <= limit <= _MOST:
            raise UsageError(f"{limit} are not possible", hint=f"ask for 1 to {_MOST}")
        found = (await self.get(webhook)).id if webhook else None
        return await (await self._open_store()).webhooks.deliveries(found, state, limit)

    async def redeliver(self, delivery: str) -> Delivery:
        """Sends it again as it was, with the same id, as soon as somebody delivers."""
        store = await self._open_store()
        found = await store.webhooks.delivery(delivery)
        if found is None:
            raise NotFound(f"there is no delivery {delivery[:80]!r}", hint="see the log of them")
        again = structs.replace(
            found, state="waiting", attempts=0, next_at=datetime.now(UTC), ended_at=None
        )
        await store.webhooks.tell(again)
        return again

    async def deliver(self) -> int:
        """Sends what is due now; tells how many attempts that were. A server and a worker do it all
        the time."""
        return await self._deliverer.deliver()

    async def begin(self, every_s: float) -> None:
        """Delivers in the background from now on, until `close`."""
        if self._running is None:
            self._running = asyncio.create_task(self._keep(every_s), name="burnish-webhooks")

    async def close(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
            await asyncio.wait({running})

    async def _keep(self, every_s: float) -> None:
        while True:
            try:
                sent = await self._deliverer.deliver()
            except BurnishError as error:
                # Nobody waits for it, so no error tells it.
                self._warn("webhooks are not delivered for now", str(error))
                sent = 0
            if not sent:
                await asyncio.sleep(every_s)

    async def _set(self, webhook: str, action: str, **changes: object) -> Webhook:
        found = await self.get(webhook)
        changed = await (await self._open_store()).webhooks.change(found.id, changes)
        await self._audit.record(action, found.url, after={"id": found.id})
        return changed or found
