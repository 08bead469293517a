from __future__ import annotations

from msgspec import structs
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from burnish.errors import Conflict, NotFound
from burnish.prompts.prompt import Branch
from burnish.storage.sql.database import Database
from burnish.storage.sql.locks import lock_prompt
from burnish.storage.tables import branches

_c = branches.c
_FIELDS = Branch.__struct_fields__


class SqlBranches:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, prompt_id: str, branch: Branch) -> None:
        row = structs.asdict(branch) | {"prompt_id": prompt_id}
        try:
            async with self._database.writing() as connection:
                await lock_prompt(connection, prompt_id)
                await connection.execute(insert(branches), row)
        except IntegrityError as error:
            if "foreign key" in str(error.orig).lower():
                raise NotFound(
                    f"the prompt has no revision {branch.revision}",
                    hint="see its history for the revisions there are",
                    subject=str(branch.revision),
                ) from error
            raise Conflict(
                f"the prompt has a branch {branch.name!r} already",
                hint="choose another name, or delete that branch first",
                subject=branch.name,
            ) from error

    async def of(self, prompt_id: str) -> list[Branch]:
        query = select(branches).where(_c.prompt_id == prompt_id).order_by(_c.name)
        async with self._database.reading() as connection:
            result = await connection.execute(query)
        return [Branch(**{name: row[name] for name in _FIELDS}) for row in result.mappings()]

    async def delete(self, prompt_id: str, name: str) -> Branch:
        gone = delete(branches).where(_c.prompt_id == prompt_id, _c.name == name)
        async with self._database.writing() as connection:
            # A version that is being saved on the branch comes before, or finds no branch.
            await lock_prompt(connection, prompt_id)
            row = (await connection.execute(gone.returning(branches))).mappings().first()
        if row is None:
            raise no_branch(name)
        return Branch(**{field: row[field] for field in _FIELDS})


def no_branch(name: str) -> NotFound:
    return NotFound(
        f"the prompt has no branch {name!r}",
        hint="list its branches to see which there are",
        subject=name,
    )
