"""The port to the record of who changed what. Each entry carries the hash of the one before, so
that none can be changed, taken out or put in without it being seen."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec
from msgspec import structs

FIRST = ""
# Who is meant by a reference is kept apart from the chain, so that a name can be erased.
_UNHASHED = ("hash", "name")


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """`number` counts from 1 without gaps. `who` did `action` to `subject`, asked from `address` by
    the request of that id, both empty where it was done without a server. `before` and `after` name
    what changed, and hold no text of a prompt. `previous` is the `hash` of the entry before.

    People stand there by references, `@` before one that is a subject; `name` is whom `who` means,
    empty where they were erased."""

    number: int = 0
    id: str
    at: datetime
    who: str
    kind: str
    action: str
    subject: str = ""
    address: str = ""
    request_id: str = ""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    previous: str = FIRST
    hash: str = ""
    name: str = ""


def hash_of(entry: AuditEntry) -> str:
    """SHA-256 of all but the hash itself and the name, as JSON with sorted keys."""
    plain = {name: value for name, value in structs.asdict(entry).items() if name not in _UNHASHED}
    # With microseconds, so that every database gives back what was hashed.
    plain["at"] = entry.at.isoformat(timespec="microseconds")
    return hashlib.sha256(msgspec.json.encode(plain, order="sorted")).hexdigest()


def sealed(entry: AuditEntry, last: AuditEntry | None) -> AuditEntry:
    """The entry as the next one after the last."""
    number, previous = (1, FIRST) if last is None else (last.number + 1, last.hash)
    placed = structs.replace(entry, number=number, previous=previous)
    return structs.replace(placed, hash=hash_of(placed))


class Someone(msgspec.Struct, frozen=True, kw_only=True):
    """Who acts, or is acted upon."""

    kind: str
    id: str = ""
    name: str


class AuditFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Entries that meet every condition given. `who` is a name, `who_id` an id. `since` is
    included, `until` is not. `action` is a whole one, or a beginning that ends with a dot:
    `prompts.`"""

    who: str | None = None
    who_id: str | None = None
    action: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Audit(Protocol):
    async def reference(self, someone: Someone) -> str:
        """Always the same one, until they are erased."""
        ...

    async def names(self, references: Sequence[str]) -> dict[str, str]:
        """Of those that are known."""
        ...

    async def erase(self, user_id: str, name: str) -> None:
        """Nobody can tell any more whom their references mean."""
        ...

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
