from __future__ import annotations

from msgspec import structs
from sqlalchemy import ColumnElement, RowMapping, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from burnish.errors import NotFound
from burnish.storage.feedback import FeedbackEvent, FeedbackFilter
from burnish.storage.run import TechniqueStatistic
from burnish.storage.sql.database import Database
from burnish.storage.sql.prompts import rating_added
from burnish.storage.sql.techniques import technique_upsert
from burnish.storage.tables import feedback

_c = feedback.c
_FIELDS = FeedbackEvent.__struct_fields__
# From here on something is said to have gone well.
_GOOD = 0.5


class SqlFeedback:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._upsert = technique_upsert(database.reader.dialect.name)

    async def add(self, event: FeedbackEvent) -> None:
        event = self._database.keeping.feedback(event)
        try:
            async with self._database.writing() as connection:
                await connection.execute(insert(feedback), structs.asdict(event))
                await self._count(connection, event)
        except IntegrityError as error:
            raise NotFound(
                "feedback on a prompt or a version that is not there",
                hint="list prompts to see what there is",
                subject=event.prompt or event.prompt_id or "",
            ) from error

    async def _count(self, connection: AsyncConnection, event: FeedbackEvent) -> None:
        if event.rating is None or event.prompt_id is None:
            return
        await connection.execute(rating_added(event.prompt_id, event.rating))
        if event.learn and event.techniques and event.intent:
            rows = [structs.asdict(each) for each in _statistics(event, event.rating)]
            await connection.execute(self._upsert, rows)

    async def page(
        self, where: FeedbackFilter, limit: int, after: str | None = None
    ) -> list[FeedbackEvent]:
        query = select(feedback).where(*_conditions(where)).order_by(_c.id.desc()).limit(limit)
        if after is not None:
            query = query.where(_c.id < after)
        async with self._database.reading() as connection:
            rows = await connection.execute(query)
            return [_event(row) for row in rows.mappings()]


def _statistics(event: FeedbackEvent, rating: float) -> list[TechniqueStatistic]:
    return [
        TechniqueStatistic(
            technique=each,
            intent=event.intent,
            day=event.created_at.date(),
            successes=int(rating >= _GOOD if event.success is None else event.success),
            score_sum=rating,
            score_n=1,
        )
        for each in sorted(set(event.techniques))
    ]


def _conditions(where: FeedbackFilter) -> list[ColumnElement[bool]]:
    given = structs.asdict(where)
    since, until = given.pop("since"), given.pop("until")
    found = [_c[name] == value for name, value in given.items() if value is not None]
    found += [_c.created_at >= since] if since else []
    return found + ([_c.created_at < until] if until else [])


def _event(row: RowMapping) -> FeedbackEvent:
    return FeedbackEvent(**{name: row[name] for name in _FIELDS})
