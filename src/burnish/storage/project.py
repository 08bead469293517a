"""The port to projects, which keep their things apart, and to who belongs to them."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import msgspec

from burnish.principal import Right, Role
from burnish.storage.account import User


class Project(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str
    description: str = ""
    created_at: datetime
    created_by: str = ""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody may do in a project: `rights` are beside those of the role."""

    project_id: str
    user_id: str
    role: Role
    rights: tuple[Right, ...] = ()
    created_at: datetime
    created_by: str = ""


class Projects(Protocol):
    async def add(self, project: Project) -> None:
        """Raises Conflict for a name that is taken."""
        ...

    async def by_name(self, name: str) -> Project | None: ...

    async def all(self) -> list[Project]:
        """In the order of their names."""
        ...

    async def of(self, user_id: str) -> list[Project]:
        """Those that somebody belongs to, in the order of their names."""
        ...

    async def members(self, project_id: str) -> list[tuple[Member, User]]:
        """In the order of their addresses."""
        ...

    async def member(self, project_id: str, user_id: str) -> Member | None: ...

    async def put(self, member: Member) -> None:
        """In place of what they were there before."""
        ...

    async def remove(self, project_id: str, user_id: str) -> bool:
        """Whether they belonged to it."""
        ...
