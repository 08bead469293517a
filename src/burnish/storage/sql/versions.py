from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import structs
from sqlalchemy import RowMapping, insert, literal, select, union_all, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from burnish.errors import Conflict, NotFound
from burnish.prompts.prompt import MAIN, PromptVersion
from burnish.storage.lineage import Place, Related
from burnish.storage.sql import queries
from burnish.storage.sql.branches import no_branch
from burnish.storage.sql.database import Database
from burnish.storage.sql.includes import add_includes
from burnish.storage.sql.labels import apply_change
from burnish.storage.sql.locks import lock_prompt
from burnish.storage.sql.relations import add_relations
from burnish.storage.sql.rows import prompt_of, version_of, version_row
from burnish.storage.store import Draft, Edit, Fetched, LabelChange, Via
from burnish.storage.tables import branches, labels, prompt_versions, prompts

_p, _v, _b = prompts.c, prompt_versions.c, branches.c


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
        relations: Sequence[Related] = (),
    ) -> PromptVersion:
        try:
            async with self._database.writing() as connection:
                version = await add_revision(connection, prompt_id, draft, expected_revision, edit)
                await add_relations(connection, relations)
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
        self,
        name: str,
        *,
        revision: int | None = None,
        label: str | None = None,
        branch: str | None = None,
    ) -> Fetched | None:
        if revision is not None:
            row = await self._first(queries.VERSION_BY_REVISION, name=name, revision=revision)
            return _fetched(row, "revision")
        if branch not in (None, MAIN):
            row = await self._first(queries.VERSION_OF_BRANCH, name=name, branch=branch)
            return _fetched(row, "branch")
        if label == "latest" or branch == MAIN:
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
        self, prompt_id: str, limit: int, before: int | None = None, branch: str | None = None
    ) -> list[PromptVersion]:
        query = queries.history(prompt_id, limit, before, branch)
        async with self._database.reading() as connection:
            result = await connection.execute(query)
        return [version_of(row) for row in result.mappings()]

    async def places(self, prompt_id: str) -> list[Place]:
        query = select(_v.id, _v.revision, _v.parents, _v.branch)
        query = query.where(_v.prompt_id == prompt_id).order_by(_v.revision)
        async with self._database.reading() as connection:
            result = await connection.execute(query)
        return [Place(**row) for row in result.mappings()]

    async def archive(
        self, prompt_id: str, revisions: Sequence[int], at: datetime | None
    ) -> list[int]:
        other = _v.archived_at.is_(None) if at is not None else _v.archived_at.is_not(None)
        change = update(prompt_versions).values(archived_at=at).returning(_v.revision)
        here = (_v.prompt_id == prompt_id, _v.revision.in_(revisions), other)
        async with self._database.writing() as connection:
            await lock_prompt(connection, prompt_id)
            if at is not None:
                await _refuse_in_use(connection, prompt_id, revisions)
            return sorted((await connection.scalars(change.where(*here))).all())

    async def _first(self, query: queries.Query, **values: object) -> RowMapping | None:
        async with self._database.reading() as connection:
            result = await connection.execute(query, values)
        return result.mappings().first()


def _fetched(row: RowMapping | None, via: Via) -> Fetched | None:
    return None if row is None else Fetched(prompt_of(row), version_of(row), via)


async def add_revision(
    connection: AsyncConnection,
    prompt_id: str,
    draft: Draft,
    expected_revision: int | None,
    edit: Edit | None,
) -> PromptVersion:
    """Within the caller's transaction."""
    newest, last = await _revisions(connection, prompt_id, draft.branch)
    if expected_revision is not None and newest != expected_revision:
        raise _somebody_was_faster(expected_revision, newest)
    version = draft.at(prompt_id, last + 1)
    await _add(connection, version, edit)
    return version


async def _revisions(connection: AsyncConnection, prompt_id: str, branch: str) -> tuple[int, int]:
    """The newest of the branch, and the newest of all."""
    # SQLite's writer holds the lock from its beginning; elsewhere the row is locked here.
    query = select(_p.latest_revision, _p.last_revision)
    query = query.where(_p.id == prompt_id, _p.deleted_at.is_(None)).with_for_update()
    row = (await connection.execute(query)).first()
    if row is None:
        raise NotFound(
            f"there is no prompt with the id {prompt_id!r}",
            hint="it may have been deleted; restore it first",
            subject=prompt_id,
        )
    if branch == MAIN:
        return row.latest_revision, row.last_revision
    here = (_b.prompt_id == prompt_id, _b.name == branch)
    newest = await connection.scalar(select(_b.revision).where(*here))
    if newest is None:
        raise no_branch(branch)
    return newest, row.last_revision


async def _add(connection: AsyncConnection, version: PromptVersion, edit: Edit | None) -> None:
    await connection.execute(insert(prompt_versions), version_row(version))
    await add_includes(connection, [version])
    values = {"last_revision": version.revision, "updated_at": version.created_at}
    if version.branch == MAIN:
        values["latest_revision"] = version.revision
    else:
        here = (_b.prompt_id == version.prompt_id, _b.name == version.branch)
        await connection.execute(update(branches).where(*here).values(revision=version.revision))
    await connection.execute(
        update(prompts)
        .where(_p.id == version.prompt_id)
        .values(values | (edit.given() if edit else {}))
    )


async def _refuse_in_use(
    connection: AsyncConnection, prompt_id: str, revisions: Sequence[int]
) -> None:
    pointers = union_all(
        select(literal("latest").label("name"), _p.latest_revision).where(_p.id == prompt_id),
        select(literal("branch:") + _b.name, _b.revision).where(_b.prompt_id == prompt_id),
        select(labels.c.name, labels.c.revision).where(labels.c.prompt_id == prompt_id),
    )
    for name, revision in await connection.execute(pointers):
        if revision in revisions:
            raise Conflict(
                f"revision {revision} is in use: {name} points at it",
                hint="move what points at it first",
                subject=str(revision),
            )


def _to(change: LabelChange, revision: int) -> LabelChange:
    return structs.replace(change, revision=revision)


def _somebody_was_faster(expected: int, latest: int) -> Conflict:
    return Conflict(
        f"the prompt is at revision {latest}, not {expected}: somebody else changed it",
        hint="look at the newer revision, then save again on top of it",
    )
