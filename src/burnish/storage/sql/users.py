from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import structs
from sqlalchemy import ColumnElement, RowMapping, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from burnish.errors import Conflict
from burnish.storage.account import OneTime, Purpose, User
from burnish.storage.sql.database import Database
from burnish.storage.tables import (
    api_keys,
    identities,
    members,
    one_time_tokens,
    refresh_tokens,
    sessions,
    users,
)

_c, _o = users.c, one_time_tokens.c
_SHOWN = User.__struct_fields__
_ONCE = OneTime.__struct_fields__


class SqlUsers:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, user: User, password_hash: str) -> None:
        row = {**structs.asdict(user), "password_hash": password_hash}
        try:
            async with self._database.writing() as connection:
                await connection.execute(insert(users), row)
        except IntegrityError:
            raise Conflict(
                f"{user.email} has an account already",
                hint="sign in, or ask an admin for another password",
                subject=user.email,
            ) from None

    async def by_id(self, user_id: str) -> User | None:
        async with self._database.reading() as connection:
            rows = await connection.execute(select(users).where(_c.id == user_id))
            row = rows.mappings().first()
        return None if row is None else user_of(row)

    async def by_email(self, email: str) -> tuple[User, str] | None:
        async with self._database.reading() as connection:
            rows = await connection.execute(select(users).where(_c.email == email))
            row = rows.mappings().first()
        return None if row is None else (user_of(row), row["password_hash"])

    async def all(self) -> list[User]:
        async with self._database.reading() as connection:
            rows = await connection.execute(select(users).order_by(_c.email))
            return [user_of(row) for row in rows.mappings()]

    async def change(self, user_id: str, changes: Mapping[str, Any]) -> User | None:
        changed = update(users).where(_c.id == user_id).values(dict(changes)).returning(users)
        async with self._database.writing() as connection:
            row = (await connection.execute(changed)).mappings().first()
        return None if row is None else user_of(row)

    async def failed(self, user_id: str) -> int:
        counted = (
            update(users)
            .where(_c.id == user_id)
            .values(failures=_c.failures + 1)
            .returning(_c.failures)
        )
        async with self._database.writing() as connection:
            return int((await connection.execute(counted)).scalar_one_or_none() or 0)

    async def succeeded(self, user_id: str, at: datetime) -> None:
        await self.change(user_id, {"failures": 0, "locked_until": None, "seen_at": at})

    async def remove(self, user_id: str) -> None:
        theirs = select(sessions.c.id).where(sessions.c.user_id == user_id)
        email = select(_c.email).where(_c.id == user_id).scalar_subquery()
        async with self._database.writing() as connection:
            for statement in (
                delete(refresh_tokens).where(refresh_tokens.c.session_id.in_(theirs)),
                delete(sessions).where(sessions.c.user_id == user_id),
                delete(identities).where(identities.c.user_id == user_id),
                delete(members).where(members.c.user_id == user_id),
                delete(api_keys).where(api_keys.c.owner == user_id),
                delete(one_time_tokens).where(_o.email == email),
                delete(users).where(_c.id == user_id),
            ):
                await connection.execute(statement)

    async def allow(self, token_hash: str, once: OneTime) -> None:
        row = {**structs.asdict(once), "hash": token_hash}
        async with self._database.writing() as connection:
            await connection.execute(insert(one_time_tokens), row)

    async def allow_some(self, token_hash: str, once: OneTime, most: int, since: datetime) -> bool:
        row = {**structs.asdict(once), "hash": token_hash}
        made = (_o.email == once.email, _o.purpose != "invite", _o.created_at > since)
        count = select(func.count()).select_from(one_time_tokens).where(*made)
        async with self._database.writing() as connection:
            if (await connection.execute(count)).scalar_one() >= most:
                return False
            await connection.execute(insert(one_time_tokens), row)
        return True

    async def allowed(self, token_hash: str, purpose: Purpose, now: datetime) -> OneTime | None:
        query = select(one_time_tokens).where(*_good(token_hash, purpose, now))
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).mappings().first()
        return None if row is None else _once(row)

    async def use(self, token_hash: str, purpose: Purpose, now: datetime) -> OneTime | None:
        used = update(one_time_tokens).where(*_good(token_hash, purpose, now)).values(used_at=now)
        async with self._database.writing() as connection:
            rows = await connection.execute(used.returning(one_time_tokens))
            row = rows.mappings().first()
        return None if row is None else _once(row)


def _good(token_hash: str, purpose: Purpose, now: datetime) -> tuple[ColumnElement[bool], ...]:
    unused = _o.used_at.is_(None)
    return (_o.hash == token_hash, _o.purpose == purpose, unused, _o.ends_at > now)


def _once(row: RowMapping) -> OneTime:
    return OneTime(**{name: row[name] for name in _ONCE})


def user_of(row: RowMapping) -> User:
    return User(**{name: row[name] for name in _SHOWN})
