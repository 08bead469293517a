from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import structs
from sqlalchemy import Update, bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from burnish.errors import Conflict, NotFound
from burnish.prompts.prompt import Prompt, PromptVersion
from burnish.storage.lineage import Related
from burnish.storage.sql import queries
from burnish.storage.sql.database import Database
from burnish.storage.sql.includes import add_includes
from burnish.storage.sql.relations import add_relations
from burnish.storage.sql.rows import prompt_of, prompt_row, version_row
from burnish.storage.stats import CategoryStat
from burnish.storage.store import Draft, Edit, Entry, PromptCursor, PromptFilter, Sort
from burnish.storage.tables import branches, labels, prompt_versions, prompts

_c = prompts.c


class SqlPrompts:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._dialect = database.reader.dialect.name

    async def add(
        self, prompt: Prompt, draft: Draft, relations: Sequence[Related] = ()
    ) -> PromptVersion:
        await self._add([Entry(prompt, (draft,))], relations)
        return draft.at(prompt.id, 1)

    async def add_many(self, entries: Sequence[Entry]) -> None:
        if entries:
            await self._add(entries, ())

    async def _add(self, entries: Sequence[Entry], relations: Sequence[Related]) -> None:
        try:
            async with self._database.writing() as connection:
                await insert_entries(connection, entries)
                await add_relations(connection, relations)
        except IntegrityError as error:
            raise await self._taken(entries, error) from error

    async def by_name(self, name: str) -> Prompt | None:
        return await self._one(queries.PROMPT_BY_NAME, name)

    async def by_id(self, prompt_id: str) -> Prompt | None:
        async with self._database.reading() as connection:
            result = await connection.execute(select(prompts).where(_c.id == prompt_id))
        row = result.mappings().first()
        return None if row is None else prompt_of(row)

    async def deleted(self, name: str) -> Prompt | None:
        return await self._one(queries.DELETED_PROMPT, name)

    async def page(
        self, where: PromptFilter, sort: Sort, limit: int, after: PromptCursor | None = None
    ) -> list[Prompt]:
        query = queries.prompt_page(where, sort, limit, after, self._dialect)
        async with self._database.reading() as connection:
            result = await connection.execute(query)
        return [prompt_of(row) for row in result.mappings()]

    async def count(self, where: PromptFilter) -> int:
        async with self._database.reading() as connection:
            result = await connection.execute(queries.prompt_count(where, self._dialect))
        return int(result.scalar_one())

    async def names_near(self, name: str, limit: int) -> list[str]:
        half = max(1, limit // 2)
        async with self._database.reading() as connection:
            before = await connection.scalars(queries.names_before(name, half))
            onward = await connection.scalars(queries.names_from(name, limit - half))
        return [*reversed(before.all()), *onward.all()]

    async def edit(self, prompt_id: str, edit: Edit, at: datetime) -> Prompt:
        return await self._change(prompt_id, edit.given() | {"updated_at": at})

    async def delete(self, prompt_id: str, at: datetime) -> None:
        await self._change(prompt_id, {"deleted_at": at, "updated_at": at})

    async def restore(self, prompt_id: str, name: str, at: datetime) -> Prompt:
        values = {"deleted_at": None, "name": name, "updated_at": at}
        try:
            return await self._change(prompt_id, values, deleted=True)
        except IntegrityError as error:
            raise _name_taken(name) from error

    async def use(self, prompt_id: str, count: int = 1, at: datetime | None = None) -> None:
        used = func.coalesce(bindparam("at", at, _c.last_used_at.type), _c.last_used_at)
        await self._change(prompt_id, {"usage_count": _c.usage_count + count, "last_used_at": used})

    async def use_many(self, counts: Mapping[str, int], at: datetime | None = None) -> None:
        # In the order of ids, which keeps writers out of deadlocks.
        rows = [
            {"prompt": prompt_id, "uses": counts[prompt_id], "at": at}
            for prompt_id in sorted(counts)
        ]
        if rows:
            async with self._database.writing() as connection:
                await connection.execute(_USE, rows)

    async def unused(self, since: datetime, limit: int) -> list[Prompt]:
        async with self._database.reading() as connection:
            result = await connection.execute(queries.unused(since, limit))
        return [prompt_of(row) for row in result.mappings()]

    async def totals(self) -> tuple[int, float | None]:
        async with self._database.reading() as connection:
            count, rating = (await connection.execute(_TOTALS)).one()
        return count, rating

    async def categories(self) -> list[CategoryStat]:
        async with self._database.reading() as connection:
            result = await connection.execute(_CATEGORIES)
        return [CategoryStat(**row) for row in result.mappings()]

    async def _one(self, query: queries.Query, name: str) -> Prompt | None:
        async with self._database.reading() as connection:
            result = await connection.execute(query, {"name": name})
        row = result.mappings().first()
        return None if row is None else prompt_of(row)

    async def _change(
        self, prompt_id: str, values: dict[str, Any], *, deleted: bool = False
    ) -> Prompt:
        """One UPDATE: arithmetic on columns happens in the database, so nothing is lost."""
        state = _c.deleted_at.is_not(None) if deleted else _c.deleted_at.is_(None)
        statement = update(prompts).where(_c.id == prompt_id, state).values(values)
        async with self._database.writing() as connection:
            result = await connection.execute(statement.returning(prompts))
            row = result.mappings().first()
        if row is None:
            raise no_prompt(prompt_id)
        return prompt_of(row)

    async def _taken(self, entries: Sequence[Entry], error: IntegrityError) -> Conflict:
        seen: set[str] = set()
        for name in (entry.prompt.name for entry in entries):
            if name in seen or await self.by_name(name) is not None:
                return _name_taken(name)
            seen.add(name)
        return Conflict(
            f"the library refused what was to be added ({error.orig})",
            hint="give each prompt, version and label an id of its own",
        )


_USE = (
    update(prompts)
    .where(_c.id == bindparam("prompt"), _c.deleted_at.is_(None))
    .values(
        usage_count=_c.usage_count + bindparam("uses"),
        last_used_at=func.coalesce(bindparam("at", type_=_c.last_used_at.type), _c.last_used_at),
    )
)
# The mean over the prompts that are rated, each weighing the same however often it was rated.
_RATING = func.nullif(_c.rating_order, -1.0)
_TOTALS = select(func.count(), func.avg(_RATING)).where(_c.deleted_at.is_(None))
_CATEGORIES = (
    select(
        _c.category,
        func.count().label("prompts"),
        func.avg(_RATING).label("average_rating"),
        func.sum(_c.usage_count).label("usage_count"),
    )
    .where(_c.deleted_at.is_(None))
    .group_by(_c.category)
    .order_by(func.count().desc(), _c.category)
)


def rating_added(prompt_id: str, value: float) -> Update:
    """Arithmetic on columns happens in the database, so that nothing is lost."""
    total, counted = _c.rating_sum + value, _c.rating_count + 1
    changed = {"rating_sum": total, "rating_count": counted, "rating_order": total / counted}
    return update(prompts).where(_c.id == prompt_id, _c.deleted_at.is_(None)).values(changed)


async def insert_entries(connection: AsyncConnection, entries: Sequence[Entry]) -> None:
    # Lists of rows, so that each statement is prepared once and run for all.
    await connection.execute(insert(prompts), [prompt_row(entry) for entry in entries])
    versions = [
        draft.at(entry.prompt.id, revision)
        for entry in entries
        for revision, draft in enumerate(entry.versions, start=1)
    ]
    await connection.execute(insert(prompt_versions), [version_row(each) for each in versions])
    await add_includes(connection, versions)
    pointers = [
        {
            "prompt_id": entry.prompt.id,
            "name": label.name,
            "revision": label.revision,
            "moved_by": label.moved_by,
            "moved_at": label.moved_at,
            "tag": label.tag,
        }
        for entry in entries
        for label in entry.labels
    ]
    if pointers:
        await connection.execute(insert(labels), pointers)
    lines = [
        structs.asdict(branch) | {"prompt_id": entry.prompt.id}
        for entry in entries
        for branch in entry.branches
    ]
    if lines:
        await connection.execute(insert(branches), lines)


def no_prompt(prompt_id: str) -> NotFound:
    return NotFound(
        f"there is no prompt with the id {prompt_id!r} in that state",
        hint="list prompts to see what there is",
        subject=prompt_id,
    )


def _name_taken(name: str) -> Conflict:
    return Conflict(
        f"a prompt named {name!r} exists already",
        hint="choose another name, or delete that prompt first",
        subject=name,
    )
