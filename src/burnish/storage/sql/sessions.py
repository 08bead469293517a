from __future__ import annotations

from datetime import datetime

from msgspec import structs
from sqlalchemy import RowMapping, Update, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from burnish.storage.account import Rotated, Session, User
from burnish.storage.sql.database import Database
from burnish.storage.tables import refresh_tokens, sessions, users

_s, _r = sessions.c, refresh_tokens.c
_FIELDS = Session.__struct_fields__
_REUSED = "a refresh token was used again"


class SqlSessions:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, session: Session, refresh_hash: str) -> None:
        token = {"hash": refresh_hash, "session_id": session.id}
        async with self._database.writing() as connection:
            await connection.execute(insert(sessions), structs.asdict(session))
            await connection.execute(insert(refresh_tokens), token)

    async def rotate(
        self, old_hash: str, new_hash: str, now: datetime
    ) -> tuple[Rotated, Session | None]:
        async with self._database.writing() as connection:
            session = await _of_token(connection, old_hash)
            if session is None or session.ended_at is not None or session.ends_at <= now:
                return "unknown", session
            # The update decides: of two that come at once one finds the token unused.
            unused = (_r.hash == old_hash, _r.used_at.is_(None))
            used = await connection.execute(
                update(refresh_tokens).where(*unused).values(used_at=now)
            )
            if used.rowcount != 1:
                await connection.execute(_ended(session.id, _REUSED, now))
                return "reused", session
            token = {"hash": new_hash, "session_id": session.id}
            await connection.execute(insert(refresh_tokens), token)
        return "rotated", session

    async def found(self, session_id: str) -> tuple[Session, User] | None:
        query = select(sessions, users).join(users, users.c.id == _s.user_id)
        async with self._database.reading() as connection:
            rows = await connection.execute(query.where(_s.id == session_id))
            row = rows.mappings().first()
        if row is None:
            return None
        session = Session(**{name: row[_s[name]] for name in _FIELDS})
        return session, User(**{name: row[users.c[name]] for name in User.__struct_fields__})

    async def by_refresh(self, refresh_hash: str) -> Session | None:
        async with self._database.reading() as connection:
            return await _of_token(connection, refresh_hash)

    async def end(self, session_id: str, why: str, at: datetime) -> Session | None:
        async with self._database.writing() as connection:
            await connection.execute(_ended(session_id, why, at))
            rows = await connection.execute(select(sessions).where(_s.id == session_id))
            row = rows.mappings().first()
        return None if row is None else _session(row)

    async def end_all(self, user_id: str, why: str, at: datetime, but: str = "") -> int:
        open_ones = (_s.user_id == user_id, _s.ended_at.is_(None), _s.id != but)
        changed = update(sessions).where(*open_ones).values(ended_at=at, why=why)
        async with self._database.writing() as connection:
            return (await connection.execute(changed)).rowcount

    async def of(self, user_id: str) -> list[Session]:
        query = select(sessions).where(_s.user_id == user_id).order_by(_s.id.desc())
        async with self._database.reading() as connection:
            return [_session(row) for row in (await connection.execute(query)).mappings()]


async def _of_token(connection: AsyncConnection, token_hash: str) -> Session | None:
    query = select(sessions).join(refresh_tokens, _r.session_id == _s.id)
    row = (await connection.execute(query.where(_r.hash == token_hash))).mappings().first()
    return None if row is None else _session(row)


def _ended(session_id: str, why: str, at: datetime) -> Update:
    open_one = (_s.id == session_id, _s.ended_at.is_(None))
    return update(sessions).where(*open_one).values(ended_at=at, why=why)


def _session(row: RowMapping) -> Session:
    return Session(**{name: row[name] for name in _FIELDS})
