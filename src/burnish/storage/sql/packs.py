from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import structs
from sqlalchemy import delete, exists, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from burnish.errors import Conflict
from burnish.storage.packs import (
    Pack,
    PackChange,
    PackPrompt,
    PackRevision,
    included_elsewhere,
)
from burnish.storage.sql import includes
from burnish.storage.sql.database import Database
from burnish.storage.sql.locks import lock_prompt
from burnish.storage.sql.prompts import insert_entries
from burnish.storage.sql.versions import add_revision
from burnish.storage.tables import branches, labels, pack_prompts, packs, prompts

_c, _pp, _p = packs.c, pack_prompts.c, prompts.c


class SqlPacks:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def install(self, change: PackChange) -> None:
        pack = change.pack
        try:
            async with self._database.writing() as connection:
                await _check_unmoved(connection, pack.name, change.was)
                if change.new:
                    await insert_entries(connection, change.new)
                for revision in change.revisions:
                    await _revise(connection, revision, pack.installed_at)
                if change.was:
                    await _forget(connection, pack.name)
                await connection.execute(insert(packs), structs.asdict(pack))
                if change.prompts:
                    rows = [structs.asdict(each) for each in change.prompts]
                    await connection.execute(insert(pack_prompts), rows)
        except IntegrityError as error:
            raise _changed(pack.name) from error

    async def by_name(self, name: str) -> Pack | None:
        async with self._database.reading() as connection:
            result = await connection.execute(select(packs).where(_c.name == name))
        row = result.mappings().first()
        return None if row is None else Pack(**row)

    async def all(self) -> list[Pack]:
        async with self._database.reading() as connection:
            result = await connection.execute(select(packs).order_by(_c.name))
        return [Pack(**row) for row in result.mappings()]

    async def prompts(self, pack: str) -> list[PackPrompt]:
        query = select(pack_prompts).where(_pp.pack == pack).order_by(_pp.name)
        async with self._database.reading() as connection:
            result = await connection.execute(query)
        return [PackPrompt(**row) for row in result.mappings()]

    async def remove(
        self, pack: Pack, untouched: Sequence[PackPrompt], at: datetime
    ) -> list[PackPrompt]:
        async with self._database.writing() as connection:
            await _check_unmoved(connection, pack.name, pack.checksum)
            # In the order of ids, which keeps writers out of deadlocks.
            for each in sorted(untouched, key=lambda each: each.prompt_id):
                await lock_prompt(connection, each.prompt_id)
            going = await _free(connection, untouched)
            for each in going:
                gone = update(prompts).where(_p.id == each.prompt_id)
                await connection.execute(gone.values(deleted_at=at, updated_at=at))
            await _forget(connection, pack.name)
        return [each for each in untouched if each not in going]


async def _free(connection: AsyncConnection, brought: Sequence[PackPrompt]) -> Sequence[PackPrompt]:
    """Those that are as the pack brought them, and that nothing else points at."""
    found: dict[str, PackPrompt] = {}
    for each in brought:
        held = (labels.c.prompt_id == _p.id, branches.c.prompt_id == _p.id)
        query = select(_p.name).where(
            _p.id == each.prompt_id,
            _p.last_revision == each.revision,
            _p.deleted_at.is_(None),
            *(~exists().where(one) for one in held),
        )
        if (name := await connection.scalar(query)) is not None:
            found[name] = each
    by = {
        name: frozenset((await connection.scalars(includes.includers(name))).all())
        for name in found
    }
    others = included_elsewhere(by)
    return [each for name, each in found.items() if name not in others]


async def _check_unmoved(connection: AsyncConnection, name: str, was: str) -> None:
    """Raises Conflict where the pack is not as it was when the change was made out."""
    # SQLite's writer holds the lock from its beginning; elsewhere the row is locked here.
    query = select(_c.checksum).where(_c.name == name).with_for_update()
    if (await connection.scalar(query) or "") != was:
        raise _changed(name)


async def _revise(connection: AsyncConnection, revision: PackRevision, at: datetime) -> None:
    if revision.draft is not None:
        await add_revision(
            connection,
            revision.prompt_id,
            revision.draft,
            revision.expected_revision,
            revision.edit,
        )
        return
    same = (_p.id == revision.prompt_id, _p.latest_revision == revision.expected_revision)
    edited = update(prompts).where(*same, _p.deleted_at.is_(None))
    edited = edited.values(revision.edit.given() | {"updated_at": at})
    if not (await connection.execute(edited)).rowcount:
        raise Conflict("a prompt changed meanwhile", hint="nothing was installed; try again")


async def _forget(connection: AsyncConnection, name: str) -> None:
    await connection.execute(delete(pack_prompts).where(_pp.pack == name))
    await connection.execute(delete(packs).where(_c.name == name))


def _changed(name: str) -> Conflict:
    return Conflict(
        f"the library changed while {name!r} was looked at",
        hint="nothing was done; try again",
        subject=name,
    )
