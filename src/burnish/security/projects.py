"""Projects of a server: what is in one is nobody else's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import msgspec
from msgspec import structs

from burnish.errors import NotFound, NotPermitted, UsageError
from burnish.principal import Principal, Right, Role, acting
from burnish.security.audit import AsyncAudit
from burnish.security.giving import check_giving
from burnish.security.sessions import someone
from burnish.settings import PROJECT_NAME
from burnish.storage.account import User
from burnish.storage.project import Member, Project
from burnish.storage.store import Store

_DESCRIPTION_CHARS = 1_000


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody may do in a project."""

    project: str
    email: str
    role: Role
    rights: tuple[Right, ...] = ()


class AsyncProjects:
    """`p.projects`: create, list, members, grant, withdraw. Each project has a database of its
    own, so that no question to one can find what is in another."""

    def __init__(
        self,
        open_store: Callable[[], Awaitable[Store]],
        audit: AsyncAudit,
        who: Callable[[], str],
        new_id: Callable[[], str],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._open_store = open_store
        self._audit = audit
        self._who = who
        self._new_id = new_id
        self._now = now

    async def create(self, name: str, *, description: str = "") -> Project:
        """Raises UsageError for what is no name, Conflict for one that is taken."""
        if not PROJECT_NAME.fullmatch(name):
            hint = "use up to 40 small letters, digits, dots, dashes and underscores"
            raise UsageError(f"{name[:80]!r} is no name for a project", hint=hint, subject="name")
        if len(description) > _DESCRIPTION_CHARS:
            hint = f"use at most {_DESCRIPTION_CHARS:,} characters"
            raise UsageError("the description is too long", hint=hint, subject="description")
        project = Project(
            id=self._new_id(),
            name=name,
            description=description.strip(),
            created_at=self._now(),
            created_by=self._who(),
        )
        await (await self._open_store()).projects.add(project)
        await self._audit.record("projects.create", name, after={"id": project.id})
        return project

    async def list(self) -> list[Project]:
        """Those that whoever asks belongs to, in the order of their names; an admin of the server,
        and whoever can write the database's file, sees all."""
        store, who = await self._open_store(), acting()
        if who.project:
            found = await store.projects.by_name(who.project)
            return [found] if found else []
        if _sees_all(who):
            return await store.projects.all()
        return await store.projects.of(who.id)

    async def members(self, project: str) -> list[Membership]:
        """In the order of their addresses. Raises NotFound."""
        store = await self._open_store()
        found = await self._found(store, project)
        return [
            _shown(found, member, user) for member, user in await store.projects.members(found.id)
        ]

    async def grant(
        self, project: str, user: str, *, role: Role = "viewer", rights: Sequence[Right] = ()
    ) -> Membership:
        """Lets somebody in, or changes what they may do there. A user is named by the address.
        Raises NotFound, NotPermitted for more than whoever does it may do."""
        check_giving(role, rights)
        store = await self._open_store()
        found, person = await self._found(store, project), await _person(store, user)
        member = Member(
            project_id=found.id,
            user_id=person.id,
            role=role,
            rights=tuple(dict.fromkeys(rights)),
            created_at=self._now(),
            created_by=self._who(),
        )
        await store.projects.put(member)
        given = {"project": project, "role": role, "rights": member.rights}
        await self._audit.record("projects.grant", about=someone(person), after=given)
        return _shown(found, member, person)

    async def withdraw(self, project: str, user: str) -> None:
        """Raises NotFound for somebody who does not belong to it."""
        store = await self._open_store()
        found, person = await self._found(store, project), await _person(store, user)
        if not await store.projects.remove(found.id, person.id):
            raise NotFound(f"{user} does not belong to {project}", hint="see projects members")
        await self._audit.record(
            "projects.withdraw", about=someone(person), before={"project": project}
        )

    async def entered(self, who: Principal, project: str) -> Principal:
        """Whoever it is, as they are in the project. Raises NotFound, in the same words whether
        there is no such project or it is none of theirs."""
        if who.project == project:
            return who
        store = await self._open_store()
        found = await store.projects.by_name(project)
        if found is None or who.project:
            raise _none(project)
        if who.role == "admin":
            return structs.replace(who, project=project)
        member = await store.projects.member(found.id, who.id)
        if member is None:
            raise _none(project)
        field = "owner_scopes" if who.kind == "key" else "scopes"
        return structs.replace(who, project=project, role=member.role, **{field: member.rights})

    async def _found(self, store: Store, project: str) -> Project:
        """One that whoever asks may change."""
        found = await store.projects.by_name(project)
        if found is None or acting().project not in {"", project}:
            raise _none(project)
        return found


def _sees_all(who: Principal) -> bool:
    return who.role == "admin"


def _none(project: str) -> NotFound:
    hint = "see projects list"
    return NotFound(f"there is no project {project[:80]!r}", hint=hint, subject=project[:80])


async def _person(store: Store, user: str) -> User:
    found = await store.users.by_email(user.strip().casefold())
    if found is None:
        raise NotFound(f"nobody has the address {user[:80]!r}", hint="see users list")
    return found[0]


def _shown(project: Project, member: Member, user: User) -> Membership:
    return Membership(
        project=project.name, email=user.email, role=member.role, rights=member.rights
    )


def central_only(who: Principal, call: str) -> None:
    """What is of the whole server is not done from within a project. Raises NotPermitted."""
    if who.project:
        raise NotPermitted(
            f"{call} is of the whole server, and not of the project {who.project}",
            hint="ask without naming a project",
            subject=call,
        )
