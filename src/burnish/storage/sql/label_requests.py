from __future__ import annotations

from datetime import datetime

from msgspec import structs
from sqlalchemy import RowMapping, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from burnish.errors import Conflict, NotFound
from burnish.storage.lineage import LabelRequest, RequestState
from burnish.storage.sql.database import Database
from burnish.storage.store import LabelChange
from burnish.storage.tables import label_requests, prompts

_c = label_requests.c
_FIELDS = LabelRequest.__struct_fields__
_NAMED = select(label_requests, prompts.c.name).join(prompts, prompts.c.id == _c.prompt_id)


class LabelRequests:
    """Wishes to move protected labels."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ask(self, request: LabelRequest) -> None:
        row = structs.asdict(request)
        del row["name"]
        async with self._database.writing() as connection:
            await connection.execute(insert(label_requests), row)

    async def requests(
        self, *, prompt_id: str | None = None, state: RequestState | None = None, limit: int = 100
    ) -> list[LabelRequest]:
        query = _NAMED.order_by(_c.asked_at.desc(), _c.id.desc()).limit(limit)
        if prompt_id is not None:
            query = query.where(_c.prompt_id == prompt_id)
        if state is not None:
            query = query.where(_c.state == state)
        async with self._database.reading() as connection:
            result = await connection.execute(query)
        return [_request_of(row) for row in result.mappings()]

    async def request(self, request_id: str) -> LabelRequest | None:
        query = _NAMED.where(_c.id == request_id)
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).mappings().first()
        return None if row is None else _request_of(row)

    async def refuse(self, request_id: str, by: str, because: str, at: datetime) -> LabelRequest:
        async with self._database.writing() as connection:
            return await _decide(connection, request_id, "refused", by=by, at=at, because=because)


async def approve(connection: AsyncConnection, change: LabelChange, stands_at: int | None) -> None:
    """Marks the change's request approved, within the transaction that moves the label."""
    request = await _decide(
        connection, change.request, "approved", by=change.by, at=change.at, because=change.why
    )
    if request.from_revision != stands_at:
        raise Conflict(
            f"{change.label!r} has moved since it was asked for",
            hint="refuse this request, and ask again",
            subject=change.label,
        )


async def _decide(
    connection: AsyncConnection,
    request_id: str,
    state: RequestState,
    *,
    by: str,
    at: datetime,
    because: str,
) -> LabelRequest:
    values = {"state": state, "decided_by": by, "decided_at": at, "because": because}
    decided = update(label_requests).where(_c.id == request_id, _c.state == "open").values(values)
    changed = (await connection.execute(decided)).rowcount
    row = (await connection.execute(_NAMED.where(_c.id == request_id))).mappings().first()
    if changed and row is not None:
        return _request_of(row)
    if row is None:
        raise NotFound(
            f"there is no request {request_id!r}",
            hint="list the requests to see which there are",
            subject=request_id,
        )
    raise Conflict(f"the request was {row[_c.state]} already", hint="ask again if need be")


def _request_of(row: RowMapping) -> LabelRequest:
    return LabelRequest(**{name: row[name] for name in _FIELDS})
