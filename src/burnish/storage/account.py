"""The ports to the people who use a server, and to how they are signed in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, Protocol

import msgspec

from burnish.principal import Right, Role

Purpose = Literal["reset", "invite", "verify"]
Rotated = Literal["rotated", "reused", "unknown"]


class User(msgspec.Struct, frozen=True, kw_only=True):
    """`rights` are beside those of the role. `tier` names the bounds that hold for them. With
    `learn`, what they say and do may be learned from. Nobody can sign in who is disabled, or
    before `locked_until`. Since `verified_at` the address is known to be theirs."""

    id: str
    email: str
    name: str = ""
    role: Role = "viewer"
    rights: tuple[Right, ...] = ()
    tier: str = ""
    preferences: dict[str, Any] = {}
    learn: bool = True
    created_at: datetime
    created_by: str = ""
    seen_at: datetime | None = None
    locked_until: datetime | None = None
    disabled_at: datetime | None = None
    verified_at: datetime | None = None


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One time of being signed in, on one device. `why` says how it ended."""

    id: str
    user_id: str
    created_at: datetime
    ends_at: datetime
    ended_at: datetime | None = None
    why: str = ""


class OneTime(msgspec.Struct, frozen=True, kw_only=True):
    """What a token allows once: to choose another password, to register, or to show that an
    address is one's own."""

    purpose: Purpose
    email: str
    role: Role = "viewer"
    created_by: str = ""
    created_at: datetime
    ends_at: datetime


class Users(Protocol):
    async def add(self, user: User, password_hash: str) -> None:
        """Raises Conflict where the address is taken."""
        ...

    async def by_id(self, user_id: str) -> User | None: ...

    async def by_email(self, email: str) -> tuple[User, str] | None:
        """With the hash of the password, empty where there is none."""
        ...

    async def all(self) -> list[User]:
        """In the order of their addresses."""
        ...

    async def change(self, user_id: str, changes: Mapping[str, Any]) -> User | None:
        """Fields of User, or `password_hash`. None where there is no such user."""
        ...

    async def failed(self, user_id: str) -> int:
        """Counts a wrong password; tells how many there were since the last right one."""
        ...

    async def succeeded(self, user_id: str, at: datetime) -> None: ...

    async def remove(self, user_id: str) -> None:
        """With their sessions and tokens."""
        ...

    async def allow(self, token_hash: str, once: OneTime) -> None: ...

    async def allow_some(self, token_hash: str, once: OneTime, most: int, since: datetime) -> bool:
        """False, and nothing done, where so many tokens of the address were made since then."""
        ...

    async def allowed(self, token_hash: str, purpose: Purpose, now: datetime) -> OneTime | None:
        """What the token is good for, without using it. None as `use`."""
        ...

    async def use(self, token_hash: str, purpose: Purpose, now: datetime) -> OneTime | None:
        """None where it was used, has ended, or never was."""
        ...


class Sessions(Protocol):
    async def begin(self, session: Session, refresh_hash: str) -> None: ...

    async def rotate(
        self, old_hash: str, new_hash: str, now: datetime
    ) -> tuple[Rotated, Session | None]:
        """The old token is used up and the new one takes its place. Of several at once one rotates;
        for each other one, and whenever a used one comes again, the session ends, since two hold
        what one was given."""
        ...

    async def found(self, session_id: str) -> tuple[Session, User] | None: ...

    async def end(self, session_id: str, why: str, at: datetime) -> Session | None:
        """None where there is none."""
        ...

    async def by_refresh(self, refresh_hash: str) -> Session | None: ...

    async def end_all(self, user_id: str, why: str, at: datetime, but: str = "") -> int: ...

    async def of(self, user_id: str) -> list[Session]:
        """The newest first."""
        ...
