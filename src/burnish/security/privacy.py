"""What is kept of one person: told to them, or erased."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable

import msgspec

from burnish.errors import NotFound
from burnish.security.audit import AsyncAudit
from burnish.storage.account import Session, User
from burnish.storage.api_keys import ApiKey
from burnish.storage.audit import AuditEntry, AuditFilter
from burnish.storage.feedback import FeedbackEvent, FeedbackFilter
from burnish.storage.run import Run, RunCursor, RunFilter
from burnish.storage.store import Store

_STEP = 500


class PersonData(msgspec.Struct, frozen=True, kw_only=True):
    """All that is kept of a person by their name: the account, where they are signed in, their
    keys, what they changed, what they said, and what they ran."""

    user: User
    sessions: tuple[Session, ...]
    keys: tuple[ApiKey, ...] = ()
    audit: tuple[AuditEntry, ...]
    feedback: tuple[FeedbackEvent, ...]
    runs: tuple[Run, ...]


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """`places` are rows that were deleted or changed."""

    id: str
    places: int


class Privacy:
    """The stores have every run in them; `projects` gives those of each project."""

    def __init__(
        self,
        open_store: Callable[[], Awaitable[Store]],
        audit: AsyncAudit,
        projects: Callable[[], AsyncGenerator[tuple[Store, AsyncAudit]]],
    ) -> None:
        self._open_store = open_store
        self._audit = audit
        self._projects = projects

    async def data(self, user: User) -> PersonData:
        store = await self._open_store()
        audit = await _entries(self._audit, user)
        feedback, runs = await _said(store, user), await _ran(store, user)
        async for there, its_audit in self._projects():
            audit += await _entries(its_audit, user)
            feedback += await _said(there, user)
            runs += await _ran(there, user)
        return PersonData(
            user=user,
            sessions=tuple(await store.sessions.of(user.id)),
            keys=tuple(await store.api_keys.all(user.id)),
            audit=tuple(audit),
            feedback=tuple(feedback),
            runs=tuple(runs),
        )

    async def erase(self, user: User) -> Erased:
        """Then the database is written anew, so that not even its free room holds what was."""
        store = await self._open_store()
        places = await store.persons.erase(user)
        if not places:
            raise NotFound("there is no such user", hint="see users list")
        async for there, _ in self._projects():
            places += await there.persons.erase(user)
            await there.upkeep.vacuum()
        self._audit.forget()
        await self._audit.record("users.erase", after={"places": places})
        await store.upkeep.vacuum()
        return Erased(id=user.id, places=places)


async def _entries(audit: AsyncAudit, user: User) -> list[AuditEntry]:
    found: list[AuditEntry] = []
    cursor = None
    while True:
        page = await audit.page(AuditFilter(who_id=user.id), _STEP, cursor)
        found += page.items
        cursor = page.next
        if cursor is None:
            return found


async def _said(store: Store, user: User) -> list[FeedbackEvent]:
    found: list[FeedbackEvent] = []
    where = FeedbackFilter(who=user.email)
    while page := await store.feedback.page(where, _STEP, found[-1].id if found else None):
        found += page
    return found


async def _ran(store: Store, user: User) -> list[Run]:
    found: list[Run] = []
    after = None
    while page := await store.runs.page(RunFilter(who=user.email), _STEP, after):
        found += page
        after = RunCursor(page[-1].created_at, page[-1].id)
    return found
