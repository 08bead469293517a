from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Delete, Table, Update, delete, or_, select, update

from burnish.storage.account import User
from burnish.storage.person import ERASED
from burnish.storage.sql.database import Database
from burnish.storage.tables import (
    api_keys,
    audit,
    audit_names,
    buckets,
    deliveries,
    feedback,
    happenings,
    identities,
    members,
    metadata,
    one_time_tokens,
    refresh_tokens,
    requests,
    runs,
    sessions,
    users,
)
from burnish.storage.tables.base import Verbatim

# Told about by hand, or, as the audit log, by references that mean nobody any more.
_APART = frozenset({audit, audit_names, users})


class SqlPersons:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def erase(self, user: User) -> int:
        changed = 0
        async with self._database.writing() as connection:
            for statement in (*_own(user), *_named(user), delete(users).where(_is(user))):
                changed += (await connection.execute(statement)).rowcount
        return changed


def _is(user: User) -> Any:
    return users.c.id == user.id


def _own(user: User) -> Iterator[Delete | Update]:
    """What is of nobody else."""
    theirs = select(sessions.c.id).where(sessions.c.user_id == user.id)
    yield delete(refresh_tokens).where(refresh_tokens.c.session_id.in_(theirs))
    yield delete(sessions).where(sessions.c.user_id == user.id)
    yield delete(identities).where(identities.c.user_id == user.id)
    yield delete(members).where(members.c.user_id == user.id)
    keys = select(api_keys.c.id).where(api_keys.c.owner == user.id)
    yield delete(requests).where(or_(requests.c.who == user.id, requests.c.who.in_(keys)))
    yield delete(api_keys).where(api_keys.c.owner == user.id)
    yield delete(one_time_tokens).where(one_time_tokens.c.email == user.email)
    yield delete(runs).where(runs.c.who == user.email)
    yield update(feedback).where(feedback.c.who == user.email).values(comment="")
    for column in (deliveries.c.payload, happenings.c.data):
        held = column.contains(user.email, autoescape=True)
        yield delete(column.table).where(held)
    yield delete(buckets).where(buckets.c.who == f"who {user.id}")
    named = or_(audit_names.c.id == user.id, audit_names.c.name == user.email)
    yield delete(audit_names).where(named)


def _named(user: User) -> Iterator[Update]:
    """Any column of text that holds the name and nothing else: one that is added to a table later
    is found, too."""
    for table in metadata.sorted_tables:
        if table not in _APART:
            yield from _columns(table, user)


def _columns(table: Table, user: User) -> Iterator[Update]:
    for column in table.columns:
        if isinstance(column.type, Verbatim):
            whole = column.in_([user.email, user.id])
            yield update(table).where(whole).values({column: ERASED})
