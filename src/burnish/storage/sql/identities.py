from __future__ import annotations

from datetime import datetime

from msgspec import structs
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from burnish.errors import Conflict
from burnish.storage.identity import SignIn
from burnish.storage.sql.database import Database
from burnish.storage.tables import identities, sign_ins

_i, _s = identities.c, sign_ins.c


class SqlIdentities:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, state_hash: str, sign_in: SignIn, now: datetime) -> None:
        row = {**structs.asdict(sign_in), "state_hash": state_hash}
        async with self._database.writing() as connection:
            await connection.execute(delete(sign_ins).where(_s.ends_at <= now))
            await connection.execute(insert(sign_ins), row)

    async def take(self, state_hash: str, now: datetime) -> SignIn | None:
        taken = (
            delete(sign_ins)
            .where(_s.state_hash == state_hash)
            .returning(_s.nonce, _s.verifier, _s.ends_at)
        )
        async with self._database.writing() as connection:
            row = (await connection.execute(taken)).mappings().first()
        found = None if row is None else SignIn(**row)
        return found if found is not None and found.ends_at > now else None

    async def user(self, issuer: str, subject: str) -> str | None:
        same = (_i.issuer == issuer, _i.subject == subject)
        async with self._database.reading() as connection:
            found = await connection.execute(select(_i.user_id).where(*same))
            return found.scalar_one_or_none()

    async def link(self, issuer: str, subject: str, user_id: str, at: datetime) -> None:
        row = {"issuer": issuer, "subject": subject, "user_id": user_id, "created_at": at}
        try:
            async with self._database.writing() as connection:
                await connection.execute(insert(identities), row)
        except IntegrityError:
            raise Conflict("this identity is somebody already", hint="sign in again") from None
