from __future__ import annotations

from msgspec import structs
from sqlalchemy import RowMapping, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from burnish.errors import Conflict, NotFound
from burnish.prompts.prompt import PromptVersion
from burnish.storage.sql import queries
from burnish.storage.sql.database import Database
from burnish.storage.sql.labels import apply_change
from burnish.storage.sql.rows import prompt_of, version_of, version_row
from burnish.storage.store import Draft, Edit, Fetched, LabelChange, Via
from burnish.storage.tables import prompt_versions, prompts

_p = prompts.c


class SqlVersions:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self,
        prompt_id: str,
        draft: Draft,
        *,
        expected_revision: int | None = None,
        label: LabelChange | None = None,
        edit: Edit | None = None,
    ) -> PromptVersion:
        try:
            async with self._database.writing() as connection:
                latest = await _latest_revision(connection, prompt_id)
                if expected_revision is not None and latest != expected_revision:
                    raise _somebody_was_faster(expected_revision, latest)
                version = draft.at(prompt_id, latest + 1)
                await _add(connection, version, edit)
                if label is not None:
                    await apply_change(connection, prompt_id, _to(label, version.revision))
        except IntegrityError as error:
            raise Conflict(
                f"a version with the id {draft.id!r} exists already",
                hint="give each version an id of its own",
                subject=draft.id,
            ) from error
        return version

    async def find(
        self, name: str, *, revision: int | None = None, label: str | None = None
    ) -> Fetched | None:
        if revision is not None:
            row = await self._first(queries.VERSION_BY_REVISION, name=name, revision=revision)
            return _fetched(row, "revision")
        if label == "latest":
            return _fetched(await self._first(queries.VERSION_LATEST, name=name), "latest")
        if label is not None:
            row = await self._first(queries.VERSION_BY_LABEL, name=name, label=label)
            return _fetched(row, "label")
        row = await self._first(queries.VERSION_DEFAULT, name=name, label="production")
        return _fetched(row, "production" if row is not None and row["via_label"] else "latest")

    async def by_id(self, version_id: str) -> PromptVersion | None:
        row = await self._first(queries.VERSION_BY_ID, id=version_id)
        return None if row is None else version_of(row)

    async def history(
        self, prompt_id: str, limit: int, before: int | None = None
    ) -> list[PromptVersion]:
        async with self._database.reading() as connection:
            result = await connection.execute(queries.history(prompt_id, limit, before))
        return [version_of(row) for row in result.mappings()]

    async def _first(self, query: queries.Query, **values: object) -> RowMapping | None:
        async with self._database.reading() as connection:
            result = await connection.execute(query, values)
        return result.mappings().first()


def _fetched(row: RowMapping | None, via: Via) -> Fetched | None:
    return None if row is None else Fetched(prompt_of(row), version_of(row), via)


async def _latest_revision(connection: AsyncConnection, prompt_id: str) -> int:
    # SQLite's writer holds the lock from its beginning; elsewhere the row is locked here.
    query = select(_p.latest_revision).where(_p.id == prompt_id, _p.deleted_at.is_(None))
    latest = await connection.scalar(query.with_for_update())
    if latest is None:
        raise NotFound(
            f"there is no prompt with the id {prompt_id!r}",
            hint="it may have been deleted; restore it first",
            subject=prompt_id,
        )
    return int(latest)


async def _add(connection: AsyncConnection, version: PromptVersion, edit: Edit | None) -> None:
    await connection.execute(insert(prompt_versions), version_row(version))
    values = {"latest_revision": version.revision, "updated_at": version.created_at}
    await connection.execute(
        update(prompts)
        .where(_p.id == version.prompt_id)
        .values(values | (edit.given() if edit else {}))
    )


def _to(change: LabelChange, revision: int) -> LabelChange:
    return structs.replace(change, revision=revision)


def _somebody_was_faster(expected: int, latest: int) -> Conflict:
    return Conflict(
        f"the prompt is at revision {latest}, not {expected}: somebody else changed it",
        hint="look at the newer revision, then save again on top of it",
    )
