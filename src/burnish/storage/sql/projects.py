from __future__ import annotations

from msgspec import structs
from sqlalchemy import RowMapping, Select, delete, insert, select
from sqlalchemy.exc import IntegrityError

from burnish.errors import Conflict
from burnish.storage.account import User
from burnish.storage.project import Member, Project
from burnish.storage.sql.database import Database
from burnish.storage.sql.users import user_of
from burnish.storage.tables import members, projects, users

_p, _m = projects.c, members.c


class SqlProjects:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, project: Project) -> None:
        try:
            async with self._database.writing() as connection:
                await connection.execute(insert(projects), structs.asdict(project))
        except IntegrityError:
            raise Conflict(
                f"there is a project {project.name!r} already",
                hint="name it otherwise",
                subject=project.name,
            ) from None

    async def by_name(self, name: str) -> Project | None:
        found = await self._projects(select(projects).where(_p.name == name))
        return found[0] if found else None

    async def all(self) -> list[Project]:
        return await self._projects(select(projects).order_by(_p.name))

    async def of(self, user_id: str) -> list[Project]:
        theirs = select(_m.project_id).where(_m.user_id == user_id)
        return await self._projects(select(projects).where(_p.id.in_(theirs)).order_by(_p.name))

    async def members(self, project_id: str) -> list[tuple[Member, User]]:
        async with self._database.reading() as connection:
            found = await connection.execute(
                select(members).where(_m.project_id == project_id).order_by(_m.user_id)
            )
            theirs = {row["user_id"]: _member(row) for row in found.mappings()}
            people = await connection.execute(
                select(users).where(users.c.id.in_(list(theirs))).order_by(users.c.email)
            )
            return [(theirs[row["id"]], user_of(row)) for row in people.mappings()]

    async def member(self, project_id: str, user_id: str) -> Member | None:
        same = (_m.project_id == project_id, _m.user_id == user_id)
        async with self._database.reading() as connection:
            row = (await connection.execute(select(members).where(*same))).mappings().first()
        return None if row is None else _member(row)

    async def put(self, member: Member) -> None:
        same = (_m.project_id == member.project_id, _m.user_id == member.user_id)
        async with self._database.writing() as connection:
            await connection.execute(delete(members).where(*same))
            await connection.execute(insert(members), structs.asdict(member))

    async def remove(self, project_id: str, user_id: str) -> bool:
        same = (_m.project_id == project_id, _m.user_id == user_id)
        async with self._database.writing() as connection:
            return bool((await connection.execute(delete(members).where(*same))).rowcount)

    async def _projects(self, statement: Select[tuple[object, ...]]) -> list[Project]:
        async with self._database.reading() as connection:
            rows = await connection.execute(statement)
            return [Project(**row) for row in rows.mappings()]


def _member(row: RowMapping) -> Member:
    return Member(**row)
