from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import structs
from sqlalchemy import ColumnElement, RowMapping, delete, insert, or_, select, update

from burnish.shapes import decode
from burnish.storage.sql.database import Database
from burnish.storage.tables import deliveries, happenings, webhooks
from burnish.storage.webhook import Delivery, DeliveryState, Happened, Webhook

_w, _h, _d = webhooks.c, happenings.c, deliveries.c
_SHOWN = Webhook.__struct_fields__
_FIELDS = Delivery.__struct_fields__


class SqlWebhooks:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, webhook: Webhook, secret: str) -> None:
        async with self._database.writing() as connection:
            await connection.execute(
                insert(webhooks), {**structs.asdict(webhook), "secret": secret}
            )

    async def find(self, webhook_id: str) -> tuple[Webhook, str] | None:
        async with self._database.reading() as connection:
            rows = await connection.execute(select(webhooks).where(_w.id == webhook_id))
            row = rows.mappings().first()
        return None if row is None else (_webhook(row), row["secret"])

    async def all(self) -> list[Webhook]:
        async with self._database.reading() as connection:
            rows = await connection.execute(select(webhooks).order_by(_w.id.desc()))
            return [_webhook(row) for row in rows.mappings()]

    async def change(self, webhook_id: str, changes: Mapping[str, Any]) -> Webhook | None:
        changed = update(webhooks).where(_w.id == webhook_id).values(dict(changes))
        async with self._database.writing() as connection:
            row = (await connection.execute(changed.returning(webhooks))).mappings().first()
        return None if row is None else _webhook(row)

    async def failed(self, webhook_id: str) -> int:
        counted = update(webhooks).where(_w.id == webhook_id).values(failures=_w.failures + 1)
        async with self._database.writing() as connection:
            return await connection.scalar(counted.returning(_w.failures)) or 0

    async def remove(self, webhook_id: str) -> bool:
        async with self._database.writing() as connection:
            await connection.execute(delete(deliveries).where(_d.webhook_id == webhook_id))
            gone = await connection.execute(delete(webhooks).where(_w.id == webhook_id))
        return bool(gone.rowcount)

    async def happened(self, limit: int) -> list[Happened]:
        query = select(happenings).order_by(_h.seq).limit(limit)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [
            Happened(
                seq=row["seq"],
                kind=row["kind"],
                data=decode(row["data"], dict[str, Any]),
                at=row["at"],
            )
            for row in rows
        ]

    async def plan(self, told: Sequence[int], planned: Sequence[Delivery]) -> None:
        async with self._database.writing() as connection:
            if planned:
                rows = [structs.asdict(each) for each in planned]
                await connection.execute(insert(deliveries), rows)
            if told:
                await connection.execute(delete(happenings).where(_h.seq.in_(told)))

    async def waits(self, now: datetime) -> bool:
        async with self._database.reading() as connection:
            noted = await connection.scalar(select(_h.seq).limit(1))
            due = await connection.scalar(select(_d.id).where(*_due(now)).limit(1))
        return noted is not None or due is not None

    async def due(self, now: datetime, limit: int) -> list[Delivery]:
        heard = select(_w.id).where(_w.disabled_at.is_(None))
        query = select(deliveries).where(*_due(now), _d.webhook_id.in_(heard))
        async with self._database.reading() as connection:
            rows = await connection.execute(query.order_by(_d.next_at, _d.id).limit(limit))
            return [_delivery(row) for row in rows.mappings()]

    async def tell(self, delivery: Delivery) -> None:
        row = structs.asdict(delivery)
        changed = update(deliveries).where(_d.id == row.pop("id")).values(row)
        async with self._database.writing() as connection:
            await connection.execute(changed)

    async def delivery(self, delivery_id: str) -> Delivery | None:
        async with self._database.reading() as connection:
            rows = await connection.execute(select(deliveries).where(_d.id == delivery_id))
            row = rows.mappings().first()
        return None if row is None else _delivery(row)

    async def deliveries(
        self, webhook_id: str | None, state: DeliveryState | None, limit: int
    ) -> list[Delivery]:
        query = select(deliveries).order_by(_d.id.desc()).limit(limit)
        if webhook_id is not None:
            query = query.where(_d.webhook_id == webhook_id)
        if state is not None:
            query = query.where(_d.state == state)
        async with self._database.reading() as connection:
            return [_delivery(row) for row in (await connection.execute(query)).mappings()]

    async def forget(self, before: datetime) -> int:
        async with self._database.writing() as connection:
            gone = await connection.execute(delete(deliveries).where(_d.ended_at < before))
        return gone.rowcount


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (_d.state == "waiting", or_(_d.next_at.is_(None), _d.next_at <= now))


def _webhook(row: RowMapping) -> Webhook:
    return Webhook(**{name: row[name] for name in _SHOWN})


def _delivery(row: RowMapping) -> Delivery:
    return Delivery(**{name: row[name] for name in _FIELDS})
