"""The record of who changed what: written as things happen, and checked as a chain."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import structs

from burnish.errors import UsageError
from burnish.masking import without_secrets
from burnish.principal import acting, origin
from burnish.storage.audit import FIRST, AuditEntry, AuditFilter, Someone, hash_of
from burnish.storage.store import Store

_STEP, _MOST = 1_000, 1_000
_SHORT = 200

_written: ContextVar[list[AuditEntry] | None] = ContextVar("written", default=None)


class AuditPage(msgspec.Struct, frozen=True, kw_only=True):
    items: tuple[AuditEntry, ...]
    next: str | None = None


class AuditCheck(msgspec.Struct, frozen=True, kw_only=True):
    """`entries` are in order up to the `head`, the hash of the last one of them. Where the log is
    broken, `number` is the first entry that is not as it was written, and `problem` says how."""

    entries: int
    head: str
    number: int | None = None
    problem: str = ""

    @property
    def is_whole(self) -> bool:
        return not self.problem


class AsyncAudit:
    """`p.audit`: who changed what, when and from where: list, verify, export."""

    def __init__(
        self,
        open_store: Callable[[], Awaitable[Store]],
        who: Callable[[], str],
        new_id: Callable[[], str],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._open_store = open_store
        self._who = who
        self._new_id = new_id
        self._now = now
        self._references: dict[Someone, str] = {}

    async def record(
        self,
        action: str,
        subject: str = "",
        *,
        about: Someone | None = None,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> AuditEntry:
        """In the name of whoever acts. What looks like a secret is left out. `about` is a person
        who is the subject."""
        asked, by = origin(), acting()
        me = Someone(kind=by.kind, id=by.owner, name=by.name or self._who())
        entry = AuditEntry(
            id=self._new_id(),
            at=self._now(),
            who=await self._reference(me),
            kind=by.kind,
            action=action,
            subject=f"@{await self._reference(about)}" if about else _shown(subject),
            address=asked.address,
            request_id=asked.request_id,
            before=_plain(before or {}),
            after=_plain(after or {}),
        )
        placed = await (await self._open_store()).audit.add(entry)
        written = _written.get()
        if written is not None:
            written.append(placed)
        (told,) = await self._named([placed])
        return told

    async def list(
        self,
        *,
        who: str | None = None,
        action: str | None = None,
        subject: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> AuditPage:
        """The newest first. `action` is a whole one, such as `keys.revoke`, or a beginning that
        ends with a dot. `cursor` is the `next` of the page before."""
        where = AuditFilter(who=who, action=action, subject=subject, since=since, until=until)
        return await self.page(where, limit, cursor)

    async def page(self, where: AuditFilter, limit: int, cursor: str | None) -> AuditPage:
        if not 1 <= limit <= _MOST:
            raise UsageError(f"a page of {limit} is not possible", hint=f"ask for 1 to {_MOST}")
        if cursor is not None and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 16):
            raise UsageError(f"{cursor[:40]!r} is no cursor", hint="give the `next` of a page")
        before = None if cursor is None else int(cursor)
        items = await (await self._open_store()).audit.page(where, limit + 1, before)
        more = len(items) > limit
        del items[limit:]
        following = str(items[-1].number) if more else None
        return AuditPage(items=tuple(await self._named(items)), next=following)

    async def verify(self, head: str = "") -> AuditCheck:
        """Follows the chain from its first entry. `head` is one that was told before: where it is
        not in the chain, the log was cut or written anew."""
        store = await self._open_store()
        number, last, has_head = 0, FIRST, not head
        while rows := await store.audit.rows(number, _STEP):
            for entry in rows:
                if problem := _problem(entry, number + 1, last):
                    return AuditCheck(entries=number, head=last, number=number + 1, problem=problem)
                number, last = entry.number, entry.hash
                has_head = has_head or last == head
        if not has_head:
            problem = "the head that was told before is not in it: entries were taken off its end"
            return AuditCheck(entries=number, head=last, number=number + 1, problem=problem)
        return AuditCheck(entries=number, head=last)

    async def export(self, write: Callable[[bytes], object]) -> int:
        """Hands each entry to `write` as a line of JSON, the oldest first; tells how many. All but
        `name` stands there as it is hashed."""
        store = await self._open_store()
        number = count = 0
        while rows := await store.audit.rows(number, _STEP):
            names = await store.audit.names([each.who for each in rows])
            told = [structs.replace(each, name=names.get(each.who, "")) for each in rows]
            write(msgspec.json.Encoder().encode_lines(told))
            number, count = rows[-1].number, count + len(rows)
        return count

    async def _reference(self, someone: Someone) -> str:
        found = self._references.get(someone)
        if found is None:
            found = await (await self._open_store()).audit.reference(someone)
            self._references[someone] = found
        return found

    def forget(self) -> None:
        """Who was erased gets another reference, should they ever come again."""
        self._references.clear()

    async def _named(self, entries: Sequence[AuditEntry]) -> Sequence[AuditEntry]:
        """With the names of people as they are known now, in place of references."""
        wanted = [each.who for each in entries]
        wanted += [each.subject[1:] for each in entries if each.subject.startswith("@")]
        names = await (await self._open_store()).audit.names(wanted)
        return [
            structs.replace(
                each,
                name=names.get(each.who, ""),
                subject=names.get(each.subject[1:], each.subject)
                if each.subject.startswith("@")
                else each.subject,
            )
            for each in entries
        ]


def _problem(entry: AuditEntry, number: int, last: str) -> str:
    if entry.number != number:
        return f"entry {number} is missing"
    if entry.previous != last:
        return f"entry {number} does not follow the one before it"
    return "" if entry.hash == hash_of(entry) else f"entry {number} was changed"


@contextmanager
def entries_written() -> Generator[list[AuditEntry]]:
    """What is recorded inside."""
    found: list[AuditEntry] = []
    token = _written.set(found)
    try:
        yield found
    finally:
        _written.reset(token)


def _plain(given: Mapping[str, Any]) -> dict[str, Any]:
    """JSON as the store gives it back, or the hash would be of something else."""
    found = msgspec.json.decode(msgspec.json.encode(given))
    return {name: _short(value) for name, value in found.items() if value not in (None, "", [])}


def _short(value: Any) -> Any:
    return _shown(value) if isinstance(value, str) else value


def _shown(text: str) -> str:
    plain = without_secrets(text).replace("\0", "")
    return plain if len(plain) <= _SHORT else f"{plain[: _SHORT - 1]}…"
