"""The port to the record of who changed what. Each entry carries the hash of the one before, so
that none can be changed, taken out or put in without it being seen."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, Protocol

import msgspec
from msgspec import structs

FIRST = ""
# Times are written with microseconds, so that every database gives back what was hashed.
_UNHASHED = "hash"


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """`number` counts from 1 without gaps. `who` did `action` to `subject`, asked from `address` by
    the request of that id, both empty where it was done without a server. `before` and `after` name
    what changed, and hold no text of a prompt. `previous` is the `hash` of the entry before."""

    number: int = 0
    id: str
    at: datetime
    who: str
    kind: str
    who_id: str = ""
    action: str
    subject: str = ""
    address: str = ""
    request_id: str = ""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    previous: str = FIRST
    hash: str = ""


def hash_of(entry: AuditEntry) -> str:
    """SHA-256 of all but the hash itself, as JSON with sorted keys."""
    plain = structs.asdict(entry)
    del plain[_UNHASHED]
    plain["at"] = entry.at.isoformat(timespec="microseconds")
    return hashlib.sha256(msgspec.json.encode(plain, order="sorted")).hexdigest()


def sealed(entry: AuditEntry, last: AuditEntry | None) -> AuditEntry:
    """The entry as the next one after the last."""
    number, previous = (1, FIRST) if last is None else (last.number + 1, last.hash)
    placed = structs.replace(entry, number=number, previous=previous)
    return structs.replace(placed, hash=hash_of(placed))


class AuditFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Entries that meet every condition given. `since` is included, `until` is not. `action` is a
    whole one, or a beginning that ends with a dot: `prompts.`"""

    who: str | None = None
    who_id: str | None = None
    action: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Audit(Protocol):
    async def add(self, entry: AuditEntry) -> AuditEntry:
        """Puts it at the end, with its number and its hash."""
        ...

    async def page(
        self, where: AuditFilter, limit: int, before: int | None = None
    ) -> list[AuditEntry]:
        """The newest first, of those with a smaller number than `before`."""
        ...

    async def rows(self, after: int, limit: int) -> list[AuditEntry]:
        """In the order of numbers, from the first one larger than `after`."""
        ...
